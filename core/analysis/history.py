"""What a run has measured so far, as arrays over updates and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.growing import GrowingRows
from core.analysis.metrics import INDEX_COLUMNS, METRIC_NAMES
from core.engine.types import Distribution, StepRecord

if TYPE_CHECKING:
    import pandas as pd


class History:
    """Rows of one run of R seeds. U rows: `updates`, `rollouts`, `wall_seconds` are (U,), `samples` and every metric (U, R). The first row
    of a run that is no fork is update 0: the score of the untrained policy, and nothing else. Histories of earlier versions lack it.

    A metric is kept for the rows in which it was measured: 8·R + 8 bytes each, and 8·R + 24 for the row itself. One thread may append
    while others call `snapshot` and `after`."""

    def __init__(self, seeds: Iterable[int]):
        self.seeds = tuple(seeds)
        count = len(self.seeds)
        self._measured = np.dtype([("row", int), ("values", float, count)])
        self._index = GrowingRows(np.dtype([("update", int), ("rollout", int), ("wall_seconds", float), ("samples", int, count)]))
        self._columns: dict[str, GrowingRows] = {}  # metric -> the rows in which it was measured
        self._distributions: list[tuple[int, Distribution]] = []  # (update, distribution)

    @classmethod
    def of_columns(
        cls, seeds: Iterable[int], updates: np.ndarray, rollouts: np.ndarray, metrics: Mapping[str, np.ndarray]
    ) -> History:
        """The history with these `updates` and `rollouts` (U,) and `metrics`, name -> (U, R); a row that is NaN for every seed was not
        measured. Samples and times are 0."""
        made = cls(seeds)
        index = np.zeros(len(updates), made._index.dtype)
        index["update"], index["rollout"] = updates, rollouts
        made._index = GrowingRows.of(index)
        for name, values in metrics.items():
            rows = np.flatnonzero(~np.isnan(values).all(1))
            column = np.empty(len(rows), made._measured)
            column["row"], column["values"] = rows, values[rows]
            made._columns[name] = GrowingRows.of(column)
        return made

    def append(self, record: StepRecord) -> None:
        row = len(self)
        for name, values in record.metrics.items():
            if name not in self._columns:
                self._columns[name] = GrowingRows(self._measured)
            self._columns[name].append((row, values))
        if record.distribution is not None:
            self._distributions.append((record.update, record.distribution))
        # At the end: whoever sees the row sees its values.
        self._index.append((record.update, record.rollout, record.wall_seconds, record.samples_generated))

    def __len__(self) -> int:
        return len(self._index)

    @property
    def first_update(self) -> int:
        """The update of the first row, 1 without rows. It is 0 in a log that counts from there."""
        return int(self._index.rows()["update"][0]) if len(self) else 1

    @property
    def last_update(self) -> int:
        """The update of the last row, 0 without rows. A fork's rows begin where it left its run."""
        return int(self._index.rows()["update"][-1]) if len(self) else 0

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
        return self._index.rows()["samples"][-1].tolist() if len(self) else [0] * len(self.seeds)

    def snapshot(self) -> History:
        """The rows so far as a history of their own, which shares the memory of this one. It is whole while another thread appends; the
        arrays of a growing history are not."""
        copy = History(self.seeds)
        index = self._index.rows()
        copy._index = GrowingRows.of(index)
        for name in self._columns.copy():
            if len(rows := self._column(name, len(index))):
                copy._columns[name] = GrowingRows.of(rows)
        last = copy.last_update
        copy._distributions = [(update, found) for update, found in self._distributions[:] if update <= last]
        return copy

    def count_until(self, update: int) -> int:
        """How many rows are of this update or an earlier one."""
        return int(np.searchsorted(self._index.rows()["update"], update, side="right"))

    def after(self, update: int, until: int | None = None) -> list[StepRecord]:
        """The records of later updates than `update`, up to and with `until`, or to the last: oldest first, all after -1, those of the
        training after 0. Takes as long as there are such records, however many there are besides. Safe while another thread appends."""
        if update >= self.last_update and len(self):
            return []
        index = self._index.rows()
        last = len(index) if until is None else int(np.searchsorted(index["update"], until, side="right"))
        first = min(int(np.searchsorted(index["update"], update, side="right")), last)
        metrics: list[dict[str, np.ndarray]] = [{} for _ in index[first:last]]
        for name in self._columns.copy():
            rows = self._column(name, last)
            rows = rows[np.searchsorted(rows["row"], first) :]
            for row, values in zip(rows["row"].tolist(), rows["values"].copy(), strict=True):
                metrics[row - first][name] = values
        looked = dict(self._distributions[:])
        steps = zip(*(index[name][first:last].tolist() for name in ("update", "rollout", "wall_seconds")), strict=True)
        samples = index["samples"][first:last].copy()
        return [
            StepRecord(step, rollout, generated, seconds, values, looked.get(step))
            for (step, rollout, seconds), generated, values in zip(steps, samples, metrics, strict=True)
        ]

    @property
    def trained(self) -> int:
        """How many updates it has rows of: all rows but that of update 0."""
        return int((self.updates > 0).sum())

    @property
    def values(self) -> int:
        """How many values each seed has: the metrics measured, summed over the rows."""
        return sum(map(len, self._columns.copy().values()))

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take in memory, with the room to grow."""
        tables = (part.nbytes for _, found in self._distributions[:] for part in (found.token_probs, found.rank_probs))
        return self._index.nbytes + sum(column.nbytes for column in self._columns.copy().values()) + sum(tables)

    @property
    def updates(self) -> np.ndarray:
        return self._index.rows()["update"].copy()

    @property
    def rollouts(self) -> np.ndarray:
        return self._index.rows()["rollout"].copy()

    @property
    def wall_seconds(self) -> np.ndarray:
        return self._index.rows()["wall_seconds"].copy()

    @property
    def samples(self) -> np.ndarray:
        """(U, R) completions sampled since the start."""
        return self._index.rows()["samples"].copy()

    def metric(self, name: str) -> np.ndarray:
        """(U, R); NaN where it was not measured."""
        out = np.full((len(self), len(self.seeds)), np.nan)
        rows = self._column(name, len(out))
        out[rows["row"]] = rows["values"]
        return out

    def agrees(self, other: History, count: int) -> bool:
        """Whether the first `count` rows of both hold the same metrics with the same values."""
        for name in {*self._columns, *other._columns}:
            ours, theirs = self._column(name, count), other._column(name, count)
            if not np.array_equal(ours["row"], theirs["row"]) or not np.array_equal(
                ours["values"], theirs["values"], equal_nan=True
            ):
                return False
        return True

    def _column(self, name: str, count: int) -> np.ndarray:
        """What was measured of a metric in the first `count` rows, without a copy."""
        if name not in self._columns:
            return np.empty(0, self._measured)
        rows = self._columns[name].rows()
        return rows[: np.searchsorted(rows["row"], count)]

    def distributions(self) -> list[tuple[int, Distribution]]:
        """(update, what the policy would generate) at the updates at which it was recorded, oldest first; [] if it never was."""
        return self._distributions[:]

    def frame(self, *, run_id: str, algorithm: str, token_cost: np.ndarray | None = None) -> pd.DataFrame:
        """Tidy: one row per update and seed, seeds within updates; the columns of the metric table. `token_cost` (U, R) is that of
        `core.analysis.cost`."""
        import pandas as pd  # takes 0.2 s, which a process that only trains does without

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
