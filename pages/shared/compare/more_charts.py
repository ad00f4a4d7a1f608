"""The charts below the live board: finished figures, drawn once they are in sight, when the runs pause or end and on request, never per tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from core.analysis.charts import Chart, clipping_charts, policy_charts
from core.analysis.markdown import plain
from core.analysis.result import RunResult, Status
from pages.shared.common.cache import Cache
from pages.shared.common.chart_view import show_chart
from pages.shared.common.folded import folded
from pages.shared.common.process import manager
from pages.shared.common.results import results_of
from pages.shared.common.sight import in_sight
from pages.shared.common.theme import dark_theme
from pages.shared.common.trouble import plainly
from pages.shared.compare.state import DRAW_ANEW, MORE_CHARTS

GOING = {Status.QUEUED, Status.RUNNING}
KEPT_CHARTS = 32  # lists of charts: of a comparison in one theme there are two


@dataclass(frozen=True)
class DrawnCharts:
    """The charts that this tab drew last, and the state of the runs that they show."""

    comparison: str | None
    look: tuple  # theme, and label -> state of the runs
    updates: dict[str, int]  # label -> the update up to which it was drawn
    results: Mapping[str, RunResult]
    charts: list[Chart]


def show_more_charts(comparison: str | None) -> None:
    """The charts of `comparison`; None = the shipped one. While it trains they are drawn on request, with the update that they show."""
    st.fragment(_show_all)(comparison)  # so that "Draw now" redraws these charts and not the page


@plainly
def _show_all(comparison: str | None) -> None:
    if not in_sight("more_charts"):
        return
    dark = dark_theme()
    finished = comparison is None or manager().view(comparison).finished
    drawn = _drawn(comparison, finished, dark)
    if finished and not (drawn and drawn.charts):
        return
    st.header("What became of the policy")
    if not finished:
        _as_of(drawn)
    if drawn is None or not drawn.charts:
        return
    by_rank, by_token, stability = drawn.charts
    for column, chart in zip(st.columns(2), (by_rank, by_token), strict=True):
        with column:
            show_chart(chart)
    show_chart(stability)
    with folded("Clipping and completion length", icon=":material/content_cut:", key="clipping") as opened:
        if opened:
            for chart in _clipping(drawn, finished, dark):
                show_chart(chart)


def _drawn(comparison: str | None, finished: bool, dark: bool) -> DrawnCharts | None:
    """The charts as last drawn, or drawn now: when all runs have paused or ended, when the page has changed its theme, and on request.
    Drawing takes half a second and would slow the training down, so otherwise None until the runs pause."""
    states = {} if comparison is None else {label: run.status for label, run in manager().view(comparison).runs.items()}
    look, asked = (dark, tuple(states.items())), DRAW_ANEW.get()
    kept = MORE_CHARTS.get()
    kept = kept if kept is not None and kept.comparison == comparison else None
    if not asked and ((kept is not None and kept.look == look) or GOING & set(states.values())):
        return kept
    results = results_of(comparison)
    updates = {label: result.history.last_update for label, result in results.items()}
    charts = _charts(policy_charts, comparison, results, finished, dark)
    drawn = DrawnCharts(comparison, look, updates, results, charts)
    MORE_CHARTS.set(drawn)
    return drawn


def _clipping(drawn: DrawnCharts, finished: bool, dark: bool) -> list[Chart]:
    return _charts(clipping_charts, drawn.comparison, drawn.results, finished, dark)


def _charts(draw: Callable, comparison: str | None, results: Mapping[str, RunResult], finished: bool, dark: bool) -> list[Chart]:
    if not finished:
        return draw(results, dark=dark)
    return _finished_charts().made((draw.__name__, comparison, tuple(results), dark), lambda: draw(results, dark=dark))


@st.cache_resource(show_spinner=False)
def _finished_charts() -> Cache[tuple, list[Chart]]:
    """(which charts, comparison, labels, dark) -> charts of a finished comparison. Shared by all viewers, since many people may open one
    link. The key holds the labels because a run may be added later."""
    return Cache(KEPT_CHARTS)


def _as_of(drawn: DrawnCharts | None) -> None:
    words, button = st.columns([3, 1], vertical_alignment="center")
    if drawn is None:
        words.markdown(
            "Final distributions, stability, clipping and lengths are drawn when the runs pause or end, and when you ask."
        )
    elif not drawn.charts:
        words.markdown("Nothing was measured yet when this was drawn. Ask again in a moment.")
    else:
        done = " and ".join(f"{count} of {plain(label)}" for label, count in drawn.updates.items())
        words.markdown(f"As of update {done}. They are drawn anew when the runs pause or end, and when you ask.")
    button.button("Draw now", icon=":material/refresh:", width="stretch", key=DRAW_ANEW.name)
