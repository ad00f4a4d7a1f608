"""The runs that the run manager holds in memory, each with a link, for use while there is no history."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.runs.manager import UnknownComparison
from core.runs.view import ComparisonView
from pages.shared.common.process import manager, visitor, watch
from pages.shared.runs.listed import STATUS_WORDS
from pages.shared.runs.names import scenario_title


def unkept_list() -> bool:
    """Draw this visitor's comparisons, newest first. Returns whether one of them is unfinished."""
    going = False
    for comparison in manager().comparisons(visitor()):
        try:
            view = manager().view(comparison)
        except UnknownComparison:  # it has just been removed from memory
            continue
        if not view.finished:
            going = True
            watch(comparison)
        words, link = st.columns([4, 1], vertical_alignment="center")
        words.markdown(plain(_in_words(view)))
        link.page_link("app.py", label="Open on Compare", icon=":material/ssid_chart:", query_params={"comparison": comparison})
    return going


def _in_words(view: ComparisonView) -> str:
    """'Ablation ladder: GRPO finished, 480 of 480 updates; DAPO running, 12 of 480 updates'."""
    sides = (f"{label} {STATUS_WORDS[run.status]}, {run.updates} of {run.total} updates" for label, run in view.runs.items())
    return f"{scenario_title(view.scenario)}: {'; '.join(sides)}"
