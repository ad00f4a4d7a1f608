"""The settings in which the sides of a comparison differ, as a table with one row per setting."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.analysis.csv_files import safe_table
from core.settings.diff import differences
from core.settings.fields import value_text
from core.settings.run import RunConfig
from pages.shared.common.folded import folded


def show_differences(runs: dict[str, RunConfig]) -> None:
    with folded("What differs between the sides", icon=":material/difference:", key="differences") as drawn:
        if not drawn:
            return
        rows = rows_of(runs)
        if rows:
            st.dataframe(safe_table(pd.DataFrame(rows)), hide_index=True, width="stretch")
        else:
            st.markdown("Nothing: the sides are the same algorithm." if len(runs) > 1 else "There is only one side.")


def rows_of(runs: dict[str, RunConfig]) -> list[dict[str, str]]:
    """One row per setting in which not all sides agree: {"setting": name, label: value, …}, values as text."""
    table = differences({label: run.algorithm for label, run in runs.items()})
    table |= differences({label: {"updates": run.updates} for label, run in runs.items()})
    return [{"setting": name, **{label: value_text(value) for label, value in row.items()}} for name, row in table.items()]
