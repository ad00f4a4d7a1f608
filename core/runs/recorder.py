"""The connection of the run manager to the store: runs in memory are written to it, comparisons that are no longer in memory are read from
it. Without a store nothing is written and nothing is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.engine.forks import stages
from core.engine.types import StepRecord
from core.runs.live import LiveComparison, LiveRun
from core.runs.store.store import Store, StoredRun
from core.runs.view import ComparisonView
from core.settings.run import RunConfig


class UnknownComparison(LookupError):
    """No comparison has this id."""

    def __init__(self, comparison: str):
        super().__init__(f"there is no comparison {comparison!r}; it may have been deleted, or its link is incomplete")


class StoredComparison:
    """A comparison that only the store has, with the interface of a LiveComparison. Everything is read on request."""

    def __init__(self, store: Store, runs: list[StoredRun]):
        self._store, first = store, runs[0]
        self.id, self.owner, self.scenario, self.created = first.comparison, first.owner, first.scenario, first.created
        self.runs = {run.label: run for run in runs}

    def view(self, positions: Mapping[LiveRun, int]) -> ComparisonView:
        runs = {label: run.view() for label, run in self.runs.items()}
        return ComparisonView(self.id, self.scenario, self.created, MappingProxyType(runs))

    def history(self, label: str) -> History:
        return self._store.load_history(self.runs[label].stored_id)

    def results(self) -> dict[str, RunResult]:
        return self._store.results(self.id)

    def configs(self) -> dict[str, RunConfig]:
        """Label -> the settings that the run began with."""
        forks = [label for label, run in self.runs.items() if run.config.fork is not None]
        first = {label: self.history(label).first_update for label in forks}
        return {label: stages(run.config, first.get(label, 0))[0] for label, run in self.runs.items()}

    def in_memory(self) -> LiveComparison:
        """The same with its measurements, all runs over, so that another run can be added."""
        live = LiveComparison(self.id, self.owner, self.scenario, [])
        live.created = self.created
        for label, result in self.results().items():
            run = LiveRun(label, result.config, paused=False)
            run.stored_id, run.history, run.stored = self.runs[label].stored_id, result.history, result.history.last_update
            # A run that another process trains cannot be continued here, and is shown as it was stored.
            run.status = result.status if result.status.finished else Status.INTERRUPTED
            run.error, run.traceback = result.error, result.traceback
            live.add(run)
        return live


class Recorder:
    """Thread-safe, as the store is. A store that cannot be opened yet may be adopted later: `open_store` opens it, or raises StoreError."""

    def __init__(self, store: Store | None, open_store: Callable[[], Store] | None = None):
        self.store, self.open_store = store, open_store

    @property
    def waits_for_store(self) -> bool:
        """A store is wanted but could not be opened yet."""
        return self.store is None and self.open_store is not None

    def adopt(self, store: Store, comparisons: Iterable[LiveComparison]) -> None:
        """Write to `store` from now on, and first what `comparisons` have measured without it. Under the scheduler's lock."""
        self.store = store
        for comparison in comparisons:
            self.add(comparison)
            for run in comparison.runs.values():
                self.set_status(run)

    def add(self, comparison: LiveComparison) -> None:
        if self.store is not None:
            self.store.add_comparison(owner=comparison.owner, scenario=comparison.scenario, comparison=comparison.id)
            for run in comparison.runs.values():
                self.add_run(run)

    def add_run(self, run: LiveRun) -> None:
        """One more run of a comparison that is there."""
        if self.store is not None:
            run.stored_id = self.store.add_run(run.comparison.id, run.label, run.config, status=run.status)

    def set_config(self, run: LiveRun) -> None:
        """The settings of a run have changed in its course."""
        if self._known(run):
            self.store.set_config(run.stored_id, run.config)

    def append(self, run: LiveRun, record: StepRecord) -> None:
        if self._known(run):
            self.store.append(run.stored_id, record)
            run.stored = record.update

    def set_status(self, run: LiveRun) -> None:
        if self._known(run):
            self.store.set_status(run.stored_id, run.status, run.error, run.traceback)

    def _known(self, run: LiveRun) -> bool:
        """Whether the store has the run. If so, everything measured while there was no store is written now. Idempotent: a record replaces
        itself."""
        if self.store is None or run.stored_id is None:
            return False
        for record in run.history.after(run.stored):
            self.store.append(run.stored_id, record)
            run.stored = record.update
        return True

    def comparison(self, comparison: str) -> StoredComparison:
        """UnknownComparison if the store does not list it."""
        runs = self.store.runs(comparison=comparison) if self.store is not None else []
        if not runs:
            raise UnknownComparison(comparison)
        return StoredComparison(self.store, runs)
