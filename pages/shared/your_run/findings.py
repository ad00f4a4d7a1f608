"""What a log's run suffers from: findings under the board and marks on it, by the rules of `core.diagnosis`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from shlex import quote

import streamlit as st

from core.analysis.markdown import plain
from core.diagnosis import NOTE, VERDICT, Finding, diagnose, evidence_of_log, told
from pages.shared.common.finding_card import ICONS, NEUTRAL, finding_card
from pages.shared.common.finding_marks import finding_marks, is_marked
from pages.shared.your_run.repeated import again_and_again
from pages.shared.your_run.shown import Shown
from pages.shared.your_run.state import DIAGNOSED_RUN, DIAGNOSES

MOST_NAMED = 4  # in the headline
RENEW_SHARE, RENEW_SECONDS = 0.01, 30.0


def diagnosis_of(what: Shown) -> Mapping[str, tuple[Finding, ...]]:
    """Label of a run -> its findings; made anew only where the log has changed, and of one that grows not for every row."""
    if (known := known_diagnosis(what)) is not None:
        return known
    mark = (what.mark, what.version, _rows(what), time.monotonic())
    return DIAGNOSES.of(mark, lambda: {label: diagnose(evidence_of_log(run)) for label, run in what.labels.items()})


def known_diagnosis(what: Shown) -> Mapping[str, tuple[Finding, ...]] | None:
    """The same if it is there already."""
    last = DIAGNOSES.last()
    if last is None:
        return None
    same = last[0][:2] == (what.mark, what.version)
    return last[1] if same or (what.watched is not None and not _is_due(last[0], what, _rows(what))) else None


def _rows(what: Shown) -> int:
    return sum(len(run.steps) for run in what.labels.values())


def _is_due(mark: tuple, what: Shown, rows: int) -> bool:
    """Whether a log that is followed is diagnosed again: where it has enough new rows, or lost some, or has changed and some time passed. A
    diagnosis of 10,000 rows with 60 columns takes a quarter of a second."""
    shown_before, version, rows_before, made = mark
    if shown_before != what.mark:
        return True
    grown = rows - rows_before
    late = version != what.version and time.monotonic() - made >= RENEW_SECONDS
    return grown < 0 or grown > RENEW_SHARE * rows_before or late


def _found_by_now(what: Shown) -> Mapping[str, tuple[Finding, ...]] | None:
    """A log that is kept and shown for the first time is drawn before it is diagnosed: its headline and marks come with `findings`."""
    return known_diagnosis(what) if what.watched is None else diagnosis_of(what)


def marks(what: Shown, labels: Iterable[str]) -> list[dict]:
    """What was found in these runs, as events of the board."""
    found = _found_by_now(what)
    return [mark for label in labels for mark in finding_marks(label, (found or {}).get(label, ()))]


def headline(what: Shown) -> None:
    """In a line or two above the board what was found, the worst first; again and again while the log is followed."""
    again_and_again(what, _headline)


def _headline(what: Shown) -> None:
    if (found := _found_by_now(what)) is None:
        st.markdown(f"{NEUTRAL} Being diagnosed …")
        return
    several = len(found) > 1
    bad = [(label, finding) for label, run in found.items() for finding in run if is_marked(finding)]
    for label, finding in bad[:MOST_NAMED]:
        whose = f" · {plain(label)}" if several else ""
        st.markdown(f"{ICONS[finding.severity]} **{told(finding).title}**, since step {finding.since_step:,}{whose}")
    if bad:
        more = f" and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        st.markdown(f"[What it costs, how sure that is, and what to try{more}](#diagnosis): below the charts.")
    else:
        st.markdown(f"{ICONS[VERDICT]} No fault was found. [What was looked at](#diagnosis) stands below the charts.")


def findings(what: Shown) -> None:
    """The findings of one run, worst first, in sentences, with what to try in the settings of its own framework; again and again while the
    log is followed."""
    first = known_diagnosis(what) is None
    again_and_again(what, _findings)
    if first:
        st.rerun()  # the headline and the marks of the board, which was drawn without waiting


def _findings(what: Shown) -> None:
    found = diagnosis_of(what)
    st.subheader("Diagnosis", anchor="diagnosis")
    labels = list(found)
    label = st.selectbox("Run to diagnose", labels, key=DIAGNOSED_RUN(what.mark).name) if len(labels) > 1 else labels[0]
    run = what.labels[label]
    for finding in (f for f in found[label] if f.severity != NOTE):
        finding_card(finding, run.framework.name, key="your_run")
    if notes := [f for f in found[label] if f.severity == NOTE]:
        with st.expander(f"What looks like a fault and is none, and what the log lacks: {len(notes)}", icon=":material/info:"):
            for finding in notes:
                finding_card(finding, run.framework.name, key="your_run")
    path = "PATH" if what.watched is None else quote(what.name).replace("`", "")  # which no code in Markdown can hold
    st.caption(f"The same in a terminal, once or while the run is written: `python -m core diagnose {path}`")
