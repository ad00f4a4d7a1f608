"""Whether a measured quantity still rises: the slope of its window means over the second half of the updates, seed by seed."""

from __future__ import annotations

import numpy as np
import scipy  # not scipy.special nor scipy.stats, see core/analysis/stats.py

from core.analysis.stats import CONFIDENCE

WINDOWS = 10  # means over so many parts of the second half: neighbouring measurements resemble each other, window means hardly do
MIN_WINDOWS = 4  # measured ones, below which no trend can be told

SAME = 1e-9  # window means that are closer together do not rise: what is left is rounding


def rising_seeds(updates: np.ndarray, values: np.ndarray, until: np.ndarray) -> np.ndarray:
    """(R,) 1.0 where the least-squares slope of `values` (U, R) over the second half of the `updates` (U,) up to `until` (R,) has a 95 %
    interval above 0, else 0.0; NaN where that cannot be told. The slope is that of the means of WINDOWS windows of equal length, its
    interval Student's t with two degrees of freedom less than there are measured windows."""
    first = max(int(updates[0]), 1) if len(updates) else 1
    return np.array([_rises(updates, values[:, seed], first, float(end)) for seed, end in enumerate(until)])


def _rises(updates: np.ndarray, values: np.ndarray, first: int, end: float) -> float:
    middle = (first - 1 + end) / 2
    inside = (updates > middle) & (updates <= end) & ~np.isnan(values)
    window = np.ceil((updates[inside] - middle) / max(end - middle, 1) * WINDOWS).astype(int)
    counts = np.bincount(window, minlength=WINDOWS + 1)
    measured = counts > 0
    if (n := int(measured.sum())) < MIN_WINDOWS:
        return np.nan
    x, y = (np.bincount(window, data, WINDOWS + 1)[measured] / counts[measured] for data in (updates[inside], values[inside]))
    if np.ptp(y) < SAME:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    slope = (x @ y) / (x @ x)
    error = np.sqrt(max(((y - slope * x) ** 2).sum(), 0.0) / (n - 2) / (x @ x))
    return float(slope > 0 and slope > scipy.special.stdtrit(n - 2, 0.5 + CONFIDENCE / 2) * error)
