"""What a comparison has measured, for the page: read once per comparison, however often the page is drawn."""

from __future__ import annotations

from core.analysis.result import RunResult
from core.data.comparison import SHIPPED_COMPARISON
from pages.shared.common.process import manager
from pages.shared.common.state import FINISHED_RESULTS


def results_of(comparison: str | None) -> dict[str, RunResult]:
    """Label -> result; None = the shipped comparison. Finished ones may be in the store alone, and do not change: the last is kept."""
    if comparison is None:
        return SHIPPED_COMPARISON.results
    view = manager().view(comparison)  # asked before the results: what is over before it is read is complete
    if not view.finished:
        return manager().results(comparison)
    return FINISHED_RESULTS.of((comparison, tuple(view.runs)), lambda: manager().results(comparison))
