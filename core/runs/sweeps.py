"""Sweeps in the background: one trains at a time, in processes of its own that let everything else go first; the others wait their turn.

On a shared server a sweep has limits of its own (`core.settings.limits`), and none of its shards begins while a comparison trains or waits.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.engine.cost import check as check_cost
from core.runs.admission import ManagerFull
from core.runs.service import ServiceThread
from core.settings.fields import ConfigError
from core.settings.limits import NONE, Limits
from core.sweep.executor import Executor
from core.sweep.executor.processes import Processes
from core.sweep.grid import Grid
from core.sweep.map import SweepMap
from core.sweep.measured import Measured
from core.sweep.plan import Place, Plan
from core.sweep.run import Progress, Sweep
from core.sweep.store import SweepStore, SweepStoreError

NICENESS = 10  # of the processes that train
KEPT_SWEEPS = 20  # finished ones whose progress can still be asked for
KEPT_RESULTS = 20_000  # on a shared server, about 15 kB each
WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class SweepView:
    """The state of one sweep at one moment. `position` in the queue, 0 = it trains; None = it is over."""

    progress: Progress
    position: int | None
    error: str = ""

    @property
    def finished(self) -> bool:
        return self.position is None


class _Job:
    def __init__(self, name: str, owner: str, sweep: Sweep):
        self.name, self.owner, self.sweep = name, owner, sweep
        self.stopped, self.over, self.error = threading.Event(), False, ""


class SweepManager:
    """Every method may be called from any thread. Two visitors who ask for the same map share one sweep. `busy` says whether a comparison
    trains or waits."""

    def __init__(
        self,
        store: SweepStore,
        busy: Callable[[], bool],
        limits: Limits = NONE,
        make_executor: Callable[[], Executor] | None = None,
    ):
        self.store, self._busy, self._limits = store, busy, limits
        workers = None if limits == NONE else 1
        self._make = make_executor or (lambda: Processes(workers, niceness=NICENESS))
        self._jobs: dict[str, _Job] = {}  # oldest first
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._open = True
        self._thread = ServiceThread("sweeps", self._round)
        self._thread.start()

    def check(self, grid: Grid) -> None:
        """ConfigError if the map asks for more than the limits or the machine's memory allow."""
        most = self._limits.sweep_cells
        count = len(grid.configs)
        if most is not None and count > most:
            raise ConfigError(
                f"a map must have at most {most:,} cells of all sides on this shared server, got {count:,}; choose fewer values, or run it on "
                "your own machine"
            )
        for runs in ({label: grid.configs[cell, label] for label in grid.runs} for cell in grid.cells):
            self._limits.check(runs)
        check_cost(dict(zip(map(str, grid.configs), grid.configs.values(), strict=True)), self._limits)

    def start(self, grid: Grid, owner: str) -> str:
        """Queue the sweep of `grid` and return its name; the same for the same map. ConfigError beyond the limits, ManagerFull if `owner` has
        one already, or all visitors too many."""
        self.check(grid)
        name = name_of(grid)
        with self._lock:
            if not self._open:
                raise RuntimeError("the sweep manager has been shut down; make a new one")
            job = self._jobs.get(name)
            if job is not None and not job.over:
                return name
            waiting = [job for job in self._jobs.values() if not job.over]
            if self._limits.sweeps is not None and len(waiting) >= self._limits.sweeps:
                raise ManagerFull(f"{len(waiting)} sweeps are waiting already; try again later, or run it on your own machine")
            if any(job.owner == owner for job in waiting):
                raise ManagerFull("one of your sweeps is not over yet; stop it, or wait for its end")
        job = _Job(name, owner, Sweep(grid, self.store))  # reads the store: not under the lock
        with self._lock:
            if name in self._jobs and not self._jobs[name].over:  # started by another caller meanwhile
                return name
            self._jobs.pop(name, None)
            self._jobs[name] = job
            for old in [job for job in self._jobs.values() if job.over][:-KEPT_SWEEPS]:
                del self._jobs[old.name]
        self._wake.set()
        return name

    def stop(self, name: str) -> None:
        """End it; what it has measured is kept."""
        with self._lock:
            if name in self._jobs:
                self._jobs[name].stopped.set()

    def view(self, name: str) -> SweepView | None:
        """None if no sweep of this name was started here."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None:
                return None
            waiting = [other for other in self._jobs.values() if not other.over]
            return SweepView(job.sweep.progress, None if job.over else waiting.index(job), job.error)

    def map(self, grid: Grid) -> SweepMap:
        """What is measured of `grid` so far, by whichever process it was trained. SweepStoreError if it cannot be read."""
        with self._lock:
            job = self._jobs.get(name_of(grid))
        return SweepMap(grid, job.sweep.plan.partly() if job is not None else self._stored(grid))

    def shutdown(self, timeout: float = 10.0) -> None:
        """Stop everything, wait up to `timeout` seconds, and close the store. Idempotent."""
        with self._lock:
            self._open = False
            for job in self._jobs.values():
                job.stopped.set()
        self._wake.set()
        self._thread.join(timeout)
        self.store.close()

    def _stored(self, grid: Grid) -> Mapping[Place, Measured]:
        plan = Plan(grid)
        plan.add(self.store.known(plan.keys))
        return plan.partly()

    def _round(self) -> bool:
        """Run the next sweep, or wait for one."""
        self._wake.wait(WAIT_SECONDS)
        self._wake.clear()
        while self._open:
            with self._lock:
                job = next((job for job in self._jobs.values() if not job.over), None)
            if job is None:
                break
            self._run(job)
        return self._open

    def _run(self, job: _Job) -> None:
        try:
            if not job.sweep.progress.done:
                with self._make() as executor:
                    job.sweep.run(
                        executor,
                        should_stop=job.stopped.is_set,
                        may_start=self._may_start,
                        limit_seconds=self._limits.sweep_seconds,
                    )
        except SweepStoreError as error:
            job.error = str(error)
        except BaseException as error:  # nobody foresaw it: told on the page, and logged by the thread, which goes on
            job.error = f"the sweep met an error and was ended ({str(error) or type(error).__name__})"
            raise
        finally:
            job.over = True
        if self._limits != NONE:
            self.store.keep_newest(KEPT_RESULTS)

    def _may_start(self) -> bool:
        return self._limits == NONE or not self._busy()


def name_of(grid: Grid) -> str:
    """The same for the same settings of all cells."""
    keys = "".join(f"{axis.name}={axis.texts}" for axis in grid.axes)
    runs = "".join(f"{label}{run}" for label, run in grid.runs.items())
    return hashlib.sha256((keys + runs).encode()).hexdigest()[:24]
