"""The probability that a seed of one side beats a seed of the other: the probability of improvement of Agarwal et al. (2021, arXiv
2108.13264). It says how often a side is ahead, where a difference of means says by how much."""

from __future__ import annotations

import math

import numpy as np
import scipy  # not scipy.special nor scipy.stats, see core/analysis/stats.py

from core.analysis.stats import CONFIDENCE, MIN_SEEDS, Estimate

STEPS = 60  # of the bisection: more than a double can tell apart


def superiority(a: np.ndarray, b: np.ndarray) -> Estimate:
    """(m,), (n,) -> P(A > B) + P(A = B) / 2 for one seed of each, and its 95 % interval; NaN seeds are left out.

    The estimate is U / (m n), U the Mann-Whitney statistic. The interval is Newcombe's method 5 (2006, Statistics in Medicine 25, 559-573):
    all θ with (estimate - θ)² <= z² V(θ), V(θ) = θ (1 - θ) / (m n) · (1 + N (1 - θ) / (2 - θ) + N θ / (1 + θ)), N = (m + n) / 2 - 1. It keeps a
    width where one side wins every comparison, where intervals from the estimate's own variance (Brunner-Munzel, DeLong) have none.
    The two sides are treated as independent. Seeds that are shared make them alike, if anything, and the interval too wide
    (tests/core/analysis/test_superiority.py)."""
    ours, theirs = (np.asarray(values, dtype=float) for values in (a, b))
    ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
    if not len(ours) or not len(theirs):
        return Estimate(math.nan)
    found = float(np.mean((np.sign(ours[:, None] - theirs) + 1) / 2))
    if min(len(ours), len(theirs)) < MIN_SEEDS:
        return Estimate(found)
    return Estimate(found, _bound(found, 0.0, len(ours), len(theirs)), _bound(found, 1.0, len(ours), len(theirs)))


def ties(a: np.ndarray, b: np.ndarray) -> float:
    """(m,), (n,) -> P(A = B) for one seed of each; NaN seeds are equal to none."""
    return float(np.mean(np.asarray(a)[:, None] == np.asarray(b)))


def _bound(found: float, end: float, m: int, n: int) -> float:
    """The θ between `found` and `end` at which the distance to `found` is z standard errors; `end` if it is nowhere that much."""
    z, middle = float(scipy.special.ndtri(0.5 + CONFIDENCE / 2)), (m + n) / 2 - 1

    def outside(theta: float) -> bool:
        spread = theta * (1 - theta) / (m * n) * (1 + middle * (1 - theta) / (2 - theta) + middle * theta / (1 + theta))
        return (found - theta) ** 2 > z**2 * spread

    near, far = found, end
    for _ in range(STEPS):
        theta = (near + far) / 2
        near, far = (near, theta) if outside(theta) else (theta, far)
    return (near + far) / 2
