"""The page *Compare* from top to bottom: notices, heading, buttons, the live board, rescue, findings, charts and links."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from core.analysis.markdown import plain
from core.data.comparison import SCENARIO, SHIPPED_COMPARISON
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.common.bring_settings import bring_settings
from pages.shared.common.findings import ANCHOR, headline_of, show_findings
from pages.shared.common.keep_focus import keep_focus
from pages.shared.common.lab_diagnosis import compare_diagnosis
from pages.shared.common.live import live_part, phase
from pages.shared.common.process import manager
from pages.shared.common.trouble import plainly, show_missing_history
from pages.shared.compare.buttons import buttons
from pages.shared.compare.current import current_comparison
from pages.shared.compare.downloads import downloads
from pages.shared.compare.more_charts import show_more_charts
from pages.shared.compare.opened import beginning, read_address, take_settings_of
from pages.shared.compare.presets import presets
from pages.shared.compare.rescue import show_rescue
from pages.shared.compare.share import share
from pages.shared.compare.sidebar import settings_sidebar
from pages.shared.compare.sides import show_differences
from pages.shared.compare.starting import is_wanted, start
from pages.shared.compare.state import REFUSED
from pages.shared.compare.take_with_you import take_with_you
from pages.shared.compare.tour import tour

STYLE = Path(__file__).parent / "page.css"
FIRST_TITLE = "Watch GRPO collapse and DAPO hold"  # what a first visitor came for
WHAT_IT_IS = (
    'GRPO and DAPO train language models by reward. <span class="wide">Here such algorithms train a small model on one task, side by side and '
    "from the same seeds, so that you see where one stops learning, and why.</span>"
)
EXAMPLE = "**A finished example, computed earlier by this code**: 16 seeds of each algorithm."
PARTS = ("before-watch", "watch", "after-watch")  # of what to look for: a phone shows the sentence in the middle
PROBLEMS_TOLD = 8  # ignored parts of a link that have a notice each; the rest share one


@plainly
def compare_page() -> None:
    # Fixed containers: an element that appears in one must not change the position of the board, which would then be rebuilt.
    keep_focus()
    tour()  # first, so that the keyboard and a screen reader meet it first, too
    notices, heading, controls, live, rescue, findings, charts, more, spoken = (st.container() for _ in range(9))
    st.html(STYLE)
    read_address()
    with notices:
        show_missing_history()
        comparison = current_comparison()
    take_settings_of(comparison)
    scenario, runs = settings_sidebar(spoken)
    with notices:
        _notices()
    if runs is not None and is_wanted(comparison):
        comparison = start(scenario, runs) or comparison
    with heading, st.container(key="heading"):
        _heading(scenario, comparison)
    now = phase(manager().view(comparison) if comparison else None)
    with controls, st.container(horizontal=True, gap="small", key="controls"):
        buttons(runs, comparison, now)
        share(scenario, runs)
        downloads(comparison)
        presets(scenario, runs)
    with live:
        st.html('<h2 class="unseen">Charts</h2>')
        live_part(comparison, now)
    with rescue:
        show_rescue(comparison)
    with findings, st.container(key="findings"):
        show_findings(comparison)
        compare_diagnosis(comparison)
    with charts:
        show_more_charts(comparison)
    with more:
        if runs is not None:
            show_differences(runs)
            take_with_you(scenario, runs)
        bring_settings("compare", scenario)
        with st.expander("What comes after, if the scenario as it is given runs five times longer", icon=":material/update:"):
            st.markdown(scenario.afterwards)


def _notices() -> None:
    """Show what was wrong with the address, and why the sidebar's settings are not those of the comparison."""
    problems = beginning().problems
    for problem in problems[:PROBLEMS_TOLD]:
        st.warning(plain(problem), icon=":material/link_off:")
    if rest := problems[PROBLEMS_TOLD:]:
        st.warning(plain(f"And {len(rest)} more: {' '.join(rest)}"), icon=":material/link_off:")
    if beginning().note:
        st.info(plain(beginning().note), icon=":material/info:")


def title_of(scenario: Scenario) -> str:
    """The title of the page that shows it."""
    return FIRST_TITLE if scenario.name == SCENARIO else scenario.title


def _heading(scenario: Scenario, comparison: str | None) -> None:
    shown = scenario if comparison is None else SCENARIOS.get(manager().view(comparison).scenario, scenario)
    st.title(title_of(shown))
    if comparison is None:
        st.html(f'<p class="look-for">{WHAT_IT_IS}</p>')
    sentences = (f'<span class="{part}">{escape(text)}</span>' for part, text in zip(PARTS, shown.parts, strict=True) if text)
    st.html(f'<p class="look-for">{" ".join(sentences)}</p>')
    result = headline_of(comparison) if comparison is not None or scenario.name == SCENARIO else ""
    told = [f"{result} [All findings](#{ANCHOR})."] if result else []
    if comparison is None:
        if scenario.name != SCENARIO:
            st.caption(f"Below, until you press Run: the finished default comparison, *{SCENARIOS[SCENARIO].title}*.")
        st.markdown(
            " ".join((EXAMPLE, *told, "Press **Run** to train your own, live.")), help=f"Made by `{SHIPPED_COMPARISON.command}`.")  # fmt: skip
    elif told:
        st.markdown(f"**Result.** {told[0]}")
    if refused := REFUSED.take():
        st.error(plain(refused), icon=":material/block:")
