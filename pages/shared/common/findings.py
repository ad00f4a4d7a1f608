"""Below the board: the findings and the table of numbers, made by the code that writes report.md."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.analysis.findings import findings, headline
from core.analysis.markdown import plain
from core.analysis.report import quoted
from core.analysis.result import RunResult
from core.analysis.summary import summarise
from core.analysis.tables import about_numbers, numbers_table, seeds_table
from core.data.comparison import SCENARIO
from pages.shared.common.cache import Cache
from pages.shared.common.folded import folded
from pages.shared.common.process import manager
from pages.shared.common.results import results_of

ANCHOR = "findings"  # of the heading, for links to it
KEPT_SUMMARIES = 64  # comparisons, some kB each


def show_findings(comparison: str | None) -> None:
    name = SCENARIO
    if comparison is not None:
        view = manager().view(comparison)
        if not view.finished:
            st.caption("The findings, with intervals over seeds, stand here when the runs are over.")
            return
        name = view.scenario
    results = results_of(comparison)
    measured = {label: result for label, result in results.items() if result.history.trained}
    if not measured:
        st.info("Nothing was measured, so there is nothing to report.", icon=":material/info:")
        return
    summary = _summary(comparison, name, results)
    st.header("Findings", anchor=ANCHOR)
    shown = quoted(summary, plain)
    st.markdown("\n".join(f"- {sentence}" for sentence in findings(shown)))
    with folded("The numbers", icon=":material/table:", key="numbers") as drawn:
        if drawn:
            st.markdown(numbers_table(shown))
            st.caption(about_numbers(shown))
    with folded("Every seed", icon=":material/scatter_plot:", key="every_seed") as drawn:
        if drawn:
            st.markdown(seeds_table(shown))
            st.caption("The final score of each seed, and whether it has collapsed or solved the training prompts. *Single seeds*, above the "
                       "charts, draws their curves.")  # fmt: skip


def headline_of(comparison: str | None) -> str:
    """What a comparison that is over has shown, in a sentence; '' before that, or where no one sentence says it."""
    view = None if comparison is None else manager().view(comparison)
    if view is not None and not view.finished:
        return ""
    results = results_of(comparison)
    if len(results) != 2 or not all(result.history.trained for result in results.values()):
        return ""
    return headline(quoted(_summary(comparison, view.scenario if view else SCENARIO, results), plain))


def _summary(comparison: str | None, name: str, results: Mapping[str, RunResult]) -> dict:
    # A run that is added later makes another one of the comparison.
    return _summaries().made((comparison, tuple(results)), lambda: summarise(name, results))


@st.cache_resource(show_spinner=False)
def _summaries() -> Cache[tuple[str | None, tuple[str, ...]], dict]:
    """(comparison, labels) -> summary. Computed once per finished comparison and shared by all viewers."""
    return Cache(KEPT_SUMMARIES)
