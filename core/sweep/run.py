"""A sweep: plan → executor → store, until everything is measured or somebody stops it. What has been measured is kept whatever happens."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.sweep.executor.protocol import Executor, ShardOutcome
from core.sweep.grid import Grid
from core.sweep.measured import Measured
from core.sweep.plan import Plan, Shard
from core.sweep.store import SweepStore
from core.sweep.unit import Unit

ATTEMPTS = 4  # of a shard whose worker is lost each time
TICK_SECONDS = 0.25
AHEAD = 1.25  # shards that wait at the executor, per worker, so that none is idle between two


@dataclass(frozen=True)
class Progress:
    """How far a sweep is. A cell counts once for each side."""

    cells: int  # measured, those found in the store included
    total: int
    found: int = 0  # of them in the store before
    replicas: int = 0  # seeds of cells that were trained now
    replicas_total: int = 0  # … that there were to train
    runs: int = 0  # merged runs that they were trained as
    units: int = 0  # units that these runs held
    seconds: float = 0.0  # since it began
    worker_seconds: float = 0.0  # of the processors, all workers together
    troubles: tuple[str, ...] = ()  # a sentence for each shard that was lost, or failed
    failed: int = 0  # cells that were given up
    held: bool = False  # it waits for others to be done first

    @property
    def done(self) -> bool:
        return self.cells + self.failed >= self.total

    @property
    def rate(self) -> float | None:
        """Cells per second since it began, from the seeds that were trained; None before the first."""
        if not self.replicas or not self.seconds or not self.replicas_total:
            return None
        return (self.total - self.found) * self.replicas / self.replicas_total / self.seconds

    @property
    def seconds_left(self) -> float | None:
        """At that rate. None before the first result."""
        if self.done:
            return 0.0
        return (self.replicas_total - self.replicas) * self.seconds / self.replicas if self.replicas else None


@dataclass
class Sweep:
    """One sweep, run by one thread. `plan` and `progress` may be read by others at any time."""

    grid: Grid
    store: SweepStore
    merge: bool = True
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.plan = Plan(self.grid, merge=self.merge)
        self.plan.add(self.store.known(self.plan.keys))
        found = len(self.plan.measured)
        self.progress = Progress(
            found, len(self.plan.units), found, replicas_total=sum(unit.config.replicas for unit in self.plan.todo)
        )
        self._attempts: Counter[Unit] = Counter()
        self._suspects: set[Unit] = (
            set()
        )  # lost twice: trained with nothing beside them, so that no other shard is blamed for them

    def run(
        self,
        executor: Executor,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        may_start: Callable[[], bool] = lambda: True,
        limit_seconds: float | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> Progress:
        """Train what is missing. `may_start()` False lets no further shard begin for as long as it says so; after `limit_seconds` of its
        workers together none begins any more. SweepStoreError if results cannot be kept."""
        began, waiting = time.monotonic(), 0
        while not should_stop():
            if limit_seconds is not None and self.progress.worker_seconds > limit_seconds:
                self._tell(
                    f"This server lets a sweep train for {limit_seconds:,.0f} seconds; what was measured until then is kept."
                )
                break
            free = may_start()
            most = 1 if self._suspects else max(AHEAD * executor.workers, executor.workers + 1)
            while free and waiting < most:
                shard = self.plan.next(executor.workers)
                if shard is None:
                    break
                executor.submit(shard)
                waiting += 1
            if not waiting and self.plan.is_empty:
                break
            outcomes = executor.collect(TICK_SECONDS)
            if not waiting:
                time.sleep(TICK_SECONDS)
            waiting -= len(outcomes)
            for outcome in outcomes:
                self._take(outcome)
            self.progress = replace(self.progress, seconds=time.monotonic() - began, held=not free)
            on_progress(self.progress)
        return self.progress

    def _take(self, outcome: ShardOutcome) -> None:
        shard = outcome.shard
        self._suspects -= set(shard.units)
        if outcome.numbers is not None:
            self.store.add(zip(shard.units, shard.texts, outcome.numbers, strict=True), outcome.seconds)
            numbers = {unit.key: Measured.from_bytes(data) for unit, data in zip(shard.units, outcome.numbers, strict=True)}
            self.plan.add(numbers)
            self.progress = replace(
                self.progress, cells=len(self.plan.measured), replicas=self.progress.replicas + shard.replicas,
                runs=self.progress.runs + 1, units=self.progress.units + len(shard.units),
                worker_seconds=self.progress.worker_seconds + outcome.seconds)  # fmt: skip
        elif outcome.lost and self._may_try_again(shard):
            self.plan.take_back(shard)
            self._tell(f"{len(shard.units)} cells are trained again: {outcome.error}.")
        else:
            self._suspects -= set(shard.units)
            places = {place for place, units in self.plan.units.items() if any(unit in units for unit in shard.units)}
            self.progress = replace(self.progress, failed=self.progress.failed + len(places))
            (cell, label), *_ = places
            self._tell(
                f"{len(places)} cells were given up, {label} at {', '.join(self.grid.texts(cell))} among them: {outcome.error}."
            )

    def _may_try_again(self, shard: Shard) -> bool:
        self._attempts.update(shard.units)
        if any(self._attempts[unit] > 1 for unit in shard.units):
            self._suspects |= set(shard.units)
        return all(self._attempts[unit] < ATTEMPTS for unit in shard.units)

    def _tell(self, trouble: str) -> None:
        self.progress = replace(self.progress, troubles=(*self.progress.troubles, trouble))
