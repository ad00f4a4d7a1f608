"""Whether the seeds of a side are skewed or fall into two groups, such as some that collapsed and some that learned. Their mean then
describes no seed, and the interquartile mean (`core.analysis.stats`) is shown beside it."""

from __future__ import annotations

import math

import numpy as np

UNIFORM = 5 / 9  # the bimodality coefficient of a uniform distribution; a normal one has 1/3
MIN_VALUES = 4  # below, the kurtosis is not defined
SAME = 1e-12  # values that are closer together are alike


def bimodality(values: np.ndarray) -> float:
    """Sarle's bimodality coefficient of `values` (n,), (g² + 1) / (k + 3 (n - 1)² / ((n - 2) (n - 3))), with the sample skewness g and the
    sample excess kurtosis k: 1/3 for a normal distribution, 1 for two points. Above UNIFORM the values are skewed or fall into two
    groups (Pfister et al. 2013, Frontiers in Psychology 4, 700). NaN below four values and where all are alike; NaN values are left out."""
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    n = len(values)
    if n < MIN_VALUES or np.ptp(values) < SAME:
        return math.nan
    centred = values - values.mean()
    second, third, fourth = (float(np.mean(centred**power)) for power in (2, 3, 4))
    skewness = third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = ((n + 1) * (fourth / second**2 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    return (skewness**2 + 1) / (kurtosis + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def is_skewed(values: np.ndarray) -> bool:
    """Whether a mean alone would mislead: the values are skewed or fall into two groups."""
    return bimodality(values) > UNIFORM
