"""Settings and records that tests of the history write."""

import time
from pathlib import Path

import numpy as np

from core.engine.types import StepRecord
from core.runs.store.store import Store
from core.settings.algorithm import DAPO
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

TASK = ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4)
CONFIG = RunConfig(
    task=TASK, algorithm=DAPO, replicas=2, updates=12, num_prompts=4, group_size=4, updates_per_rollout=4, first_seed=3
)
ROOT = Path(__file__).parents[4]


def record(update: int, **metrics) -> StepRecord:
    metrics = {name: np.array(value, dtype=float) for name, value in (metrics or {"loss": [update, -update]}).items()}
    return StepRecord(update, 1 + update // 4, np.array([16 * update, 2**40 + update]), 0.5 * update, metrics)


def begin(store: Store, owner: str = "ann", label: str = "DAPO", status: str = "running") -> int:
    return store.add_run(store.add_comparison(owner=owner, scenario="tiny"), label, CONFIG, status=status)


def eventually(holds, timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)
