"""What differs between the sides of a comparison, as a table with one row per setting."""

from __future__ import annotations

import streamlit as st

from core.settings.diff import changed_fields
from core.settings.fields import value_text
from core.settings.run import RunConfig
from pages.shared.common.folded import folded


def show_differences(runs: dict[str, RunConfig]) -> None:
    with folded("What differs between the sides", icon=":material/difference:", key="differences") as drawn:
        if not drawn:
            return
        rows = differences(runs)
        if rows:
            st.dataframe(rows, hide_index=True, width="stretch")
        else:
            st.markdown("Nothing: the sides are the same algorithm." if len(runs) > 1 else "There is only one side.")


def differences(runs: dict[str, RunConfig]) -> list[dict[str, str]]:
    """One row per setting in which not all sides agree: {"setting": name, label: value, …}, values as text."""
    names: dict[str, None] = {}
    first = next(iter(runs.values()))
    for run in runs.values():
        names |= dict.fromkeys(changed_fields(run.algorithm, first.algorithm))
    rows = [{"setting": n, **{label: value_text(getattr(run.algorithm, n)) for label, run in runs.items()}} for n in names]
    if len({run.updates for run in runs.values()}) > 1:
        rows.append({"setting": "updates", **{label: str(run.updates) for label, run in runs.items()}})
    return rows
