"""*Apply from here*: changed settings for runs that are not over. At the end of its rollout a run goes on with them, as one line."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.analysis.markdown import plain
from core.runs.manager import UnknownComparison
from core.settings.diff import difference
from core.settings.fields import ConfigError, value_text
from core.settings.run import RunConfig
from pages.shared.common.process import manager
from pages.shared.common.trouble import sentence
from pages.shared.compare.state import REFUSED, SETTINGS_OF

MOST_TOLD = 4


def show_changes_ahead(comparison: str | None, runs: dict[str, RunConfig]) -> None:
    """What differs between the settings of the sidebar and those that the runs go on with, and the button that applies it."""
    if comparison is None or SETTINGS_OF.get() != comparison:
        return
    if waiting := changes_waiting(comparison):
        st.markdown(
            f":small[Asked for: {_all_told(waiting)}. It holds from the end of the present rollout, where the charts get a mark.]"
        )
    changed = changes_ahead(comparison, runs)
    if not changed:
        return
    told = _all_told({label: changes for label, (_, changes) in changed.items()})
    st.button(
        "Apply from here", icon=":material/alt_route:", key="apply_here", width="stretch", on_click=_apply, args=(comparison, changed),
        help="At the end of its present rollout a run goes on with the changed settings, as one line with a mark. "
        "To begin anew with them, stop the runs and press Run.")  # fmt: skip
    st.markdown(f":small[{told}]")


def changes_ahead(comparison: str, runs: dict[str, RunConfig]) -> dict[str, tuple[RunConfig, dict]]:
    """Label -> (wanted settings, path -> (present, wanted)) of the runs of `comparison` that would change."""
    try:
        ahead, view = manager().settings_ahead(comparison), manager().view(comparison)
    except UnknownComparison:  # another program trains it
        return {}
    found = {}
    for label, run in runs.items():
        if label in ahead and not view.runs[label].status.finished:
            changes = difference(ahead[label], replace(run, fork=None))
            if changes:
                found[label] = (run, changes)
    return found


def changes_waiting(comparison: str) -> dict[str, dict]:
    """Label -> path -> (present, asked for) of the runs of `comparison` that will change at the end of their rollout."""
    try:
        ahead, view, results = manager().settings_ahead(comparison), manager().view(comparison), manager().results(comparison)
    except UnknownComparison:
        return {}
    found = {label: difference(replace(results[label].config, fork=None), config) for label, config in ahead.items()}
    return {label: changes for label, changes in found.items() if changes and not view.runs[label].status.finished}


def _all_told(changes: dict[str, dict]) -> str:
    return "; ".join(f"{plain(label)}: {_told(of_one)}" for label, of_one in changes.items())


def _told(changes: dict) -> str:
    parts = [f"{name.rpartition('.')[2]} {value_text(old)} → {value_text(new)}" for name, (old, new) in changes.items()]
    more = f" and {len(parts) - MOST_TOLD} more" if len(parts) > MOST_TOLD else ""
    return plain(", ".join(parts[:MOST_TOLD])) + more


def _apply(comparison: str, changed: dict[str, tuple[RunConfig, dict]]) -> None:
    for label, (run, _) in changed.items():
        try:
            manager().change(comparison, label, run)
        except (ConfigError, UnknownComparison) as error:
            REFUSED.set(f"Not applied to {label}: {sentence(error)}")
