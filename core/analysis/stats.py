"""Statistics over seeds: means, paired differences, ratios and shares with 95 % intervals, and the initial and final values of a run.

Every function takes one value per seed. An interval needs MIN_SEEDS measured seeds; with fewer its bounds are NaN. Intervals of means and of
paired differences are Student's t and are computed in `mean_and_half_width` only. Where two sides do not differ, the interval of their
paired difference excludes 0 in at most 7 % of cases, for normal and for skewed values, because the difference of two values of the same
skewed distribution is symmetric (tests/core/analysis/test_coverage.py). For the mean of a single skewed sample coverage is worse: with
lognormal values the interval misses the true mean in 17 % of cases at 8 seeds and in 10 % at 64.

Quantiles are those of `scipy.special`, which scipy imports when one is first asked for: a process that only trains does without its 0.15 s.
Importing `scipy.stats` would add 57 MB and 0.7 s to every process; the tests compare with its `trim_mean` and `binomtest`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy

CONFIDENCE = 0.95
MIN_SEEDS = 3  # fewer are too few to tell
INITIAL_UPDATES = 3  # `initial` is the mean over the first updates
FINAL_FRACTION = 0.1  # `final` is the mean over the last part of the updates


class Estimate(NamedTuple):
    """A value with its 95 % interval; the bounds are NaN where there is none."""

    mean: float
    low: float = math.nan
    high: float = math.nan

    @property
    def ci95(self) -> tuple[float, float] | None:
        """(low, high); None where there is no interval, or where it is not finite."""
        return (self.low, self.high) if math.isfinite(self.low) and math.isfinite(self.high) else None

    def as_dict(self) -> dict:
        return {"mean": self.mean, "ci95": list(self.ci95) if self.ci95 else None}


def interval(values: np.ndarray) -> Estimate:
    """(R,) -> mean over seeds and its Student's t interval: mean ± t(0.975, n - 1) · s / √n, s with ÷ (n - 1). NaN seeds are left out."""
    mean, half = (float(found[0]) for found in mean_and_half_width(np.asarray(values, dtype=float)[None]))
    return Estimate(mean, mean - half, mean + half)


def contrast(a: np.ndarray, b: np.ndarray) -> Estimate:
    """(R,), (R,) -> mean of the paired differences a - b and its interval; the same seeds in the same order."""
    return interval(np.asarray(a, dtype=float) - np.asarray(b, dtype=float))


def intervals(values: np.ndarray) -> np.ndarray:
    """(U, R) -> (U, 3): mean, low and high of each row, as `interval` gives them."""
    mean, half = mean_and_half_width(values)
    return np.stack((mean, mean - half, mean + half), 1)


