"""Which runs train now: a bounded number of slots, a fair queue for them, and one permanent thread per slot.

A run keeps its trainer as the iterator of its records. Pausing returns the slot and its thread, so a paused run takes no processor time;
resuming queues the run again, and any thread may take it up. A replay (`replay_slot`) is short and a person waits for it: one at a time
takes a free slot, or borrows that of a run between two of its updates. All state is guarded by one lock, which a thread takes once between
two updates.
"""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from core.analysis.result import Status
from core.engine.checkpoints import Checkpoints
from core.engine.types import StepRecord
from core.runs.live import LiveComparison, LiveRun
from core.runs.queueing import FairQueue
from core.runs.replays import Replay, WaitingReplays
from core.runs.service import ServiceThread
from core.runs.threads import give_way, limit_torch_threads
from core.settings.run import RunConfig

WAIT_SECONDS = 0.25  # seconds between two calls of a replay's on_wait
Train = Callable[..., Iterator[StepRecord]]  # core.engine.trainer.train, or what a test puts in its place


class Scheduler:
    """Every method may be called from any thread; none waits for training. `on_record(run, record)` is called by the run's thread
    without the lock, `on_status(run)` and `on_config(run)`, after its settings have changed, with it: all must be quick."""

    def __init__(
        self,
        max_active: int,
        train: Train,
        on_record: Callable[[LiveRun, StepRecord], None],
        on_status: Callable[[LiveRun], None],
        on_config: Callable[[LiveRun], None],
        checkpoints: Checkpoints | None = None,
    ):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)  # notified when a run's status has changed
        self.active = 0
        self._max_active = max_active
        self._train, self._on_record, self._on_status, self._on_config = train, on_record, on_status, on_config
        self._checkpoints = checkpoints
        self._queue: FairQueue[LiveRun] = FairQueue()
        self._ready: deque[LiveRun] = deque()  # have a slot, and wait for a thread
        self._handed_out = threading.Condition(self.lock)
        self._replays = WaitingReplays()
        self._open = True
        self.threads = [ServiceThread(f"run trainer {number}", self._work) for number in range(1, max_active + 1)]
        for thread in self.threads:
            thread.start()

    # Commands, on all runs of a comparison that have not finished

    def submit(self, *runs: LiveRun) -> None:
        """Queue new runs of one comparison; those that are to start paused wait for resume or step."""
        with self.lock:
            self._enqueue(runs[0].comparison, [run for run in runs if run.status is Status.QUEUED])

    def pause(self, comparison: LiveComparison) -> None:
        """A run that trains finishes its current update first."""
        with self.lock:
            for run in _unfinished(comparison):
                run.allowance = 0
                if self._queue.remove(run):
                    self._set(run, Status.PAUSED)

    def resume(self, comparison: LiveComparison) -> None:
        with self.lock:
            self._go_on(comparison, lambda run: None)

    def step(self, comparison: LiveComparison, updates: int) -> None:
        """This many more updates, counted from where each run is now or from where steps requested before will bring it."""
        with self.lock:
            self._go_on(comparison, lambda run: (run.allowance or 0) + updates)

    def stop(self, comparison: LiveComparison, status: Status = Status.STOPPED, reason: str = "") -> None:
        """A run that trains finishes its current update; the others end now."""
        with self.lock:
            for run in _unfinished(comparison):
                self.stop_run(run, status, reason)

    def stop_run(self, run: LiveRun, status: Status, reason: str) -> None:
        """One run that has not finished."""
        with self.lock:
            run.ending = run.ending or (status, reason)
            if run.has_slot:
                self.changed.notify_all()  # its slot may be lent to a replay
            else:
                self._queue.remove(run)
                self._end(run, *run.ending)
                run.records = None  # it was paused: no thread iterates over its records

    def close(self) -> None:
        """Start nothing any more; each thread ends after its current work."""
        with self.lock:
            self._open = False
            self._handed_out.notify_all()

    def positions(self) -> dict[LiveRun, int]:
        """Run -> its place in the queue, 1 = next, as the queue is now."""
        with self.lock:
            return {run: place for place, run in enumerate(self._queue, start=1)}

    # Slots, under the lock

    def _go_on(self, comparison: LiveComparison, allowance: Callable[[LiveRun], int | None]) -> None:
        woken = []
        for run in _unfinished(comparison):
            run.allowance = allowance(run)
            if run.status is Status.PAUSED:
                self._set(run, Status.QUEUED)
                woken.append(run)
        self._enqueue(comparison, woken, front=True)

    def _enqueue(self, comparison: LiveComparison, runs: Iterable[LiveRun], *, front: bool = False) -> None:
        self._queue.add(comparison.owner, comparison.id, runs, front=front)
        self._fill_slots()

    def _fill_slots(self) -> None:
        if self.active < self._max_active and self._grant_replay(borrowed=False):
            self.active += 1
        while self._open and len(self._queue) and self.active < self._max_active:
            run = self._queue.pop()
            run.take_slot()
            self.active += 1
            self._ready.append(run)
            self._handed_out.notify()
            self._set(run, Status.RUNNING)

    def _give_slot_back(self, run: LiveRun) -> None:
        if run.has_slot:
            run.leave_slot()
            self.active -= 1
            self._fill_slots()

    def _set(self, run: LiveRun, status: Status) -> None:
        run.set_status(status)
        self._on_status(run)
        self.changed.notify_all()

    def _end(self, run: LiveRun, status: Status, error: str = "", trace: str = "") -> None:
        """Set the final status of a run, unless it has one already."""
        if not run.finished:
            run.error, run.traceback, run.preparing = error, trace, None
            self._set(run, status)

    # The threads that train

    def _work(self) -> bool:
        """Train one run until it is over or pauses. False after `close`."""
        with self.lock:
            self._handed_out.wait_for(lambda: self._ready or not self._open)
            if not self._ready:
                return False
            run = self._ready.popleft()
        self._train_run(run)
        return True

    def _train_run(self, run: LiveRun) -> None:
        status, error, trace = Status.FAILED, "", ""
        try:
            limit_torch_threads()
            give_way()
            if not self._iterate(run):
                return
            status, error = (
                (Status.DONE, "") if run.complete else run.ending or (Status.FAILED, "the training ended before its last update")
            )
        except BaseException as caught:  # on any exception the run is kept with everything measured before, and its slot is freed
            error, trace = str(caught) or type(caught).__name__, traceback.format_exc()
        with self.lock:
            run.records = None  # its trainer's memory
            try:
                self._end(run, status, error, trace)
            finally:
                self._give_slot_back(run)

    def _iterate(self, run: LiveRun) -> bool:
        """False if the run has paused and given its slot back; it may be in another thread by then."""
        if run.ending is not None:
            return True
        if run.records is None:
            run.records = self._train(
                run.config,
                should_stop=lambda: run.ending is not None,
                on_prepare=lambda *progress: self._note_preparing(run, progress),
                checkpoints=self._checkpoints,
                change=lambda update: self._change(run, update),
            )
        for record in run.records:
            self._on_record(run, record)
            with self.lock:
                run.add(record)
                if run.allowance != 0 and not run.complete:
                    self._lend_slot(run)
                if run.ending is not None:
                    return True
                if run.allowance == 0 and not run.complete:
                    run.forget_rate()
                    self._set(run, Status.PAUSED)
                    self._give_slot_back(run)
                    return False
        return True

    def _change(self, run: LiveRun, update: int) -> RunConfig | None:
        with self.lock:
            changed = run.take_wanted(update)
            if changed is not None:
                self._on_config(run)
            return changed

    def _note_preparing(self, run: LiveRun, progress: tuple[str, int, int]) -> None:
        with self.lock:  # no pause here: other runs may be waiting for the same base model
            run.preparing = progress

    # Replays

    @contextmanager
    def replay_slot(self, owner: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """A slot for the calling thread, which may train while it holds it; owners take turns. Until there is one, `on_wait` is called
        every WAIT_SECONDS, and may raise to leave. ManagerFull if the owner has REPLAYS_PER_OWNER already, RuntimeError after `close`."""
        with self.lock:
            if not self._open:
                raise RuntimeError("the run manager has been shut down; make a new one")
            replay = self._replays.add(owner)
            self._fill_slots()
        try:
            while not replay.granted:
                with self.lock:
                    self.changed.wait_for(lambda: replay.granted, WAIT_SECONDS)
                if not replay.granted:
                    on_wait()
            yield
        finally:
            with self.lock:
                if self._replays.end(replay):
                    self.active -= not replay.borrowed
                    self._fill_slots()
                    self.changed.notify_all()

    def _lend_slot(self, run: LiveRun) -> None:
        """Called between two updates of `run`: lend its slot to a replay that waits. The time of the replay is not counted as the run's.
        Ending the run need not wait for the replay."""
        if run.ending is not None or (replay := self._grant_replay(borrowed=True)) is None:
            return
        run.lend_slot()
        self.changed.wait_for(lambda: replay.over or run.ending is not None)
        if replay.over:
            run.take_slot_back()
        else:  # the run ends, and leaves its slot to the replay
            replay.borrowed = False
            run.leave_slot()

    def _grant_replay(self, *, borrowed: bool) -> Replay | None:
        granted = self._replays.grant(borrowed=borrowed)
        if granted is not None:
            self.changed.notify_all()
        return granted


def _unfinished(comparison: LiveComparison) -> list[LiveRun]:
    return [run for run in comparison.runs.values() if not run.finished]
