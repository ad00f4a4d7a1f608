"""All runs of a visitor as the page lists them: those of the Lab from the history, with the run manager's newer data on those that are not
over, and those of the logs that were read on Your run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import replace
from heapq import merge

import pandas as pd
import streamlit as st

from core.analysis.result import Status
from core.logs.kept import DamagedLog
from core.runs.manager import UnknownComparison
from core.runs.store.store import StoredRun
from core.runs.view import ComparisonView
from pages.shared.common.cache import Cache
from pages.shared.common.process import manager, store, watch
from pages.shared.runs.listed import Listed, ListedLog, ListedRun, RunId
from pages.shared.runs.names import moment, scenario_title
from pages.shared.runs.outcomes import NOTHING, Outcome, outcome_of, outcome_of_log, read_outcomes
from pages.shared.runs.settings import Brief, brief

READ_SECONDS, FLUSH_SECONDS = 0.25, 1.0
KEPT_RUNS = 20_000  # of which settings and outcome are kept, about 1 kB each
INTERRUPTED = "the program ended; it can be run again"


@st.cache_resource(show_spinner=False)
def briefs() -> Cache[int, Brief]:
    return Cache(KEPT_RUNS)


@st.cache_resource(show_spinner=False)
def outcomes() -> Cache[Hashable, Outcome]:
    return Cache(KEPT_RUNS)


def list_runs(owner: str, first: Collection[RunId] = ()) -> tuple[list[Listed], int]:
    """All runs of `owner` that are not deleted, newest first, and how many outcomes are still to be read: a call reads for READ_SECONDS, those
    of the run ids in `first` before others. Unfinished runs get a lease: viewing the list counts as watching them. StoreError if the
    history cannot be read."""
    rows = _rows(owner)
    logs = [run for log in store().logs.list(owner) for run in ListedLog.all_of(log)]
    reads = [(row.stored_id, _run_key(row), _run_reader(row)) for row in rows if row.status.finished]
    reads += [(run.id, _log_key(run), _log_reader(run)) for run in logs]
    reads.sort(key=lambda read: read[0] not in first)
    left = read_outcomes({key: read for _, key, read in reads}, outcomes(), READ_SECONDS)
    known, views = _briefs(rows), {}
    both = ([_listed(row, known[row.stored_id], views) for row in rows], map(_with_outcome, logs))
    return list(merge(*both, key=lambda run: -run.naming.created)), left


def _rows(owner: str) -> list[StoredRun]:
    """The stored runs of `owner`. A run is written to the history shortly after it was started; if one is missing, wait for that."""
    rows = store().runs(owner=owner)
    if not {row.comparison for row in rows}.issuperset(manager().comparisons(owner)):
        store().flush(FLUSH_SECONDS)
        rows = store().runs(owner=owner)
    return rows


def _run_key(row: StoredRun) -> Hashable:
    """Names what a run has measured: it changes when there is more."""
    return row.stored_id, row.updates


def _run_reader(row: StoredRun) -> Callable[[], Outcome]:
    return lambda: outcome_of(store().load_history(row.stored_id)) if row.updates else NOTHING


def _log_key(run: ListedLog) -> Hashable:
    return run.id, run.log.corrections


def _log_reader(run: ListedLog) -> Callable[[], Outcome]:
    def read() -> Outcome:
        try:
            return outcome_of_log(run.run())
        except DamagedLog:
            return replace(NOTHING, happened=("it is damaged; read the file again",))

    return read


def _with_outcome(run: ListedLog) -> ListedLog:
    return replace(run, outcome=outcomes().get(_log_key(run)))


def _listed(row: StoredRun, settings: Brief, views: dict[str, ComparisonView | None]) -> ListedRun:
    if row.status.finished:
        note = INTERRUPTED if row.status is Status.INTERRUPTED else row.error
        return ListedRun.of(row, settings, outcomes().get(_run_key(row)), note)
    if row.comparison not in views:
        views[row.comparison] = _view(row.comparison)
    view = views[row.comparison]
    run = view.runs.get(row.label) if view else None
    # A run counts as over once the history records it: before that, not all of its measurements can be read.
    if run is None or run.status.finished:
        return ListedRun.of(row, settings, None)
    note = f"number {run.position} in the queue" if run.position else ""
    if run.preparing:
        note = f"preparing, {run.preparing[1]} of {run.preparing[2]} steps"
    return ListedRun.of(replace(row, status=run.status, updates=run.updates), settings, None, note)


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


def as_table(runs: Sequence[Listed], zone) -> pd.DataFrame:
    """One row per run, in order."""

    def final(name: str) -> list[float | None]:
        return [run.outcome.final[name] if run.outcome else None for run in runs]

    columns = {
        "name": [run.naming.name for run in runs],
        "source": [run.source for run in runs],
        "side": [run.naming.label for run in runs],
        "status": [run.status for run in runs],
        "done": [run.updates for run in runs],
        "total": pd.array([run.total for run in runs], dtype="Int64"),
        "outcome": [run.outcome_text for run in runs],
        "score": [run.outcome.final[run.outcome.score] if run.outcome else None for run in runs],
        "score_name": [run.score_name for run in runs],
        "entropy": final("entropy_nats"),
        "gradient": final("grad_norm"),
        "filter": final("filter_ratio"),
        "changes": [run.brief.changes for run in runs],
        "replicas": pd.array([run.brief.replicas for run in runs], dtype="Int64"),
        "first_seed": pd.array([run.brief.first_seed for run in runs], dtype="Int64"),
        "started": [moment(run.naming.created, zone).replace(tzinfo=None) for run in runs],
        "seconds": [run.outcome.seconds if run.outcome else None for run in runs],
        "scenario": [scenario_title(run.scenario) for run in runs],
    }
    numbers = dict.fromkeys(("score", "entropy", "gradient", "filter", "seconds"), float)
    return pd.DataFrame(columns).astype(numbers)
