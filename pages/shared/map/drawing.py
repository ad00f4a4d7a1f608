"""The heat maps side by side, what they show in sentences, and how far the sweep is."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.runs.sweeps import SweepView, name_of
from core.sweep.files import map_charts
from core.sweep.map import SweepMap
from core.sweep.sentences import findings
from pages.shared.common.chart_view import CONFIG, ready
from pages.shared.common.theme import dark_theme
from pages.shared.common.trouble import plainly
from pages.shared.map.asked import Asked
from pages.shared.map.cell import show_cell
from pages.shared.map.server import sweeps
from pages.shared.map.state import CELL, CLICKED

TICK_SECONDS = 2.0
ABREAST = 3  # heat maps in a row
HOW = (
    "Coarse first, with four seeds; then their other seeds; then the cells between, where neighbours differ most in the share of seeds that "
    "collapsed or in score."
)


def show_map(asked: Asked, measure: str, at: int | None) -> None:
    """While a sweep trains this part of the page is drawn again every two seconds."""
    dark = dark_theme()
    view = None if asked.shipped is not None else sweeps().view(name_of(asked.grid))
    live = view is not None and not view.finished
    st.fragment(_map, run_every=TICK_SECONDS if live else None)(asked, measure, at, dark, live)


@plainly
def _map(asked: Asked, measure: str, at: int | None, dark: bool, was_live: bool) -> None:
    if asked.shipped is not None:
        found = asked.shipped.map
    else:
        view = sweeps().view(name_of(asked.grid))
        found = sweeps().map(asked.grid)
        if view is not None:
            _progress(view)
        if was_live and (view is None or view.finished):
            st.rerun()
    if not found.cells:
        st.info("No cell of this map has been trained yet.", icon=":material/grid_on:")
        return
    _heat_maps(found, measure, at, dark)
    st.subheader("What the map shows")
    st.markdown("\n".join(f"- {sentence}" for sentence in findings(found, at)))
    show_cell(found, at, dark)


def _progress(view: SweepView) -> None:
    progress = view.progress
    if view.position:
        st.info(f"Queued: {view.position} other sweeps train first.", icon=":material/schedule:")
    elif not view.finished:
        left = progress.seconds_left
        parts = [f"{progress.cells} of {progress.total} cells"]
        if progress.rate:
            parts.append(f"{progress.rate:.2g} cells per second")
        if left is not None:
            parts.append(f"about {duration(left)} left")
        share = progress.replicas / progress.replicas_total if progress.replicas_total else 1.0
        st.progress(min(share, 1.0), text=", ".join(parts))
        if progress.held:
            st.caption("It waits while comparisons train on this shared server.")
        st.caption(HOW)
    for trouble in (*progress.troubles, *((view.error,) if view.error else ())):
        st.warning(plain(trouble), icon=":material/sync_problem:")


def duration(seconds: float) -> str:
    """'40 s', '3 min', '2.5 h'."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _heat_maps(found: SweepMap, measure: str, at: int | None, dark: bool) -> None:
    charts = map_charts(found, measure, at, dark=dark)
    columns = [column for start in range(0, len(charts), ABREAST) for column in st.columns(min(ABREAST, len(charts)))]
    for column, chart in zip(columns, charts, strict=False):
        with column:
            st.markdown(f"#### {plain(chart.words.title)}  \n:small[{plain(chart.words.unit)}]")
            key = f"chart:{chart.words.name}"
            event = st.plotly_chart(
                ready(chart.figure),
                theme="streamlit",
                key=key,
                config=CONFIG,
                alt=chart.text,
                on_select="rerun",
                selection_mode="points",
            )
            _heed(key, event)
    for caption in dict.fromkeys(chart.words.caption for chart in charts):
        st.caption(plain(caption))


def _heed(key: str, event) -> None:
    """Look at the cell that was clicked last, on whichever chart."""
    points = event.selection.points if event else []
    clicked = tuple(int(at) for at in points[0]["customdata"]) if points and points[0].get("customdata") else None
    if clicked is not None and clicked != CLICKED(key).get():
        CELL.set(clicked)
    CLICKED(key).set(clicked)
