"""A finished chart with its words on a page."""

from __future__ import annotations

import streamlit as st

from core.charts.chart import Chart
from core.markdown import plain

CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}


def show_chart(chart: Chart) -> None:
    """Title, unit, picture, caption; the text alone where there is nothing to draw. One chart of a name per page."""
    words = chart.words
    st.markdown(f"#### {plain(words.title)}")
    if chart.figure is None:
        st.markdown(plain(chart.text))
        return
    st.markdown(f":small[{plain(words.unit)}]")
    st.plotly_chart(chart.figure, theme="streamlit", key=f"chart:{words.name}", config=CONFIG, alt=chart.text)
    st.markdown(f":small[{plain(words.caption)}]")
