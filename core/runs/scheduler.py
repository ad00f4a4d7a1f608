"""Which runs train now: a bounded number of slots, a fair queue for them, and one thread per run that has had a slot.

A run's thread keeps its trainer. To pause is to give the slot back and to sleep until woken, which costs no processor time; to resume
is to queue again. All state is guarded by one lock, which a thread takes once between two updates.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import torch

from core.analysis.result import Status
from core.engine.checkpoints import Checkpoints
from core.engine.types import StepRecord
from core.runs.live import Comparison, LiveRun
from core.runs.queueing import FairQueue

NICENESS = 10  # of the threads that train; the others have 0
Train = Callable[..., Iterator[StepRecord]]  # core.engine.trainer.train, or what a test puts in its place


def limit_torch_threads() -> None:
    """One thread for torch's own work: the tensors are tiny, and the runs are what fills the cores. Process-wide: it holds for this
    thread and for every thread that starts to use torch later."""
    torch.set_num_threads(1)


def give_way() -> None:
    """This thread leaves the processor to whoever answers people: pages, and on one's own machine the browser. Only Linux gives a
    thread a priority of its own; elsewhere nothing happens. Measured with two runs, their server and a browser on two cores: what a
    page does takes a quarter less time."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class Scheduler:
    """Every method may be called from any thread; none waits for training. `on_record(run, record)` is called by the run's thread
    without the lock, `on_status(run)` with it: both must be quick."""

    def __init__(
        self,
        max_active: int,
        train: Train,
        on_record: Callable[[LiveRun, StepRecord], None],
        on_status: Callable[[LiveRun], None],
        checkpoints: Checkpoints | None = None,
    ):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)  # some run's status is not what it was
        self.active = 0
        self._max_active = max_active
        self._train, self._on_record, self._on_status = train, on_record, on_status
        self._checkpoints = checkpoints
        self._queue: FairQueue[LiveRun] = FairQueue()
        self._open = True

    # Commands, on all runs of a comparison that have not finished

    def submit(self, *runs: LiveRun) -> None:
        """Queue new runs of one comparison; those that are to start paused wait for resume or step."""
        with self.lock:
            self._enqueue(runs[0].comparison, [run for run in runs if run.status is Status.QUEUED])

    def pause(self, comparison: Comparison) -> None:
        """A run that trains finishes the update that it is in."""
        with self.lock:
            for run in _unfinished(comparison):
                run.allowance = 0
                if self._queue.remove(run):
                    self._set(run, Status.PAUSED)

    def resume(self, comparison: Comparison) -> None:
        with self.lock:
            self._go_on(comparison, lambda run: None)

    def step(self, comparison: Comparison, updates: int) -> None:
        """So many updates more from where each run is now, or from where steps asked for before will bring it."""
        with self.lock:
            self._go_on(comparison, lambda run: (run.allowance or 0) + updates)

    def stop(self, comparison: Comparison, status: Status = Status.STOPPED, reason: str = "") -> None:
        """A run that trains finishes the update that it is in, the others are over now."""
        with self.lock:
            for run in _unfinished(comparison):
                self.stop_run(run, status, reason)

    def stop_run(self, run: LiveRun, status: Status, reason: str) -> None:
        """One run that has not finished."""
        with self.lock:
            run.ending = run.ending or (status, reason)
            if not run.has_slot:
                self._queue.remove(run)
                self._end(run, *run.ending)
                run.wake.notify_all()

    def close(self) -> None:
        """Nothing is started from now on."""
        with self.lock:
            self._open = False

    def positions(self) -> dict[LiveRun, int]:
        """Run -> its place in the queue, 1 = next, as the queue is now."""
        with self.lock:
            return {run: place for place, run in enumerate(self._queue, start=1)}

    # Slots, under the lock

    def _go_on(self, comparison: Comparison, allowance: Callable[[LiveRun], int | None]) -> None:
        woken = []
        for run in _unfinished(comparison):
            run.allowance = allowance(run)
            if run.status is Status.PAUSED:
                self._set(run, Status.QUEUED)
                woken.append(run)
        self._enqueue(comparison, woken, front=True)

    def _enqueue(self, comparison: Comparison, runs: Iterable[LiveRun], *, front: bool = False) -> None:
        self._queue.add(comparison.owner, comparison.id, runs, front=front)
        self._fill_slots()

    def _fill_slots(self) -> None:
        while self._open and len(self._queue) and self.active < self._max_active:
            run = self._queue.pop()
            run.take_slot()
            self.active += 1
            self._set(run, Status.RUNNING)
            if run.thread is None:
                self._start_thread(run)
            else:
                run.wake.notify_all()

    def _start_thread(self, run: LiveRun) -> None:
        # A daemon: a program that wants to end is not held up by training. Whoever wants an orderly end shuts the manager down.
        run.thread = threading.Thread(target=self._work, args=(run,), name=f"run {run.label}", daemon=True)
        try:
            run.thread.start()
        except RuntimeError as error:  # the system has no thread left
            run.thread = None
            self._end(run, Status.FAILED, f"{error}; stop other runs and start again", traceback.format_exc())
            self._give_slot_back(run)

    def _give_slot_back(self, run: LiveRun) -> None:
        if run.has_slot:
            run.leave_slot()
            self.active -= 1
            self._fill_slots()

    def _set(self, run: LiveRun, status: Status) -> None:
        run.status = status
        self._on_status(run)
        self.changed.notify_all()

    def _end(self, run: LiveRun, status: Status, error: str = "", trace: str = "") -> None:
        """The first end counts."""
        if not run.finished:
            run.error, run.traceback, run.preparing = error, trace, None
            self._set(run, status)

    # The run's own thread

    def _work(self, run: LiveRun) -> None:
        status, error, trace = Status.FAILED, "", ""
        try:
            limit_torch_threads()
            give_way()
            self._iterate(run)
            status, error = (
                (Status.DONE, "") if run.complete else run.ending or (Status.FAILED, "the training ended before its last update")
            )
        except BaseException as caught:  # whatever it is, the run is kept with everything before it, and its slot is free again
            error, trace = str(caught) or type(caught).__name__, traceback.format_exc()
        with self.lock:
            self._end(run, status, error, trace)
            self._give_slot_back(run)

    def _iterate(self, run: LiveRun) -> None:
        records = self._train(
            run.config,
            should_stop=lambda: run.ending is not None,
            on_prepare=lambda *progress: self._note_preparing(run, progress),
            checkpoints=self._checkpoints,
        )
        with closing(records):
            for record in records:
                self._on_record(run, record)
                if not self._count_and_wait(run, record):
                    return

    def _note_preparing(self, run: LiveRun, progress: tuple[str, int, int]) -> None:
        with self.lock:  # no pause here: other runs may be waiting for the same base model
            run.preparing = progress

    def _count_and_wait(self, run: LiveRun, record: StepRecord) -> bool:
        """Between two updates: wait here while the run is paused or queued. False if it is to end. Whoever sees the update finds the
        run waiting or in the next one, so that a step from what is seen is exact."""
        with self.lock:
            run.add(record)
            if run.ending is None and run.allowance == 0 and not run.complete:
                run.forget_rate()
                self._set(run, Status.PAUSED)
                self._give_slot_back(run)
                run.wake.wait_for(lambda: run.status is Status.RUNNING or run.ending is not None)
            return run.ending is None


def _unfinished(comparison: Comparison) -> list[LiveRun]:
    return [run for run in comparison.runs.values() if not run.finished]
