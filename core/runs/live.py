"""A run in memory, and the runs that were started together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.engine.forks import stages
from core.engine.types import StepRecord
from core.runs.view import ComparisonView, RunView
from core.settings.fields import ConfigError
from core.settings.run import Fork, RunConfig

RATE_UPDATES = 20  # updates over which the rate is measured


class LiveRun:
    """The state of a run, guarded by the scheduler's lock. Snapshots of `history` may be taken without it."""

    def __init__(self, label: str, config: RunConfig, *, paused: bool):
        self.label, self.config = label, config
        self.comparison: LiveComparison
        self.stored_id: int | None = None  # in the store
        self.stored = -1  # the last update that the store was given; 0 is the untrained policy
        self.history = History(config.seeds)
        self.status = Status.PAUSED if paused else Status.QUEUED
        self.paused_since: float | None = time.monotonic() if paused else None
        self.allowance: int | None = 0 if paused else None  # updates until it pauses; None = no pause
        self.wanted: RunConfig | None = None  # the settings, no fork, to go on with from the end of the rollout
        self.ending: tuple[Status, str] | None = None  # (final status, reason), once an end was requested
        self.has_slot = False
        self._slot_since: float | None = None  # monotonic
        self._slot_seconds = 0.0
        self.records: Iterator[StepRecord] | None = None  # the trainer's iterator; None before its first slot and after its end
        self.preparing: tuple[str, int, int] | None = None
        self.last_update_time: float | None = None
        self.error = self.traceback = ""
        self._recent: deque[float] = deque(maxlen=RATE_UPDATES + 1)  # monotonic times of the last updates

    @property
    def finished(self) -> bool:
        return self.status.finished

    @property
    def ends(self) -> bool:
        """The run is over, or will be after its current update."""
        return self.finished or self.ending is not None

    @property
    def complete(self) -> bool:
        return self.config.is_over(self.history.last_update, self.history.last_samples)

    @property
    def size(self) -> int:
        """Updates times seeds that its history may come to hold."""
        return self.config.most_updates * self.config.replicas

    def trained_seconds(self, now: float) -> float:
        """Seconds for which it has had a slot until `now` (monotonic), without its pauses and its time in the queue."""
        return self._slot_seconds + (now - self._slot_since if self._slot_since is not None else 0.0)

    def take_wanted(self, update: int) -> RunConfig | None:
        """The settings to go on with after `update`, which ends a rollout; None = the present ones. They become those of the run."""
        wanted, self.wanted = self.wanted, None
        if wanted is None or wanted == replace(self.config, fork=None):  # a change that was taken back
            return None
        with suppress(ConfigError):  # the budget ends before they could begin
            self.config = replace(wanted, fork=Fork(run=self.config, update=update))
            return self.config
        return None

    def set_status(self, status: Status) -> None:
        self.status = status
        self.paused_since = time.monotonic() if status is Status.PAUSED else None

    def take_slot(self) -> None:
        self.has_slot, self._slot_since = True, time.monotonic()

    def leave_slot(self) -> None:
        self._slot_seconds = self.trained_seconds(time.monotonic())
        self.has_slot, self._slot_since = False, None

    def lend_slot(self) -> None:
        """Count no time from now on, until `take_slot_back`."""
        self._slot_seconds, self._slot_since = self.trained_seconds(time.monotonic()), None

    def take_slot_back(self) -> None:
        self._slot_since = time.monotonic()
        self.forget_rate()

    def forgive(self, seconds: float, now: float) -> None:
        """Do not count this many seconds: the process was suspended meanwhile."""
        self._slot_since = _later(self._slot_since, seconds, now)
        self.paused_since = _later(self.paused_since, seconds, now)

    def add(self, record: StepRecord) -> None:
        self.history.append(record)
        self.preparing = None
        self.last_update_time = time.time()
        if record.update == 0:  # the evaluation of the untrained policy is no update
            return
        self._recent.append(time.monotonic())
        if self.allowance:
            self.allowance -= 1

    def forget_rate(self) -> None:
        """Start measuring the rate anew, so that a pause does not lower it."""
        self._recent.clear()

    def view(self, position: int | None) -> RunView:
        return RunView(
            self.status,
            self.history.last_update,
            self.config.expected_updates(self.history.last_update, self.history.last_samples),
            self.error,
            self.traceback,
            position,
            self._rate(),
            self.last_update_time,
            self.preparing,
        )

    def _rate(self) -> float | None:
        seconds = self._recent[-1] - self._recent[0] if len(self._recent) > 1 else 0.0
        return (len(self._recent) - 1) / seconds if seconds > 0 else None


class LiveComparison:
    """Runs that were started together, and who is looking at them. Guarded by the scheduler's lock."""

    def __init__(self, comparison: str, owner: str, scenario: str, runs: list[LiveRun]):
        self.id, self.owner, self.scenario = comparison, owner, scenario
        self.created = time.time()
        self.runs: dict[str, LiveRun] = {}
        self.viewers: set[str] = set()
        self.alone_since: float | None = time.monotonic()  # None while a viewer is attached
        for run in runs:
            self.add(run)

    def add(self, run: LiveRun) -> None:
        run.comparison = self
        self.runs = {**self.runs, run.label: run}  # a new dict: other threads may be iterating over the old one without the lock

    @property
    def finished(self) -> bool:
        return all(run.finished for run in self.runs.values())

    @property
    def ends(self) -> bool:
        return all(run.ends for run in self.runs.values())

    @property
    def paused_since(self) -> float | None:
        """When (monotonic) the last of its unfinished runs was paused; None while one trains or waits, and when all are over."""
        open_runs = [run for run in self.runs.values() if not run.finished]
        if not open_runs or any(run.paused_since is None for run in open_runs):
            return None
        return max(run.paused_since for run in open_runs)

    @property
    def size(self) -> int:
        """Updates times seeds that its histories may come to hold: their memory."""
        return sum(run.size for run in self.runs.values())

    def attach(self, viewer: str) -> None:
        self.viewers.add(viewer)
        self.alone_since = None

    def detach(self, viewer: str) -> None:
        if viewer in self.viewers:
            self.viewers.discard(viewer)
            if not self.viewers:
                self.alone_since = time.monotonic()

    def forgive(self, seconds: float, now: float) -> None:
        """Do not count this many seconds: the process was suspended, so no viewer could attach and nothing was trained."""
        self.alone_since = _later(self.alone_since, seconds, now)
        for run in self.runs.values():
            run.forgive(seconds, now)

    def view(self, positions: Mapping[LiveRun, int]) -> ComparisonView:
        runs = {label: run.view(positions.get(run)) for label, run in self.runs.items()}
        paused = None if self.paused_since is None else time.monotonic() - self.paused_since
        return ComparisonView(self.id, self.scenario, self.created, MappingProxyType(runs), len(self.viewers), paused)

    def history(self, label: str) -> History:
        """It does not grow."""
        return self.runs[label].history.snapshot()

    def results(self) -> dict[str, RunResult]:
        return {
            label: RunResult(run.config, run.history.snapshot(), run.status, run.error, run.traceback)
            for label, run in self.runs.items()
        }

    def configs(self) -> dict[str, RunConfig]:
        """Label -> the settings that the run began with."""
        return {label: stages(run.config, run.history.first_update)[0] for label, run in self.runs.items()}


def _later(since: float | None, seconds: float, now: float) -> float | None:
    """`since`, if there is one, so many seconds later, and not in the future: it may have begun after the process woke."""
    return None if since is None else min(since + seconds, now)
