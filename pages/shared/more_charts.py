"""Below the live board: what it does not show. Finished figures, drawn once per state of the runs and on request, never per tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.charts import Chart, more_charts
from core.compare import RunResult
from core.markdown import plain
from pages.shared.chart_view import show_chart
from pages.shared.process import manager
from pages.shared.results import results_of
from pages.shared.trouble import plainly

KEPT_CHARTS = 16  # comparisons in one theme


@dataclass(frozen=True)
class Drawn:
    """The charts that this tab has drawn last, and of what."""

    key: tuple
    updates: dict[str, int]  # label -> as of which update
    charts: list[Chart]


def show_more_charts(comparison: str | None) -> None:
    """The charts of `comparison`; None = the shipped one. While it goes on they stand still, and say as of when."""
    st.fragment(_show_all)(comparison)  # so that "Draw anew" redraws these charts and not the page


@plainly
def _show_all(comparison: str | None) -> None:
    finished = comparison is None or manager().view(comparison).finished
    drawn = _drawn(comparison, finished)
    if finished and not drawn.charts:
        return
    st.subheader("What became of the policy")
    if not finished:
        _as_of(drawn)
    if not drawn.charts:
        return
    by_rank, by_token, stability, *others = drawn.charts
    for column, chart in zip(st.columns(2), (by_rank, by_token), strict=True):
        with column:
            show_chart(chart)
    show_chart(stability)
    with st.expander("Clipping and completion length", icon=":material/content_cut:"):
        for chart in others:
            show_chart(chart)


def _drawn(comparison: str | None, finished: bool) -> Drawn:
    """The charts as last drawn, or drawn now: at first, when a run has paused or ended, when the page has changed its theme, and when
    somebody asks. Half a second of work that runs in progress would feel."""
    dark = st.context.theme.type == "dark"
    states = (
        () if comparison is None else tuple((label, _state(run.status)) for label, run in manager().view(comparison).runs.items())
    )
    key = (comparison, dark, finished, states)
    kept: Drawn | None = st.session_state.get("more_charts")
    if kept is None or kept.key != key or not kept.charts or st.session_state.get("draw_anew"):
        results = results_of(comparison)
        charts = _finished_charts(comparison, tuple(results), dark, results) if finished else more_charts(results, dark=dark)
        kept = st.session_state.more_charts = Drawn(key, _updates(results), charts)
    return kept


def _state(status: str) -> str:
    return "going" if status in ("queued", "running") else status


@st.cache_resource(max_entries=KEPT_CHARTS, show_spinner=False)
def _finished_charts(
    comparison: str | None, labels: tuple[str, ...], dark: bool, _results: Mapping[str, RunResult]
) -> list[Chart]:
    """Drawn once, whoever looks: thirty people open the same link. A run that is added later makes another comparison of it. Do not
    change what is returned: it is shared."""
    return more_charts(_results, dark=dark)


def _updates(results: Mapping[str, RunResult]) -> dict[str, int]:
    return {label: len(result.history) for label, result in results.items()}


def _as_of(drawn: Drawn) -> None:
    words, button = st.columns([3, 1], vertical_alignment="center")
    done = " and ".join(f"{count} of {plain(label)}" for label, count in drawn.updates.items())
    words.markdown(
        f"As of update {done}. They are drawn anew when a run pauses or ends, and when you ask."
        if drawn.charts
        else "Nothing was measured yet when this was drawn. Ask again in a moment."
    )
    button.button("Draw anew", icon=":material/refresh:", width="stretch", key="draw_anew")
