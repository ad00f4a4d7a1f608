"""The buttons of Compare: Run, and for the comparison that is shown Pause or Resume, Step, Stop and Reset."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.runs.manager import UnknownComparison
from core.settings.run import RunConfig
from pages.shared.common.process import manager, tab
from pages.shared.compare.opened import beginning
from pages.shared.compare.starting import begin
from pages.shared.compare.state import REFUSED, RUN


def buttons(runs: dict[str, RunConfig] | None, comparison: str | None, now: str) -> None:
    """`now`: the comparison's phase. It is read once for the whole page: a step may end between two readings, and what was drawn for the first
    would then stay."""
    going, paused = now == "going", now == "paused"
    name = "Run again" if comparison and not (going or paused or beginning().note) else "Run"
    label = name if runs is None else f"{name}: {_summary(runs)}"
    if not (going or paused):
        st.button(label, type="primary", icon=":material/play_arrow:", disabled=runs is None, key=RUN.name)
        return
    if going and st.button("Pause", type="primary", icon=":material/pause:", key="pause"):
        _act(manager().pause, comparison)
    if paused and st.button("Resume", type="primary", icon=":material/play_arrow:", key="resume"):
        _act(manager().resume, comparison)
    if st.button("Step", icon=":material/skip_next:", disabled=going, key="step", help="One update of every side."):
        _act(manager().step, comparison)
    if st.button("Stop", icon=":material/stop:", key="stop", help="End the runs; what they measured is kept."):
        _act(manager().stop, comparison)
    if st.button("Reset", icon=":material/restart_alt:", key="reset", help="Begin again with the same seeds."):
        begin(lambda: manager().reset(comparison, viewer=tab()))
        st.rerun()


def _summary(runs: dict[str, RunConfig]) -> str:
    """The runs to be started, short enough for a button."""
    who = " against ".join(map(plain, runs)) if len(runs) <= 2 else f"{len(runs)} sides"
    seeds = next(iter(runs.values())).replicas
    return f"{who}, {seeds} {'seed' if seeds == 1 else 'seeds'}"


def _act(command, comparison: str) -> None:
    try:
        command(comparison)
    except UnknownComparison:
        REFUSED.set("Nothing was changed: another program trains this, and only there can it be paused or ended.")
    st.rerun()
