"""A metric of a run as a line: its mean over seeds with a 95 % interval, at no more points than a chart can show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.analysis.history import History
from core.analysis.metrics import LEVELS
from core.analysis.stats import mean_and_half_width

POINTS = 160  # of a line, at most


@dataclass(frozen=True)
class Curve:
    """M points. Where no seed was measured there is none; for a metric of every update, where a line must not bridge that, there is a NaN."""

    x: np.ndarray  # (M,) updates, the mean of those that a point stands for
    mean: np.ndarray  # (M,) over seeds
    half: np.ndarray  # (M,) half the width of the 95 % interval of that mean; NaN where too few seeds were measured for one


def rollouts_per_point(history: History, points: int = POINTS) -> int:
    """1, or more for a run of more rollouts than a chart has points. The rollouts of a fork begin where it left its run."""
    own = history.rollouts[history.updates > 0]
    return -(-int(np.ptp(own) + 1) // points) if len(own) else 1


def curve(history: History, metric: str, points: int = POINTS) -> Curve:
    """A point is each seed's mean over the updates of a rollout (or of several), and over these the mean and the interval of the
    seeds; update 0 is a point of its own. Infinite values count as not measured."""
    table = history.metric(metric)
    measured = np.isfinite(table)
    if not measured.any():
        return Curve(*(np.empty(0) for _ in range(3)))
    bucket = (history.rollouts - 1) // rollouts_per_point(history, points)  # -1: before the first rollout
    starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    some = measured.any(1)
    with np.errstate(invalid="ignore"):
        x = np.add.reduceat(history.updates * some, starts) / np.add.reduceat(some, starts, dtype=int)
        seeds = np.add.reduceat(np.where(measured, table, 0.0), starts) / np.add.reduceat(measured, starts, dtype=int)
    kept = ~np.isnan(x)
    if LEVELS[metric] == "update":
        first, last = np.flatnonzero(kept)[[0, -1]]
        kept[first : last + 1] = True
    return Curve(x[kept], *mean_and_half_width(seeds[kept]))


def mean_of(values: np.ndarray) -> float:
    """Mean over the seeds that were measured, NaN if none was."""
    measured = values[np.isfinite(values)]
    return float(measured.mean()) if len(measured) else math.nan


def number(value: float) -> str:
    """Three significant digits, for people."""
    if not math.isfinite(value):
        return "not measured"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
