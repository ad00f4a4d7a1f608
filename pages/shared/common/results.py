"""What a comparison has measured, for the page: read once per comparison, however often the page is drawn."""

from __future__ import annotations

import streamlit as st

from core.analysis.result import RunResult
from core.data import comparison as shipped
from pages.shared.common.process import manager


def results_of(comparison: str | None) -> dict[str, RunResult]:
    """Label -> result; None = the shipped comparison. Finished ones may be in the store alone, and do not change: the last is kept."""
    if comparison is None:
        return shipped.load()
    view = manager().view(comparison)  # asked before the results: what is over before it is read is complete
    mark = (comparison, tuple(view.runs)) if view.finished else None
    kept = st.session_state.get("finished_results")
    if kept is not None and kept[0] == mark:
        return kept[1]
    results = manager().results(comparison)
    if mark is not None:
        st.session_state.finished_results = (mark, results)
    return results
