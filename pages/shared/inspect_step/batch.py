"""Everything that was generated for the update: a picture with a cell per completion, round by round; a click opens a group."""

from __future__ import annotations

import streamlit as st

from core.analysis.charts.chart import Chart
from core.analysis.markdown import plain
from core.inspection.charts import batch_chart
from core.inspection.sentences import rounds
from core.inspection.step import Step
from core.inspection.tables import fate, suggested_group
from core.inspection.treatment import Treatment
from pages.shared.common.chart_view import CONFIG
from pages.shared.inspect_step.place import forget_group, go, place
from pages.shared.inspect_step.state import BATCH, GROUP

MAX_HEIGHT = 720  # pixels; a taller picture scrolls by itself


def batch_part(step: Step, seen: Treatment, *, color: str, dark: bool) -> int:
    """Draw the batch; the number of the opened group, which counts from 1."""
    if place().group is not None and place().group > len(step.groups):
        forget_group()
        st.rerun()
    number = place().group or suggested_group(step, seen)
    chart = batch_chart(step, seen, color=color, picked=number, dark=dark)
    GROUP.set(number)
    show(chart, key=BATCH.name, on_select=_picked)
    st.markdown("\n".join(f"- {sentence}" for sentence in rounds(step, seen)))
    st.selectbox(
        "Open a group (or click on it in the picture)", range(1, len(step.groups) + 1), key=GROUP.name,
        format_func=lambda n: _named(step, seen, n), on_change=lambda: go(group=GROUP.get()))  # fmt: skip
    return number


def show(chart: Chart, *, key: str, on_select=None) -> None:
    """A finished chart with its words; with `on_select` a click on a point calls it."""
    st.markdown(f"#### {plain(chart.words.title)}")
    if chart.figure is None:
        st.markdown(plain(chart.text))
        return
    st.markdown(f":small[{plain(chart.words.unit)}]")
    st.markdown(f":small[{plain(chart.words.caption)}]")
    tall = chart.figure.layout.height > MAX_HEIGHT
    clicks = {} if on_select is None else {"on_select": on_select, "selection_mode": "points"}
    with st.container(height=MAX_HEIGHT if tall else "content", border=False):
        st.plotly_chart(chart.figure, theme="streamlit", key=key, config=CONFIG, alt=chart.text, **clicks)


def _picked() -> None:
    points = BATCH.get()["selection"]["points"]
    if points:
        go(group=int(points[0]["customdata"][0]))


def _named(step: Step, seen: Treatment, number: int) -> str:
    group = step.groups[number - 1]
    return f"{number}: {group.kind}, {int(group.correct.sum())} of {len(group.correct)} right, {fate(step, seen, group)}, {group.prompt_text}"
