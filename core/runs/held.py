"""The comparisons that the run manager holds in memory or finds in the store, as pages read them, and the leases of those who look at them."""

from __future__ import annotations

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.engine.types import StepRecord
from core.runs.live import LiveComparison
from core.runs.recorder import Recorder, StoredComparison, UnknownComparison
from core.runs.scheduler import Scheduler
from core.runs.view import ComparisonView


class HeldComparisons:
    """Every method may be called from any thread, and only `wait` waits for training."""

    def __init__(self, scheduler: Scheduler, recorder: Recorder):
        self._scheduler, self._recorder = scheduler, recorder
        self._lock, self._changed = scheduler.lock, scheduler.changed
        self._comparisons: dict[str, LiveComparison] = {}  # oldest first

    def view(self, comparison: str) -> ComparisonView:
        """The present state of the comparison without its measurements, from memory or else from the store."""
        found = self._look_up(comparison)
        with self._lock:
            return found.view(self._scheduler.positions())

    def history(self, comparison: str, label: str) -> History:
        """What a run has measured so far, as a snapshot that does not grow. KeyError if the comparison has no such label."""
        return self._look_up(comparison).history(label)

    def since(self, comparison: str, label: str, update: int) -> list[StepRecord]:
        """The records of later updates than `update`, oldest first, for a chart that has drawn everything up to there."""
        return self.history(comparison, label).after(update)

    def results(self, comparison: str) -> dict[str, RunResult]:
        """Label -> settings, measurements and status, as reports and exports take them."""
        found = self._look_up(comparison)
        if isinstance(found, StoredComparison):
            return found.results()  # reading may take long, so it happens outside the lock
        with self._lock:
            return found.results()

    def comparisons(self, owner: str) -> list[str]:
        """The ids of an owner's comparisons in memory, newest first, so that a visitor who returns finds their runs."""
        with self._lock:
            return [c.id for c in reversed(self._comparisons.values()) if c.owner == owner]

    def wait(self, comparison: str, timeout: float | None = None) -> bool:
        """Until all runs are over. False if they are not within `timeout` seconds."""
        found = self._comparisons.get(comparison)
        with self._lock:
            return found is None or self._changed.wait_for(lambda: found.finished, timeout)

    @property
    def busy(self) -> bool:
        """Whether a run trains, or waits for a slot."""
        with self._lock:
            runs = (run for comparison in self._comparisons.values() for run in comparison.runs.values())
            return any(run.status in (Status.RUNNING, Status.QUEUED) for run in runs)

    # Leases

    def watchers(self) -> int:
        """The number of leases held on comparisons of which a run trains."""
        with self._lock:
            training = (c for c in self._comparisons.values() if any(run.status is Status.RUNNING for run in c.runs.values()))
            return sum(len(comparison.viewers) for comparison in training)

    def attach(self, comparison: str, viewer: str) -> None:
        """Register that `viewer` has the comparison open, so that it is not stopped as unwatched. Idempotent; a comparison that is not in
        memory is ignored."""
        with self._lock:
            if comparison in self._comparisons:
                self._comparisons[comparison].attach(viewer)

    def detach(self, comparison: str, viewer: str) -> None:
        """Register that `viewer` no longer has it open. Never waits; may be called twice, or for a viewer who never attached."""
        with self._lock:
            if comparison in self._comparisons:
                self._comparisons[comparison].detach(viewer)
                self._changed.notify_all()

    # Look-up

    def _look_up(self, comparison: str) -> LiveComparison | StoredComparison:
        """The comparison of this id, from memory or else from the store."""
        with self._lock:
            found = self._comparisons.get(comparison)
        return found or self._recorder.comparison(comparison)

    def _find(self, comparison: str) -> LiveComparison:
        with self._lock:
            if comparison not in self._comparisons:
                raise UnknownComparison(comparison)
            return self._comparisons[comparison]
