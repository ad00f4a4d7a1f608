"""A thread that ends runs without viewers, and runs which have trained or been paused for longer than the limits allow. It also
removes finished runs from memory, collects garbage, and deletes old runs from the history. Time during which the process was suspended is
not counted."""

from __future__ import annotations

import gc
import time
from contextlib import suppress

from core.analysis.result import Status
from core.runs.admission import Admission
from core.runs.clock import WallClock, slept
from core.runs.live import LiveComparison
from core.runs.memory import give_back
from core.runs.recorder import Recorder
from core.runs.scheduler import Scheduler
from core.runs.service import ServiceThread
from core.runs.store.store import StoreError
from core.settings.limits import Limits

NOBODY = "nobody was watching"
PAUSED_FOR_LONG = "this shared server ends what has been paused for {seconds} seconds"
DEAD_CHECK_SECONDS = 60.0  # interval of the search for runs of other processes that died
# Two runs that train leave holes between the blocks that they free: without trims `addition` was seen to hold 1,083 MB, of which a
# third was in use, with a trim every second 564 MB. A trim takes about 20 ms of this thread and no lock that training needs.
TRIM_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0  # shorter suspensions go unnoticed; also how often opening the history is tried again


class Reaper:
    """A thread over the manager's `comparisons`, under the scheduler's lock. `stop`, under that lock, ends it."""

    def __init__(
        self,
        comparisons: dict[str, LiveComparison],
        scheduler: Scheduler,
        recorder: Recorder,
        admission: Admission,
        grace_seconds: float | None,
        limits: Limits,
    ):
        self._comparisons, self._scheduler, self._recorder, self._admission = comparisons, scheduler, recorder, admission
        self._grace, self._limits = grace_seconds, limits
        self._lock, self._changed = scheduler.lock, scheduler.changed
        self.garbage = False  # a run has ended since garbage was last collected
        self._open = True
        self._wall = WallClock()
        self._checked = self._tried = self._trimmed = time.monotonic()
        self._due = time.monotonic()  # when it is to look at the clock again
        self._thread = ServiceThread("run reaper", self._work)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why the reaper fails at present, as one line for the page; '' = no problem."""
        return self._thread.problem

    def stop(self) -> None:
        self._open = False
        self._changed.notify_all()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _work(self) -> bool:
        """Check all comparisons once, then wait for the next deadline. False after `stop`."""
        with self._lock:
            if not self._open:
                return False
            now = self._look()
            next_deadline = min(self._stop_unwatched(now), self._stop_overlong(now), self._stop_paused(now))
            self.garbage = self._admission.forget(self._comparisons) or self.garbage
            collect = self.garbage and not self._scheduler.active
            trims = TRIM_SECONDS if self._scheduler.active else HEARTBEAT_SECONDS  # at rest there is nothing to trim
            wait = 0.0 if collect else min(next_deadline, HEARTBEAT_SECONDS, trims)
            self._due = now + wait
            if collect:
                self.garbage = False
            else:
                self._changed.wait(wait)
        if collect:
            gc.collect()  # with torch in memory it takes long and stops every thread, so only while nothing trains
            give_back()
        now = time.monotonic()
        if self._scheduler.active and now - self._trimmed >= TRIM_SECONDS:
            self._trimmed = now
            give_back()
        if self._recorder.waits_for_store and now - self._tried >= HEARTBEAT_SECONDS:
            self._tried = now
            self._open_history()
        if now - self._checked > DEAD_CHECK_SECONDS:
            self._checked = now
            self._tidy_history()
        return True

    def _look(self) -> float:
        """Look at the clock: the monotonic time, by which one round decides. A suspension of the process since the round before is forgiven,
        whether it began while this thread waited or while it worked. Work that takes longer than a busy machine's delay is forgiven as well."""
        now = time.monotonic()
        asleep = slept(self._due, now)
        if asleep:
            for comparison in self._comparisons.values():
                comparison.forgive(asleep, now)
        return now

    def _open_history(self) -> None:
        with suppress(StoreError):  # shown to those who open the history
            store = self._recorder.open_store()
            with self._lock:
                self._recorder.adopt(store, self._comparisons.values())

    def _tidy_history(self) -> None:
        now, store = self._wall.now(), self._recorder.store
        if store is None:
            return
        hours = self._limits.retention_hours
        with suppress(StoreError):
            store.mark_interrupted()
            if hours is not None and now is not None:  # a clock that was set forward must not delete new runs
                store.purge_finished(before=now - hours * 3600.0)

    def _stop_overlong(self, now: float) -> float:
        """Stop runs that have trained for longer than the limit. Returns the seconds until the next one is due."""
        bound = self._limits.run_seconds
        if bound is None:
            return DEAD_CHECK_SECONDS
        waits = [DEAD_CHECK_SECONDS]
        for run in (run for c in self._comparisons.values() for run in c.runs.values() if not run.ends):
            left = bound - run.trained_seconds(now)
            if left <= 0:
                self._scheduler.stop_run(run, Status.STOPPED, f"this shared server lets a run train for {bound} seconds")
            elif run.has_slot:
                waits.append(left)
        return min(waits)

    def _stop_unwatched(self, now: float) -> float:
        """Stop comparisons that have had no viewer for longer than the grace period. Returns the seconds until the next one is due."""
        waits = [DEAD_CHECK_SECONDS]
        for comparison in self._comparisons.values():
            if self._grace is not None and comparison.alone_since is not None and not comparison.finished:
                left = comparison.alone_since + self._grace - now
                if left <= 0:
                    self._scheduler.stop(comparison, Status.STOPPED, NOBODY)
                else:
                    waits.append(left)
        return min(waits)

    def _stop_paused(self, now: float) -> float:
        """Stop comparisons that have been paused for longer than the limit, watched or not. Returns the seconds until the next one is
        due."""
        bound = self._limits.paused_seconds
        waits = [DEAD_CHECK_SECONDS]
        for comparison in self._comparisons.values() if bound is not None else ():
            if (since := comparison.paused_since) is not None:
                left = since + bound - now
                if left <= 0:
                    self._scheduler.stop(comparison, Status.STOPPED, PAUSED_FOR_LONG.format(seconds=bound))
                else:
                    waits.append(left)
        return min(waits)