def mean_and_half_width(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(U, R) -> (U,) means over the seeds and (U,) half the widths of their intervals. NaN seeds are left out; the half width is NaN where
    fewer than MIN_SEEDS were measured."""
    measured = ~np.isnan(values)
    count = measured.sum(1)
    mean = np.where(measured, values, 0.0).sum(1) / np.where(count > 0, count, np.nan)
    squares = np.where(measured, (values - mean[:, None]) ** 2, 0.0).sum(1)
    degrees = np.where(count >= MIN_SEEDS, count - 1.0, np.nan)
    return mean, scipy.special.stdtrit(degrees, 0.5 + CONFIDENCE / 2) * np.sqrt(squares / degrees / np.maximum(count, 1))


def ratio(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """(R,), (R,) -> mean(ours) ÷ mean(theirs), the same seeds in the same order, and its interval by Fieller's theorem (1954): every ratio q
    for which `contrast(ours, q * theirs)` includes 0. It excludes 1 exactly when `contrast(ours, theirs)` excludes 0. The bounds are NaN
    where that set is unbounded, which is the case if the interval of mean(theirs) includes 0."""
    pairs = np.stack((np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)), 1)
    pairs = pairs[~np.isnan(pairs).any(1)]
    count = len(pairs)
    if count == 0:
        return Estimate(math.nan)
    top, bottom = pairs.mean(0)
    point = float(top / bottom) if bottom else math.nan
    if count < MIN_SEEDS:
        return Estimate(point)
    # (top - q bottom)² = t² Var(top - q bottom) is a q² - 2 b q + c = 0 with
    reach = scipy.special.stdtrit(count - 1, 0.5 + CONFIDENCE / 2) ** 2 / count
    (var_top, cov), (_, var_bottom) = np.cov(pairs, rowvar=False)
    a, b, c = bottom**2 - reach * var_bottom, top * bottom - reach * cov, top**2 - reach * var_top
    if a <= 0:
        return Estimate(point)
    root = math.sqrt(max(b**2 - a * c, 0.0))
    return Estimate(point, float((b - root) / a), float((b + root) / a))


def share(happened: np.ndarray) -> Estimate:
    """bool (R,) -> share of the seeds at which it happened and its Wilson interval (1927, without continuity correction)."""
    count = len(happened)
    if count == 0:
        return Estimate(math.nan)
    part = float(np.mean(happened))
    if count < MIN_SEEDS:
        return Estimate(part)
    z = float(scipy.special.ndtri(0.5 + CONFIDENCE / 2))
    middle = (part + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(part * (1 - part) / count + z**2 / (4 * count**2))
    return Estimate(part, middle - half if part > 0 else 0.0, middle + half if part < 1 else 1.0)


def interquartile_mean(values: np.ndarray) -> float:
    """Mean of the middle half of `values` (n,): a quarter is cut off at each end, whole values only."""
    ordered = np.sort(np.asarray(values, dtype=float))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def initial_values(updates: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n,) mean of `values` (U, n) over the first three updates and update 0, NaN where nothing was measured. `updates` (U,) count from 0,
    or from where a fork began."""
    return _mean_where(values, first_rows(updates))


def final_values(updates: np.ndarray, values: np.ndarray, until: int | np.ndarray | None = None) -> np.ndarray:
    """(n,) mean of `values` (U, n) over the last 10 % of the updates up to `until`, one number or one per seed (n,), default the last row. If
    nothing was measured there, the last value measured before."""
    last = np.broadcast_to(updates[-1] if until is None else until, values.shape[1:])
    before, measured = updates[:, None] <= last, ~np.isnan(values)
    inside = before & (updates[:, None] > last * (1 - FINAL_FRACTION))
    if not (inside & measured).any():
        latest = len(updates) - 1 - (before & measured)[::-1].argmax(0)
        inside = before & (np.arange(len(updates))[:, None] == latest)
    return _mean_where(values, inside)


def value_at_samples(samples: np.ndarray, values: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(n,) mean of each seed's curve `values` (U, n) over `samples` (U, n), or any other quantity that does not fall, between 90 % and 100 % of
    `target` (n,): linear interpolation between measured points, constant beyond the first and the last. NaN for a seed that was never
    measured."""
    out = np.full(values.shape[1], np.nan)
    for seed in range(values.shape[1]):
        measured = ~np.isnan(values[:, seed])
        if measured.any():
            window = np.linspace(target[seed] * (1 - FINAL_FRACTION), target[seed], 11)
            out[seed] = np.interp(window, samples[measured, seed], values[measured, seed]).mean()
    return out


def mean_over_seeds(values: np.ndarray) -> np.ndarray:
    """(U, R) -> (U,) mean over the seeds that were measured, NaN where none was."""
    measured = ~np.isnan(values)
    counts = measured.sum(1)
    sums = np.where(measured, values, 0.0).sum(1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def first_rows(updates: np.ndarray) -> np.ndarray:
    """bool (U,) the rows of the first INITIAL_UPDATES updates, and of update 0, which holds only the score of the untrained policy."""
    return updates < after_initial(int(updates[0]) if len(updates) else 1)


def after_initial(first: int) -> int:
    """The first update that is not initial, in a history that begins with update `first`: INITIAL_UPDATES updates are, and update 0."""
    return max(first, 1) + INITIAL_UPDATES


def _mean_where(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(n,) mean of `values` (U, n) in `rows`, (U,) or (U, n)."""
    measured = ~np.isnan(values) & (rows if rows.ndim == 2 else rows[:, None])
    counts = measured.sum(0)
    sums = np.where(measured, values, 0.0).sum(0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
