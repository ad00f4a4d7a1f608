"""The bars of our ladder beside a published one, and sentences on where they agree."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.ladder import PUBLISHED, LadderTable
from core.ladder.charts import ladder_chart, published_chart
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
            show_chart(ladder_chart(table, count, dark=dark))
            _words(finished, table, count)
    with theirs:
        for published in PUBLISHED:
            show_chart(published_chart(published, dark=dark))
            st.markdown(f":small[Source: [{plain(published.source)}]({published.link})]")


def _words(finished: Finished, table: LadderTable, count: str) -> None:
    st.markdown("#### What agrees, and what does not")
    with wide("ladder_agreement"):
        st.markdown(agreement_table(table, count))
    found = sentences(table, count) + across(list(finished.tables.values()), count)
    st.markdown("\n".join(f"- {sentence}" for sentence in found))
