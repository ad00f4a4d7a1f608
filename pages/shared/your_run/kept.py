"""The logs that this visitor read before, each a click away."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.runs.store.store import StoreError
from pages.shared.common.process import store, visitor

MOST = 6  # the others stand in Runs


def read_before() -> None:
    try:
        logs = store().logs.list(visitor())
    except StoreError:
        return  # the page says so above
    if not logs:
        return
    st.caption(
        "Read before" if len(logs) <= MOST else f"Read before; the last {MOST} of {len(logs)}, all of which stand in **Runs**"
    )
    with st.container(horizontal=True):
        for log in logs[:MOST]:
            st.page_link("pages/your_run.py", label=plain(log.name), icon=":material/history:", query_params={"log": log.id})
