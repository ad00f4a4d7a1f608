"""The results of a comparison for the page, read once per comparison and not on every run of the script."""

from __future__ import annotations

from core.analysis.result import RunResult
from core.data.comparison import SHIPPED_COMPARISON
from pages.shared.common.process import manager
from pages.shared.common.state import FINISHED_RESULTS


def results_of(comparison: str | None) -> dict[str, RunResult]:
    """Label -> result; None = the shipped comparison. The last finished comparison is cached: it does not change, and reading it from the
    store takes time."""
    if comparison is None:
        return SHIPPED_COMPARISON.results
    view = manager().view(comparison)  # read before the results: if the comparison is finished by then, they are complete
    if not view.finished:
        return manager().results(comparison)
    return FINISHED_RESULTS.of((comparison, tuple(view.runs)), lambda: manager().results(comparison))
