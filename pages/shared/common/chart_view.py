"""A finished chart with its words on a page."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.analysis.charts.chart import Chart
from core.analysis.markdown import plain

CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}


def ready(figure: go.Figure) -> go.Figure:
    """`figure`, which is not changed any more. Streamlit makes a dict of it on every run of a page, which is most of the cost of showing it;
    from now on it is handed the same one."""
    if "to_dict" not in vars(figure):
        made = figure.to_dict()
        figure.to_dict = lambda: made
    return figure


def show_chart(chart: Chart) -> None:
    """Title, unit, picture, caption; the text alone where there is nothing to draw. One chart of a name per page."""
    words = chart.words
    st.markdown(f"#### {plain(words.title)}")
    if chart.figure is None:
        st.markdown(plain(chart.text))
        return
    st.markdown(f":small[{plain(words.unit)}]")
    st.plotly_chart(ready(chart.figure), theme="streamlit", key=f"chart:{words.name}", config=CONFIG, alt=chart.text)
    st.markdown(f":small[{plain(words.caption)}]")
