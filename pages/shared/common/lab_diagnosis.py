"""The diagnosis of runs of the Lab, drawn when opened: the same rules and sentences as for a log on *Your run*, with the number of seeds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from core.analysis.history import History
from core.analysis.markdown import plain
from core.diagnosis import NOTE, SeedsFinding, diagnose_seeds, told
from core.diagnosis.lab import FRAMEWORK
from pages.shared.common.cache import Cache
from pages.shared.common.finding_card import finding_card
from pages.shared.common.finding_marks import finding_marks
from pages.shared.common.folded import folded
from pages.shared.common.process import manager
from pages.shared.common.results import results_of
from pages.shared.common.state import OPEN

KEPT = 64  # runs, some kB each
AS_EVENTS = ("entropy_collapse", "gradient_vanished", "gradient_never")  # the board tells these of every run already
WITH_MARKS = ("runs",)  # parts whose board has the other marks
MOST_NAMED = 6  # seeds that are named; where more have it, only their number is told


def compare_diagnosis(comparison: str | None) -> None:
    """Of a finished comparison; None = the shipped one."""
    if comparison is not None and not manager().view(comparison).finished:
        return
    histories = {label: result.history for label, result in results_of(comparison).items() if result.history.trained}
    if histories:
        lab_diagnosis(histories, {label: (comparison, label) for label in histories}, key="compare")


def lab_diagnosis(histories: Mapping[str, History], marks: Mapping[str, tuple], *, key: str) -> None:
    """Label -> history, and label -> what tells this state of the run from every other."""
    with folded("Diagnosis", icon=":material/stethoscope:", key=f"{key}:diagnosis") as opened:
        if not opened:
            return
        labels = list(histories)
        label = st.selectbox("Run to diagnose", labels, key=f"{key}:diagnosed") if len(labels) > 1 else labels[0]
        found = _found(label, histories[label], marks[label])
        for together in found:
            if together.finding.severity != NOTE:
                marked = key in WITH_MARKS and together.finding.kind not in AS_EVENTS
                finding_card(together.finding, FRAMEWORK, key=f"{key}:{label}", seeds=_seeds(together), marked=marked)
        if notes := [plain(f"{_title(together)}: {together.share}") for together in found if together.finding.severity == NOTE]:
            st.caption(f"What looks like a fault and is none: {'; '.join(notes)}.")
        st.caption(
            "Every seed is judged by itself, with the rules that *Your run* has for logs; numbers and steps are those of the seed in the "
            "middle. Collapsed and solved mean what they mean in the findings."
        )


def diagnosis_marks(histories: Mapping[str, History], marks: Mapping[str, tuple], *, key: str) -> list[dict]:
    """What the part with this key tells, as events of the board, while it is open."""
    if not OPEN(f"{key}:diagnosis").get():
        return []
    return [
        mark
        for label, history in histories.items()
        for together in _found(label, history, marks[label])
        if together.finding.kind not in AS_EVENTS
        for mark in finding_marks(label, [together.finding])
    ]


def _found(label: str, history: History, mark: tuple) -> tuple[SeedsFinding, ...]:
    return _diagnoses().made((*mark, len(history)), partial(diagnose_seeds, label, history))


def _seeds(together: SeedsFinding) -> str:
    if len(together.seeds) > MOST_NAMED or len(together.seeds) == together.of:
        return together.share
    return f"{together.share} ({', '.join(map(str, together.seeds))})"


def _title(together: SeedsFinding) -> str:
    return told(together.finding, FRAMEWORK).title


@st.cache_resource(show_spinner=False)
def _diagnoses() -> Cache[tuple, tuple[SeedsFinding, ...]]:
    """Shared by all viewers: a run of 16 seeds takes a fraction of a second."""
    return Cache(KEPT)
