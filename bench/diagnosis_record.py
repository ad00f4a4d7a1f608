"""A part of a run's clean record, and how far its score moved there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

CLEAR = 3.0  # standard errors by which a change must stand out to be called one
SMALL = 0.02  # of a share: a change that is no change
SEEN = 0.12  # of a share: a gain that must have been seen before it is said that there is none


class RecordPart:
    """One seed's record, of the updates from share `begin` to `end` of the run. `score`: what its log calls reward, "accuracy" or
    "reward_mean"."""

    def __init__(self, record: Mapping[str, np.ndarray], begin: float, end: float, score: str) -> None:
        n = len(record["updates"]) - 1  # the untrained policy's row is not an update
        self.first, self.all = int(begin * n), n
        record = dict(record) | {"kl_base": between(record["kl_base"])}
        self.values = {name: v[1:][self.first : max(int(end * n), self.first + 2)] for name, v in record.items() if v.ndim == 1}
        self.score = self.measured(score)

    def measured(self, metric: str) -> np.ndarray:
        values = self.values[metric]
        return values[np.isfinite(values)]

    def mean(self, metric: str, first: float, last: float) -> float:
        """Over the updates between two shares of the part."""
        values = self.values[metric]
        part = values[int(first * len(values)) : max(int(last * len(values)), int(first * len(values)) + 1)]
        return float(np.nanmean(part)) if np.isfinite(part).any() else float("nan")

    def half_way(self, metric: str, before: float, after: float) -> float:
        """The share of the whole run from which the metric stays on the side of `after`."""
        values = self.values[metric]
        at = np.flatnonzero(np.isfinite(values))
        rows = max(3, len(at) // 20)
        padded = np.pad(values[at], (rows // 2, rows - 1 - rows // 2), mode="edge")
        smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, rows), axis=1)
        there = (smooth - (before + after) / 2) * (after - before) > 0
        last_not = np.flatnonzero(~there)
        row = at[min(last_not[-1] + 1, len(at) - 1)] if len(last_not) else at[0]
        return float(self.first + row) / self.all


def between(values: np.ndarray) -> np.ndarray:
    """(n,) with what was not measured taken from the measurements around it; the Lab measures KL with every evaluation only."""
    measured = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), measured, values[measured]) if len(measured) else values


@dataclass(frozen=True)
class Moved:
    """The difference of two means and its standard error."""

    size: float
    error: float

    @property
    def up(self) -> bool:
        return self.size > max(SMALL, CLEAR * self.error)

    @property
    def down(self) -> bool:
        return -self.size > max(SMALL, CLEAR * self.error)

    @property
    def none(self) -> bool:
        """There is none, and one of SEEN would have stood out."""
        return self.size < max(SMALL, self.error) and CLEAR * self.error < SEEN


def moved(values: np.ndarray, before: tuple[float, float], after: tuple[float, float]) -> Moved:
    """Between two stretches (shares) of (n,) values, with the error that follows from the scatter from one value to the next."""
    parts = [values[int(a * len(values)) : max(int(b * len(values)), int(a * len(values)) + 2)] for a, b in (before, after)]
    variance = sum(float(np.mean(np.diff(part) ** 2)) / 2 / len(part) for part in parts)
    return Moved(float(parts[1].mean() - parts[0].mean()), float(np.sqrt(variance)))
