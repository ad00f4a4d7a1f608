"""Whether a series changed: parts and windows of it, with standard errors that know of autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.thresholds import limit


@dataclass(frozen=True)
class Change:
    """Mean of the first part, of the last, and the standard error of their difference."""

    first: float
    last: float
    error: float

    @property
    def size(self) -> float:
        return self.last - self.first

    @property
    def rises(self) -> bool:
        return self.size > 0 and self.size >= limit("errors") * self.error

    @property
    def falls(self) -> bool:
        return self.size < 0 and -self.size >= limit("errors") * self.error


def mean_error(values: np.ndarray) -> tuple[float, float]:
    """Mean of (n,) values and its standard error. The trend within is taken out; neighbours that resemble each other count less."""
    n = len(values)
    mean = float(values.mean())
    if n < 3:
        return mean, float("inf")
    place = np.arange(n) - (n - 1) / 2
    rest = values - mean - place * (place @ values) / (place @ place)
    variance = float(rest @ rest) / (n - 2)
    total = float(rest @ rest)
    alike = float(rest[1:] @ rest[:-1]) / total if total > 0 else 0.0
    alike = min(max(alike, 0.0), 0.9)
    return mean, float(np.sqrt(variance / n * (1 + alike) / (1 - alike)))


def window_error(values: np.ndarray, rows: int) -> float:
    """Standard error of the mean of `rows` neighbours, from the scatter of the whole series around its rolling median."""
    rest = values - rolling_median(values, rows)
    total = float(rest @ rest)
    alike = min(max(float(rest[1:] @ rest[:-1]) / total if total > 0 else 0.0, 0.0), 0.9)
    return float(np.sqrt(total / len(values) / rows * (1 + alike) / (1 - alike)))


def change(series: Series) -> Change:
    """Between the first and the last third."""
    third = max(1, len(series) // 3)
    (first, e1), (last, e2) = mean_error(series.values[:third]), mean_error(series.values[-third:])
    return Change(first, last, float(np.hypot(e1, e2)))


def spread(series: Series) -> float:
    """The range of the values without the outermost twentieths."""
    low, high = np.quantile(series.values, [0.05, 0.95])
    return float(high - low)


def first_window(evidence: Evidence, series: Series) -> np.ndarray:
    return series.values[: evidence.window(series)]


def last_window(evidence: Evidence, series: Series) -> np.ndarray:
    return series.values[-evidence.window(series) :]


def window_since(series: Series, rows: int, holds: np.ndarray) -> int:
    """The step from which `holds` (n,) is true in most of the next `rows` and of all that follow; the last window's first step at the latest."""
    n = len(series)
    after = np.cumsum(holds[::-1])[::-1] / np.arange(n, 0, -1)
    begin = max(0, n - rows)
    total = np.concatenate([[0], np.cumsum(holds)])
    ends = np.minimum(np.arange(n) + rows, n)
    ahead = (total[ends] - total[:-1]) / (ends - np.arange(n))  # of the window that begins here: a long end must not stand for it
    good = np.flatnonzero((np.minimum(after, ahead) >= limit("zero_share")) & holds)
    good = good[good <= begin]
    return int(series.steps[good[0] if len(good) else begin])


def rolling_median(values: np.ndarray, rows: int) -> np.ndarray:
    """(n,) median of the `rows` values around each."""
    if len(values) <= rows:
        return np.full(len(values), np.median(values))
    windows = np.median(np.lib.stride_tricks.sliding_window_view(values, rows), axis=1)
    place = np.clip(np.arange(len(values)) - rows // 2, 0, len(windows) - 1)
    return windows[place]


def rises(evidence: Evidence) -> bool | None:
    """Whether the reward rises from the first third to the last; None if that cannot be told."""
    reward = evidence.reward
    if reward is None or len(reward) < limit("trend_rows"):
        return None
    return change(reward).rises


def length_ratio(evidence: Evidence) -> float:
    """Completions' length in the last window ÷ in the first; 1 where it is not logged."""
    length = evidence.get("completion_tokens_mean")
    if length is None or len(length) < limit("trend_rows"):
        return 1.0
    first = float(np.median(first_window(evidence, length)))
    return float(np.median(last_window(evidence, length))) / first if first > 0 else 1.0


def number(value: float) -> str:
    """As people write it."""
    return f"{value:.3g}" if abs(value) < 1e5 else f"{value:.1e}"


def percent(share: float) -> str:
    return f"{share:.0%}"
