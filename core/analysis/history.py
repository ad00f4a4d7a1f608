"""What a run has measured so far, as arrays over updates and seeds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.analysis.metrics import INDEX_COLUMNS, METRIC_NAMES
from core.engine.types import Distribution, StepRecord


class History:
    """Rows of one run of R seeds. U rows: `updates`, `rollouts`, `wall_seconds` are (U,), `samples` and every metric (U, R). The first row
    of a run that is no fork is update 0: the score of the untrained policy, and nothing else. Histories of earlier versions lack it."""

    def __init__(self, seeds: Iterable[int]):
        self.seeds = tuple(seeds)
        self._records: list[StepRecord] = []

    def append(self, record: StepRecord) -> None:
        self._records.append(record)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def first_update(self) -> int:
        """The update of the first row, 1 without rows. It is 0 in a log that counts from there."""
        return self._records[0].update if self._records else 1

    @property
    def last_update(self) -> int:
        """The update of the last row, 0 without rows. A fork's rows begin where it left its run."""
        return self._records[-1].update if self._records else 0

    @property
    def ends(self) -> np.ndarray:
        """(R,) the last update that each seed was trained in: a seed that has spent its budget of samples has no metrics afterwards."""
        trained = ~np.isnan(self.metric("grad_norm"))
        last = len(self) - 1 - trained[::-1].argmax(0)
        return np.where(trained.any(0), self.updates[last], self.last_update)

    @property
    def common_end(self) -> int:
        """The last update in which every seed was still trained; a fork can begin no later."""
        return int(self.ends.min()) if len(self) else 0

    @property
    def last_samples(self) -> list[int]:
        """Completions that each seed has generated, 0 without rows."""
        return self._records[-1].samples_generated.tolist() if self._records else [0] * len(self.seeds)

    def snapshot(self) -> History:
        """The rows so far as a history of their own. Rows are only ever appended, so it is whole while another thread appends;
        the arrays of a growing history are not."""
        copy = History(self.seeds)
        copy._records = self._records[:]
        return copy

    def after(self, update: int) -> list[StepRecord]:
        """The records of later updates than `update`, oldest first: all after -1, those of the training after 0. Safe while another
        thread appends."""
        return self._records[bisect_right(self._records, update, key=lambda record: record.update) :]

    @property
    def trained(self) -> int:
        """How many updates it has rows of: all rows but that of update 0."""
        return len(self.after(0))

    @property
    def updates(self) -> np.ndarray:
        return np.array([r.update for r in self._records], dtype=int)

    @property
    def rollouts(self) -> np.ndarray:
        return np.array([r.rollout for r in self._records], dtype=int)

    @property
    def wall_seconds(self) -> np.ndarray:
        return np.array([r.wall_seconds for r in self._records])

    @property
    def samples(self) -> np.ndarray:
        """(U, R) completions sampled since the start."""
        return np.array([r.samples_generated for r in self._records], dtype=int).reshape(len(self), len(self.seeds))

    def metric(self, name: str) -> np.ndarray:
        """(U, R); NaN where it was not measured."""
        empty = np.full(len(self.seeds), np.nan)
        return np.array([r.metrics.get(name, empty) for r in self._records], dtype=float).reshape(len(self), len(self.seeds))

    def distributions(self) -> list[tuple[int, Distribution]]:
        """(update, what the policy would generate) at the updates at which it was recorded, oldest first; [] if it never was."""
        return [(r.update, r.distribution) for r in self._records if r.distribution is not None]

    def frame(self, *, run_id: str, algorithm: str, token_cost: np.ndarray | None = None) -> pd.DataFrame:
        """Tidy: one row per update and seed, seeds within updates; the columns of the metric table. `token_cost` (U, R) is that of
        `core.analysis.cost`."""
        count = len(self.seeds)
        columns = {
            "run_id": run_id,
            "algorithm": algorithm,
            "seed": np.tile(np.array(self.seeds, dtype=int), len(self)),
            "update": np.repeat(self.updates, count),
            "rollout": np.repeat(self.rollouts, count),
            "samples_generated": self.samples.ravel(),
            "wall_seconds": np.repeat(self.wall_seconds, count),
            "token_cost": np.full(self.samples.size, np.nan) if token_cost is None else token_cost.ravel(),
        }
        columns |= {name: self.metric(name).ravel() for name in METRIC_NAMES}
        return pd.DataFrame(columns, columns=[*INDEX_COLUMNS, *METRIC_NAMES])
