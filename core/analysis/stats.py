"""Comparing algorithms over seeds honestly: means, intervals, paired differences and ratios, collapse detectors.

Everything takes one value per seed and resamples seeds. Intervals are 95 % bootstrap intervals with the expanded percentiles of
Hesterberg (2015, "What Teachers Should Know about the Bootstrap", section 5.1): with 16 seeds the plain percentile interval covers
too little, because it uses the normal's quantiles and the variance ÷ n; the expansion replaces them by Student's t and ÷ (n - 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

RESAMPLES = 10_000
CONFIDENCE = 0.95
INITIAL_UPDATES = 3  # `initial` is the mean over the first updates
FINAL_FRACTION = 0.1  # `final` is the mean over the last part of the updates


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % interval; the interval is None with a single seed."""

    mean: float
    ci95: tuple[float, float] | None

    def as_dict(self) -> dict:
        return {"mean": self.mean, "ci95": list(self.ci95) if self.ci95 else None}


def estimate(values: np.ndarray, statistic=None) -> Estimate:
    """Mean of `values` (n,) and its interval. With `statistic`, `values` is (n, k) and statistic maps column means (…, k) to (…):
    a ratio of means keeps its pairs this way. NaN rows are left out. The resampling is seeded: equal values, equal interval."""
    table = np.asarray(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    table = table[~np.isnan(table).any(1)]
    count = len(table)
    if count == 0:
        return Estimate(math.nan, None)
    pick = statistic or (lambda means: means[..., 0])
    point = float(pick(table.mean(0)))
    if count == 1:
        return Estimate(point, None)
    samples = pick(_resamples(count) @ table)
    tail = expanded_tail(count)
    low, high = np.quantile(samples, (tail, 1 - tail))
    return Estimate(point, (float(low), float(high)))


@lru_cache(maxsize=8)
def _resamples(count: int) -> np.ndarray:
    """(RESAMPLES, count) weights whose products with `count` values are the means of resamples of these. Made once per count: a report has a
    hundred intervals, and whoever looks at a page waits for them."""
    rows = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    weights = np.zeros((RESAMPLES, count))
    np.add.at(weights, (np.arange(RESAMPLES)[:, None], rows), 1 / count)
    return weights


def difference(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """Mean of the paired differences ours - theirs, (n,) each, same seeds in the same order."""
    return estimate(np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float))


def ratio(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """mean(ours) ÷ mean(theirs), seeds resampled in pairs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate(np.stack((ours, theirs), 1), lambda means: means[..., 0] / means[..., 1])


def interquartile_mean(values: np.ndarray) -> float:
    """Mean of the middle half of `values` (n,): a quarter is cut off at each end, whole values only."""
    ordered = np.sort(np.asarray(values, dtype=float))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


@lru_cache(maxsize=64)
def expanded_tail(count: int) -> float:
    """The percentile, per side, at which a bootstrap of `count` values is cut for 95 % coverage."""
    t = student_t_quantile(0.5 + CONFIDENCE / 2, count - 1)
    return NormalDist().cdf(-t * math.sqrt(count / (count - 1)))


def student_t_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t, by bisection of its distribution function in closed form (Abramowitz & Stegun 26.7.3-4)."""
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 + _t_half_area(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def _t_half_area(t: float, degrees: int) -> float:
    """P(0 < T < t) for whole degrees of freedom."""
    angle = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2 == 1
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for k in range(1 if odd else 0, degrees - 1, 2):
        total += term
        term *= cosine**2 * (k + 1) / (k + 2)
    if odd:
        return (angle + sine * total) / math.pi
    return sine * total / 2


def initial_values(updates: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n,) mean of `values` (U, n) over the first three updates, NaN where nothing was measured. `updates` (U,) count from 1, or from where
    a fork began."""
    return _mean_where(values, first_rows(updates))


def final_values(updates: np.ndarray, values: np.ndarray, until: int | None = None) -> np.ndarray:
    """(n,) mean of `values` (U, n) over the last 10 % of the updates (up to update `until`); the last measured value if that part
    holds none."""
    last = int(updates[-1]) if until is None else until
    inside = (updates > last * (1 - FINAL_FRACTION)) & (updates <= last)
    measured = ~np.isnan(values).all(1)
    if not (inside & measured).any():
        earlier = np.flatnonzero(measured & (updates <= last))
        if len(earlier) == 0:
            return np.full(values.shape[1], np.nan)
        inside = np.zeros(len(updates), bool)
        inside[earlier[-1]] = True
    return _mean_where(values, inside)


def value_at_samples(samples: np.ndarray, values: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(n,) each seed's curve `values` (U, n) over `samples` (U, n): its mean over the last 10 % of samples before `target` (n,), read
    from the measured points joined by straight lines. NaN for a seed that was never measured; beyond its ends a curve is flat."""
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
    """bool (U,)"""
    return updates < (updates[0] if len(updates) else 1) + INITIAL_UPDATES


def _mean_where(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    chosen = values[rows]
    measured = ~np.isnan(chosen)
    counts = measured.sum(0)
    sums = np.where(measured, chosen, 0.0).sum(0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
