"""What a log's run suffers from: findings under the board and marks on it, by the rules of `core.diagnosis`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import streamlit as st

from core.analysis.markdown import plain
from core.diagnosis import NOTE, Finding, diagnose, evidence_of_log
from pages.shared.common.finding_card import finding_card
from pages.shared.common.finding_marks import finding_marks
from pages.shared.common.labels import chart_text
from pages.shared.your_run.shown import Shown, shown
from pages.shared.your_run.state import DIAGNOSED_RUN, DIAGNOSES

LOOK_SECONDS = 2.0
RENEW_SHARE, RENEW_SECONDS = 0.01, 30.0


def diagnosis_of(what: Shown) -> Mapping[str, tuple[Finding, ...]]:
    """Label of a run -> its findings; made anew only where the log has changed, and of one that grows not for every row."""
    last = DIAGNOSES.last()
    rows = sum(len(run.steps) for run in what.labels.values())
    if last is not None and what.watched is not None and not _is_due(last[0], what, rows):
        return last[1]
    if last is not None and last[0][:2] == (what.mark, what.version):
        return last[1]
    mark = (what.mark, what.version, rows, time.monotonic())
    return DIAGNOSES.of(mark, lambda: {label: diagnose(evidence_of_log(run)) for label, run in what.labels.items()})


def _is_due(mark: tuple, what: Shown, rows: int) -> bool:
    """Whether a log that is followed is diagnosed again: where it has enough new rows, or lost some, or has changed and some time passed. A
    diagnosis of 10,000 rows with 60 columns takes a quarter of a second."""
    shown_before, version, rows_before, made = mark
    if shown_before != what.mark:
        return True
    grown = rows - rows_before
    late = version != what.version and time.monotonic() - made >= RENEW_SECONDS
    return grown < 0 or grown > RENEW_SHARE * rows_before or late


def marks(what: Shown, labels: Iterable[str]) -> list[dict]:
    """What was found in these runs, as events of the board."""
    found = diagnosis_of(what)
    return [mark for label in labels for mark in finding_marks(label, found.get(label, ()))]


def findings(what: Shown) -> None:
    """The findings of one run, worst first, in sentences, with what to try in the settings of its own framework; again and again while the
    log is followed."""
    st.fragment(_findings, run_every=LOOK_SECONDS if what.watched is not None else None)()


def _findings() -> None:
    what = shown()
    found = {} if what is None else diagnosis_of(what)
    if not found:
        return
    st.subheader("Diagnosis")
    labels = list(found)
    label = st.selectbox("Run to diagnose", labels, key=DIAGNOSED_RUN(what.mark).name) if len(labels) > 1 else labels[0]
    run = what.labels[label]
    for finding in (f for f in found[label] if f.severity != NOTE):
        finding_card(finding, run.framework.name, key="your_run")
    if notes := [f for f in found[label] if f.severity == NOTE]:
        with st.expander(f"What looks like a fault and is none, and what the log lacks: {len(notes)}", icon=":material/info:"):
            for finding in notes:
                finding_card(finding, run.framework.name, key="your_run")
    st.caption(
        f"The same in a terminal, once or while the run is written: `python -m core diagnose {plain(chart_text(what.name))}`"
    )
