"""The run manager: comparisons train in the background, in a bounded number of threads, for visitors who connect and leave.

Make one per process and share it with all code that shows runs. A comparison's id is its only protection: every caller that has it may read
and control the comparison. It holds more than 127 random bits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from core.analysis.result import Status
from core.engine.checkpoints import Checkpoints
from core.engine.cost import check as check_cost
from core.engine.cost import check_continued
from core.engine.trainer import train as train_run
from core.runs.admission import Admission, ManagerFull
from core.runs.held import HeldComparisons
from core.runs.live import LiveComparison, LiveRun
from core.runs.memory import bound_heap
from core.runs.reaper import Reaper
from core.runs.recorder import Recorder, StoredComparison, UnknownComparison
from core.runs.replays import bound_on_replay
from core.runs.scheduler import Scheduler, Train
from core.runs.store.ids import new_id
from core.runs.store.store import Store
from core.settings.fields import ConfigError
from core.settings.labels import check_distinct, check_label
from core.settings.limits import NONE, Limits
from core.settings.run import RunConfig


class RunManager(HeldComparisons):
    """Every method may be called from any thread, and only `shutdown` and `wait` wait for training.

    As a context manager it is shut down in the end.

    At most `max_active` runs train at a time; the others wait in a queue that alternates between owners. A run gives bit for bit the
    records that `train(config)` gives, regardless of pauses and of other runs. A comparison without viewers is stopped after
    `grace_seconds` (None: never). Bounds on memory: `max_unfinished` unfinished runs, of which `max_per_owner` may belong to one owner, and
    `max_seed_updates` (updates times seeds, summed over all runs held; 80 to 170 bytes each). A finished comparison is removed from memory
    when its room is needed, at the latest when `keep_finished` newer ones are held; with a store it can still be viewed. `open_store` is
    for a store that could not be opened at first: it is called repeatedly until it no longer raises StoreError, and everything held by then
    is written to the store that it returns.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        max_active: int | None = None,
        grace_seconds: float | None = 150.0,
        keep_finished: int = 20,
        max_unfinished: int = 128,
        max_per_owner: int = 32,
        max_seed_updates: int = 1_000_000,
        limits: Limits = NONE,
        train: Train = train_run,
        open_store: Callable[[], Store] | None = None,
    ):
        bound_heap()
        self._admission = Admission(keep_finished, max_unfinished, max_per_owner, max_seed_updates, limits)
        self.limits = limits
        self._max_active = max_active or os.cpu_count() or 1
        self.checkpoints = Checkpoints()
        recorder = Recorder(store, open_store)
        scheduler = Scheduler(self._max_active, train, recorder.append, self._on_status, recorder.set_config, self.checkpoints)
        super().__init__(scheduler, recorder)
        self._open = True
        self._reaper = Reaper(self._comparisons, self._scheduler, self._recorder, self._admission, grace_seconds, limits)

    # Commands

    def check(self, runs: dict[str, RunConfig]) -> None:
        """ConfigError if `runs`, label -> settings, ask for more than the limits or the machine's memory allow. Nothing is built."""
        self.limits.check(runs)
        check_cost(runs, self.limits, at_once=self._max_active)

    def start(
        self, runs: dict[str, RunConfig], *, owner: str, scenario: str, viewer: str | None = None, paused: bool = False
    ) -> str:
        """Queue a comparison, label -> settings, and return its id. `viewer` is attached from the beginning; `paused` waits for
        `resume` or `step`. ManagerFull if there is no room, ConfigError if `runs` is empty, has two labels that could be taken for each
        other, or asks for more than the limits or the machine's memory allow, RuntimeError after shutdown."""
        if not runs:
            raise ConfigError("runs must hold at least one run, got none; give a label and its settings")
        check_distinct(runs)
        self.check(runs)
        live = [LiveRun(label, config, paused=paused) for label, config in runs.items()]
        comparison = LiveComparison(new_id(16), owner, scenario, live)
        if viewer is not None:
            comparison.attach(viewer)
        with self._lock:
            if not self._open:
                raise RuntimeError("the run manager has been shut down; make a new one")
            self._make_room(comparison, live)
            self._recorder.add(comparison)
            self._comparisons[comparison.id] = comparison
            self._scheduler.submit(*live)
            self._changed.notify_all()  # wake the reaper: there is a new deadline
        return comparison.id

    def add(self, comparison: str, label: str, config: RunConfig, *, viewer: str | None = None) -> None:
        """Queue one more run beside those of `comparison`, which may be over, or in the store alone: a fork beside its original. ConfigError
        if the label is taken, UnknownComparison, ManagerFull, and RuntimeError after shutdown."""
        found = self._look_up(comparison)
        if isinstance(found, StoredComparison):
            found = found.in_memory()
        live = LiveRun(label, config, paused=False)
        with self._lock:
            if not self._open:
                raise RuntimeError("the run manager has been shut down; make a new one")
            found = self._comparisons.get(comparison, found)  # another caller may have added it meanwhile
            check_label(label, taken=found.runs)
            self.limits.check({k: run.config for k, run in found.runs.items()} | {label: config})
            check_cost({label: config}, self.limits, at_once=self._max_active)
            live.comparison = found
            self._make_room(found, [live])
            found.add(live)
            self._comparisons[comparison] = found
            if viewer is not None:
                found.attach(viewer)
            self._recorder.add_run(live)
            self._scheduler.submit(live)
            self._changed.notify_all()

    def change(self, comparison: str, label: str, config: RunConfig) -> None:
        """Go on with `config`, which is no fork, from the end of the present rollout of a run that is not over: its history goes on, and its
        settings become a fork of those that it had. A later call before that counts in place of this one. ConfigError if it cannot go on
        with these settings, or they ask for too much; UnknownComparison, also for a label that there is not."""
        found = self._find(comparison)
        run = found.runs.get(label)
        if run is None:
            raise UnknownComparison(comparison)
        check_continued(run.config, config, run.history.last_update)
        self.limits.check({k: config if k == label else r.config for k, r in found.runs.items()})
        check_cost({label: config}, self.limits, at_once=self._max_active)
        with self._lock:
            if not run.ends:
                run.wanted = config

    def _make_room(self, comparison: LiveComparison, new: list[LiveRun]) -> None:
        self._admission.check(self._comparisons, comparison.owner, new)
        gone = self._admission.forget(self._comparisons, coming=sum(run.size for run in new), keep=comparison.id)
        self._reaper.garbage = gone or self._reaper.garbage

    def pause(self, comparison: str) -> None:
        """Each run pauses after its current update and frees its slot for others. UnknownComparison, here and below, if no comparison in
        memory has this id; a finished run is left as it is."""
        self._scheduler.pause(self._find(comparison))

    def resume(self, comparison: str) -> None:
        """Continue paused runs; if no slot is free they wait at the front of their owner's queue."""
        self._scheduler.resume(self._find(comparison))

    def step(self, comparison: str, updates: int = 1) -> None:
        """Train exactly this many updates of every run, then pause. Steps that are requested before the earlier ones are done add up."""
        if updates < 1:
            raise ValueError(f"updates must be at least 1, got {updates}; ask for one or more")
        self._scheduler.step(self._find(comparison), updates)

    def stop(self, comparison: str) -> None:
        """End all runs of the comparison; what they have measured is kept."""
        self._scheduler.stop(self._find(comparison))

    def reset(self, comparison: str, *, viewer: str | None = None) -> str:
        """Stop the comparison and start another one with the same settings and seeds; returns its id. Works on every comparison of the
        store too."""
        found = self._look_up(comparison)
        if isinstance(found, LiveComparison):
            self._scheduler.stop(found)
        return self.start(found.configs(), owner=found.owner, scenario=found.scenario, viewer=viewer)

    # What else pages ask for

    def settings_ahead(self, comparison: str) -> dict[str, RunConfig]:
        """Label -> the settings that each run of a comparison in memory trains with from its next rollout on: those that `change` has asked
        for, else its present ones, in either case without the fork that they may be."""
        found = self._find(comparison)
        with self._lock:
            return {label: run.wanted or replace(run.config, fork=None) for label, run in found.runs.items()}

    @contextmanager
    def replay_slot(self, owner: str, on_wait: Callable[[], None] = lambda: None) -> Iterator[Callable[[], None]]:
        """A slot in which the calling thread may replay a run for the step inspector. One replay runs at a time; while this one waits,
        `on_wait` is called repeatedly and may raise to give up. The function that is yielded must be called between updates: it raises
        TimeoutError when the replay has taken longer than a run may. ManagerFull if `owner` waits for too many already."""
        with self._scheduler.replay_slot(owner, on_wait):
            yield bound_on_replay(self.limits.run_seconds)

    @property
    def problem(self) -> str:
        """Why a thread of the manager fails at present (it tries again), as one line for the page; '' = no problem."""
        return "; ".join(filter(None, (thread.problem for thread in (*self._scheduler.threads, self._reaper))))

    def shutdown(self, timeout: float = 10.0) -> None:
        """Interrupt the unfinished runs, wait up to `timeout` seconds for the threads, and write everything to the store, which stays open.
        Idempotent. Register it with `atexit` in a program that may end while runs go on."""
        with self._lock:
            self._open = False
            self._reaper.stop()
            self._scheduler.close()
            for comparison in self._comparisons.values():
                self._scheduler.stop(comparison, Status.INTERRUPTED, "the program was ended")
            self._changed.notify_all()
        deadline = time.monotonic() + timeout
        for thread in (*self._scheduler.threads, self._reaper):
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._recorder.store is not None:
            self._recorder.store.flush(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()

    # Callbacks of the scheduler

    def _on_status(self, run: LiveRun) -> None:
        self._reaper.garbage = self._reaper.garbage or run.finished
        self._recorder.set_status(run)


__all__ = ["ManagerFull", "RunManager", "UnknownComparison"]
