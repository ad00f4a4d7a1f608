"""The bars of our ladder beside a published one, and sentences on where they agree."""

from __future__ import annotations

from functools import cache

import streamlit as st

from core.analysis.charts.chart import Chart
from core.analysis.markdown import plain
from core.ladder import PUBLISHED, LadderTable
from core.ladder.charts import published_chart
from core.ladder.published import Published
from core.ladder.report import across, agreement_table, sentences
from pages.shared.common.chart_view import show_chart
from pages.shared.ladder.finished import Finished
from pages.shared.ladder.wide import wide


def show_bars(finished: Finished, table: LadderTable | None, count: str, *, dark: bool) -> None:
    ours, theirs = st.columns([1.7, 1], gap="large")
    with ours:
        if table is None:
            st.info("The bars appear here as the rungs come to their end.", icon=":material/hourglass_empty:")
        else:
            show_chart(finished.chart(table.order, count, dark=dark))
            _words(finished, table, count)
    with theirs:
        for published in PUBLISHED:
            show_chart(_published(published, dark))
            st.markdown(f":small[Source: [{plain(published.source)}]({published.link})]")


@cache
def _published(published: Published, dark: bool) -> Chart:
    return published_chart(published, dark=dark)


def _words(finished: Finished, table: LadderTable, count: str) -> None:
    st.markdown("#### What agrees, and what does not")
    with wide("ladder_agreement"):
        st.markdown(agreement_table(table, count))
    found = sentences(table, count) + across(list(finished.tables.values()), count)
    st.markdown("\n".join(f"- {sentence}" for sentence in found))
