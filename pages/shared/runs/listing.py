"""The runs of a visitor as the page lists them: from the history, with the run manager's newer data on those that are not over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from core.analysis.result import Status
from core.runs.manager import UnknownComparison
from core.runs.store.store import StoredRun
from core.runs.view import ComparisonView
from pages.shared.common.cache import Cache
from pages.shared.common.process import manager, store, watch
from pages.shared.runs.names import comparison_name, scenario_title, started
from pages.shared.runs.outcomes import Outcome, key, read_outcomes
from pages.shared.runs.settings import Brief, brief

STATUS_WORDS = {status: "finished" if status is Status.DONE else status.value for status in Status}
READ_SECONDS, FLUSH_SECONDS = 0.25, 1.0
KEPT_RUNS = 20_000  # of which settings and outcome are kept, about 1 kB each
NOTHING_HAPPENED = "neither collapsed nor vanished"
INTERRUPTED = "the program ended; it can be run again"


@dataclass(frozen=True)
class Listed:
    """One run of the list. `outcome` is None while it is not over or not yet read."""

    row: StoredRun
    brief: Brief
    outcome: Outcome | None
    note: str  # why it ended as it did, or what it waits for; '' = no remark

    @property
    def over(self) -> bool:
        return self.row.status.finished

    @property
    def words(self) -> str:
        """The text that the search field searches."""
        row = self.row
        parts = (row.name, row.scenario, scenario_title(row.scenario), row.label, status_text(self), outcome_text(self))
        return " ".join((*parts, self.brief.changes)).lower()


@st.cache_resource(show_spinner=False)
def briefs() -> Cache[int, Brief]:
    return Cache(KEPT_RUNS)


@st.cache_resource(show_spinner=False)
def outcomes() -> Cache[tuple[int, int], Outcome]:
    return Cache(KEPT_RUNS)


def list_runs(owner: str, first: Collection[int] = ()) -> tuple[list[Listed], int]:
    """All runs of `owner` that are not deleted, newest comparison first, and how many outcomes are still to be read: a call reads for
    READ_SECONDS, those of the run ids in `first` before others. Unfinished runs get a lease: viewing the list counts as watching them.
    StoreError if the history cannot be read."""
    rows = _rows(owner)
    left = read_outcomes(store(), sorted(rows, key=lambda row: row.stored_id not in first), outcomes(), READ_SECONDS)
    known = _briefs(rows)
    views: dict[str, ComparisonView | None] = {}
    return [_listed(row, known[row.stored_id], views) for row in rows], left


def _rows(owner: str) -> list[StoredRun]:
    """The stored runs of `owner`. A run is written to the history shortly after it was started; if one is missing, wait for that."""
    rows = store().runs(owner=owner)
    if not {row.comparison for row in rows}.issuperset(manager().comparisons(owner)):
        store().flush(FLUSH_SECONDS)
        rows = store().runs(owner=owner)
    return rows


def _listed(row: StoredRun, settings: Brief, views: dict[str, ComparisonView | None]) -> Listed:
    if row.status.finished:
        return Listed(row, settings, outcomes().get(key(row)), INTERRUPTED if row.status is Status.INTERRUPTED else row.error)
    if row.comparison not in views:
        views[row.comparison] = _view(row.comparison)
    view = views[row.comparison]
    run = view.runs.get(row.label) if view else None
    # A run counts as over once the history records it: before that, not all of its measurements can be read.
    if run is None or run.status.finished:
        return Listed(row, settings, None, "")
    note = f"number {run.position} in the queue" if run.position else ""
    if run.preparing:
        note = f"preparing, {run.preparing[1]} of {run.preparing[2]} steps"
    return Listed(replace(row, status=run.status, updates=run.updates), settings, None, note)


def _view(comparison: str) -> ComparisonView | None:
    try:
        watch(comparison)
        return manager().view(comparison)
    except UnknownComparison:
        return None


def _briefs(rows: Sequence[StoredRun]) -> dict[int, Brief]:
    found = {row.stored_id: briefs().get(row.stored_id) for row in rows}
    missing = [row for row in rows if found[row.stored_id] is None]
    for row in missing:
        found[row.stored_id] = brief(row.scenario, row.label, row.settings)
        briefs().put(row.stored_id, found[row.stored_id])
    return found


def status_text(run: Listed) -> str:
    return STATUS_WORDS[run.row.status]


def outcome_text(run: Listed) -> str:
    """Why a run ended as it did, and what happened in it; or why that is not known."""
    return "; ".join(part for part in (run.note, _events_text(run)) if part)


def _events_text(run: Listed) -> str:
    if run.outcome is None:
        return "is being read" if run.over else "known when it is over"
    if not run.row.updates:
        return "nothing was measured"
    return told_events(run.outcome)


def told_events(outcome: Outcome) -> str:
    """'entropy collapsed in 13 of 16 seeds, at 96; gradient vanished, groups all wrong, at 182'."""
    return "; ".join(f"{event.text}, at {event.update}" for event in outcome.events) or NOTHING_HAPPENED


def as_table(runs: Sequence[Listed], zone) -> pd.DataFrame:
    """One row per run, in order."""

    def final(name: str) -> list[float | None]:
        return [run.outcome.final[name] if run.outcome else None for run in runs]

    columns = {
        "name": [comparison_name(run.row) for run in runs],
        "side": [run.row.label for run in runs],
        "status": [status_text(run) for run in runs],
        "done": [run.row.updates for run in runs],
        "total": [run.row.total for run in runs],
        "outcome": [outcome_text(run) for run in runs],
        "score": final("eval_accuracy"),
        "score_name": [run.brief.score_name for run in runs],
        "entropy": final("entropy_nats"),
        "gradient": final("grad_norm"),
        "filter": final("filter_ratio"),
        "changes": [run.brief.changes for run in runs],
        "replicas": pd.array([run.brief.replicas for run in runs], dtype="Int64"),
        "first_seed": pd.array([run.brief.first_seed for run in runs], dtype="Int64"),
        "started": [started(run.row, zone).replace(tzinfo=None) for run in runs],
        "seconds": [run.outcome.seconds if run.outcome else None for run in runs],
        "scenario": [scenario_title(run.row.scenario) for run in runs],
    }
    numbers = dict.fromkeys(("score", "entropy", "gradient", "filter", "seconds"), float)
    return pd.DataFrame(columns).astype(numbers)
