"""A training that goes only as far as the test lets it, and what tests of the run manager ask of a comparison."""

import threading
import time
from collections import defaultdict
from dataclasses import replace

import numpy as np

from core.engine.types import StepRecord
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

PATIENCE = 30.0  # seconds for what takes milliseconds on an idle machine
CONFIG = RunConfig(
    task=ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4),
    replicas=2,
    updates=12,
    num_prompts=4,
    group_size=4,
    updates_per_rollout=4,
)


def eventually(holds, timeout: float = PATIENCE) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.002)


class Puppet:
    """A training that makes an update only when the test gives it one. Runs are told apart by their first seed."""

    def __init__(self):
        self.updates = defaultdict(lambda: threading.Semaphore(0))
        self.free = threading.Event()  # no more waiting
        self.order: list[int] = []  # first seeds of the runs in the order in which they began
        self.trouble: dict[int, BaseException] = {}  # first seed -> raised in place of the next update

    def give(self, seed: int, updates: int = 1) -> None:
        self.updates[seed].release(updates)

    def release_all(self) -> None:
        self.free.set()

    def __call__(self, config: RunConfig, *, should_stop, on_prepare, checkpoints, change):
        seed = config.first_seed
        self.order.append(seed)
        for update in range(1, config.updates + 1):
            while not (self.free.is_set() or should_stop() or self.updates[seed].acquire(timeout=0.01)):
                pass
            if seed in self.trouble:
                raise self.trouble[seed]
            yield StepRecord(update, 1, np.array([update] * 2), 0.1, {"loss": np.array([seed, update], dtype=float)})
            if should_stop():
                return


def runs(*seeds: int, **changes) -> dict[str, RunConfig]:
    return {f"run {seed}": replace(CONFIG, first_seed=seed, **changes) for seed in seeds}


def statuses(manager, comparison) -> list[str]:
    return [run.status for run in manager.view(comparison).runs.values()]


def positions(manager, comparison) -> list[int | None]:
    return [run.position for run in manager.view(comparison).runs.values()]


def updates(manager, comparison) -> list[int]:
    return [run.updates for run in manager.view(comparison).runs.values()]


def same(ours: StepRecord, theirs: StepRecord) -> bool:
    """Bit for bit, but for the time."""
    return (
        (ours.update, ours.rollout) == (theirs.update, theirs.rollout)
        and np.array_equal(ours.samples_generated, theirs.samples_generated)
        and ours.metrics.keys() == theirs.metrics.keys()
        and all(ours.metrics[name].tobytes() == theirs.metrics[name].tobytes() for name in ours.metrics)
    )
