"""The store as the run manager uses it: live runs go in, views of runs that are no longer in memory come out. Without a store nothing is
kept and nothing is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.engine.types import StepRecord
from core.runs.live import Comparison, ComparisonView, LiveRun, RunView
from core.runs.store.store import RunRow, Store


class UnknownComparison(LookupError):
    """No comparison has this id."""

    def __init__(self, comparison: str):
        super().__init__(f"there is no comparison {comparison!r}; it may have been deleted, or its link is incomplete")


class Archive:
    """Thread-safe, as the store is. UnknownComparison where a comparison is asked for that the store does not list. A store that cannot be
    opened yet may be adopted later; `open_store` opens it, or raises StoreError."""

    def __init__(self, store: Store | None, open_store: Callable[[], Store] | None = None):
        self._store, self._opener = store, open_store

    @property
    def closed(self) -> bool:
        """There is to be a store, and there is none yet."""
        return self._store is None and self._opener is not None

    def open_store(self) -> Store:
        return self._opener()

    def adopt(self, store: Store, comparisons: Iterable[Comparison]) -> None:
        """Write to `store` from now on, and first what `comparisons` have measured without it. Under the scheduler's lock."""
        self._store = store
        for comparison in comparisons:
            self.add(comparison)
            for run in comparison.runs.values():
                self.set_status(run)

    def add(self, comparison: Comparison) -> None:
        if self._store is not None:
            self._store.add_comparison(owner=comparison.owner, scenario=comparison.scenario, comparison=comparison.id)
            for run in comparison.runs.values():
                self.add_run(run)

    def add_run(self, run: LiveRun) -> None:
        """One more run of a comparison that is there."""
        if self._store is not None:
            run.run_id = self._store.add_run(run.comparison.id, run.label, run.config, status=run.status)

    def revive(self, comparison: str) -> Comparison:
        """A comparison of the store as one in memory, all of whose runs are over."""
        rows = self.rows(comparison)
        runs = []
        for label, result in self.results(comparison).items():
            run = LiveRun(label, result.config, paused=False)
            run.run_id, run.history, run.stored = rows[label].run_id, result.history, result.history.last_update
            # A run that another process is at cannot be gone on with here, and is shown as it was.
            run.status = result.status if result.status.finished else Status.INTERRUPTED
            run.error, run.traceback = result.error, result.traceback
            runs.append(run)
        first = next(iter(rows.values()))
        revived = Comparison(comparison, first.owner, first.scenario, runs)
        revived.created = first.created
        return revived

    def append(self, run: LiveRun, record: StepRecord) -> None:
        if self._store is not None and run.run_id is not None:
            self._catch_up(run)
            self._store.append(run.run_id, record)
            run.stored = record.update

    def set_status(self, run: LiveRun) -> None:
        if self._store is not None and run.run_id is not None:
            self._catch_up(run)
            self._store.set_status(run.run_id, run.status, run.error, run.traceback)

    def _catch_up(self, run: LiveRun) -> None:
        """Write what was measured while there was no store. Twice is as good as once: a record replaces itself."""
        for record in run.history.after(run.stored):
            self._store.append(run.run_id, record)
            run.stored = record.update

    def flush(self, timeout: float) -> None:
        if self._store is not None:
            self._store.flush(timeout)

    def mark_interrupted(self) -> None:
        if self._store is not None:
            self._store.mark_interrupted()

    def forget_older_than(self, seconds: float) -> None:
        if self._store is not None:
            self._store.purge_finished(older_than_seconds=seconds)

    def rows(self, comparison: str) -> dict[str, RunRow]:
        """Label -> run, at least one."""
        rows = self._store.runs(comparison=comparison) if self._store is not None else []
        if not rows:
            raise UnknownComparison(comparison)
        return {row.label: row for row in rows}

    def view(self, comparison: str) -> ComparisonView:
        rows = self.rows(comparison)
        first = next(iter(rows.values()))
        views = MappingProxyType({label: _view(row) for label, row in rows.items()})
        return ComparisonView(comparison, first.scenario, first.created, views, viewers=0)

    def history(self, comparison: str, label: str) -> History:
        return self._store.load_history(self.rows(comparison)[label].run_id)

    def results(self, comparison: str) -> dict[str, RunResult]:
        self.rows(comparison)
        return self._store.results(comparison)

    def recipe(self, comparison: str) -> tuple[dict, str, str]:
        """What `RunManager.start` takes to run it again: label -> settings, owner, scenario."""
        rows = self.rows(comparison)
        first = next(iter(rows.values()))
        return {label: self._store.config(row.run_id) for label, row in rows.items()}, first.owner, first.scenario


def _view(row: RunRow) -> RunView:
    return RunView(
        row.status, None, row.updates_done, row.updates_total, None, row.finished, None, error=row.error, traceback=row.traceback
    )
