"""Shows a finished chart with its title and caption."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.analysis.charts.chart import Chart
from core.analysis.markdown import plain

CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}


def ready(figure: go.Figure) -> go.Figure:
    """`figure` with its dict form cached; it must not be changed afterwards. Streamlit converts a figure to a dict on every run of a page,
    which is most of the cost of showing it."""
    if "to_dict" not in vars(figure):
        made = figure.to_dict()
        figure.to_dict = lambda: made
    return figure


def show_chart(chart: Chart) -> None:
    """Show title, unit, figure and caption; the text alone where there is nothing to draw. A page may show one chart of each name."""
    words = chart.words
    st.markdown(f"#### {plain(words.title)}")
    if chart.figure is None:
        st.markdown(plain(chart.text))
        return
    st.markdown(f":small[{plain(words.unit)}]")
    st.plotly_chart(ready(chart.figure), theme="streamlit", key=f"chart:{words.name}", config=CONFIG, alt=chart.text)
    st.markdown(f":small[{plain(words.caption)}]")
