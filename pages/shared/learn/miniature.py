"""A miniature of a scenario that trains on the page on request, through the shared run manager.

It belongs to the visitor like every other run, but Compare goes on showing its own comparison: the page stores the id under its own key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from core.analysis.summary import summarise
from core.runs.manager import ManagerFull, UnknownComparison
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.task import TaskConfig
from pages.shared.common.documents import TextError
from pages.shared.common.live import HEARTBEAT_SECONDS, badge, phase, tick_seconds
from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import board_charts
from pages.shared.common.live_board.payload import BoardContents
from pages.shared.common.live_board.sender import Moment
from pages.shared.common.process import manager, tab, visitor, watch
from pages.shared.learn.state import MINIATURE, REFUSED, summary_of

SMOOTHING = 0.8


def miniature(
    page: str,
    scenario: str,
    runs: dict[str, RunConfig],
    *,
    charts: Iterable[str | dict],
    ui: dict[str, str],
    show_result: Callable[[dict], None],
) -> None:
    """A button; once pressed, the live board with `charts` (names of the default ones, or charts as `live_board` takes them); once
    finished, `show_result` with the summary of what was measured."""
    found = chosen(charts, next(iter(runs.values())).task)
    comparison = _current(page)
    going = comparison is not None and phase(manager().view(comparison)) == "going"
    name = "again" if comparison else "train"
    if st.button(ui[name], icon=":material/play_arrow:", type="primary", disabled=going, key=f"{page}:train"):
        _start(page, scenario, runs)
    if refused := REFUSED(page).take():
        st.error(f"{ui['refused']}: {refused}.", icon=":material/block:")
    if comparison is None:
        return
    st.fragment(_draw, run_every=HEARTBEAT_SECONDS if going else None)(page, comparison, found, going)
    if not going:
        _result(page, scenario, comparison, ui, show_result)


def chosen(charts: Iterable[str | dict], task: TaskConfig) -> tuple[dict, ...]:
    """TextError for a name that the default charts do not have. What the score is called depends on the task."""
    known = {chart["name"]: chart for chart in board_charts(task)}
    found = []
    for chart in charts:
        if isinstance(chart, str) and chart not in known:
            raise TextError(f"charts: there is no default chart {chart!r}; choose from {', '.join(known)}, or give a whole chart")
        found.append(known[chart] if isinstance(chart, str) else chart)
    return tuple(found)


def _current(page: str) -> str | None:
    """The miniature that this tab has started on this page, if it is still known."""
    comparison = MINIATURE(page).get()
    if comparison is None:
        return None
    try:
        manager().view(comparison)
    except UnknownComparison:
        return None
    watch(comparison)
    return comparison


def _start(page: str, scenario: str, runs: dict[str, RunConfig]) -> None:
    try:
        MINIATURE(page).set(manager().start(runs, owner=visitor(), scenario=scenario, viewer=tab()))
    except (ManagerFull, ConfigError) as error:
        REFUSED(page).set(str(error))
    st.rerun()


def _draw(page: str, comparison: str, charts: tuple[dict, ...], going: bool) -> None:
    runs = manager()

    def look() -> Moment:
        view = runs.view(comparison)
        histories = {label: runs.history(comparison, label) for label in view.runs}
        shown = BoardContents(histories, comparison, smoothing=SMOOTHING, charts=charts, badge=badge(view))
        return Moment(shown, tick_seconds(view), phase(view))

    live_board(look, key=f"{page}:board")
    if going and phase(runs.view(comparison)) != "going":
        st.rerun()  # the button and the result, which only a full run draws, are out of date


def _result(page: str, scenario: str, comparison: str, ui: dict[str, str], show_result: Callable[[dict], None]) -> None:
    broken = [f"{label}: {r.error}" for label, r in manager().view(comparison).runs.items() if r.error]
    results = manager().results(comparison)
    if broken or not all(result.history.trained for result in results.values()):
        st.warning(f"{ui['stopped']} {' '.join(broken)}", icon=":material/info:")
        return
    show_result(summary_of(page).of(comparison, lambda: summarise(scenario, results)))
