"""Whether a series changed: parts and windows of it, with standard errors that know of autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.thresholds import limit

WINDOWS = 16  # that a run is cut into to see slow fluctuations
FEW_WINDOWS = 6
MEDIAN_DIFFERENCE = 0.954  # median of |a - b| of two normal values of standard deviation 1


@dataclass(frozen=True)
class Change:
    """Mean of the first part, of the last, and the standard error of their difference; which parts these are."""

    first: float
    last: float
    error: float
    parts: tuple[str, str] = ("first third", "last third")

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
    """Mean of (n,) values and its standard error. The trend within is taken out, a curved one where there are enough values; neighbours
    that resemble each other count less."""
    n = len(values)
    mean = float(values.mean())
    if n < 3:
        return mean, float("inf")
    degree = int(limit("trend_degree")) if n >= limit("trend_rows") else 1
    place = np.linspace(-1, 1, n)
    rest = values - np.polynomial.Legendre.fit(place, values, degree, domain=(-1, 1))(place)
    variance = float(rest @ rest) / (n - degree - 1)
    total = float(rest @ rest)
    alike = float(rest[1:] @ rest[:-1]) / total if total > 0 else 0.0
    alike = min(max(alike, 0.0), 0.9)
    return mean, float(np.sqrt(variance / n * (1 + alike) / (1 - alike)))


def window_error(values: np.ndarray, rows: int) -> float:
    """Standard error of the mean of `rows` neighbours: from the scatter of the whole series around its rolling median, or from how far
    neighbouring windows usually are apart, whichever is larger. The second sees fluctuations that are slower than a window."""
    return max(windows_apart(values, rows), _rolling_error(values, rows))


def _rolling_error(values: np.ndarray, rows: int) -> float:
    rest = values - rolling_median(values, rows)
    total = float(rest @ rest)
    alike = min(max(float(rest[1:] @ rest[:-1]) / total if total > 0 else 0.0, 0.0), 0.9)
    return float(np.sqrt(total / len(values) / rows * (1 + alike) / (1 - alike)))


def change(series: Series) -> Change:
    """Between the first and the last third; of a run that rises early and then holds, between the first sixth and the last half."""
    n = len(series)
    third, sixth = max(1, n // 3), max(1, n // 6)
    thirds = _between(series.values, third, third, ("first third", "last third"))
    if thirds.rises or n < 2 * limit("trend_rows"):
        return thirds
    early = _between(series.values, sixth, n - n // 2, ("first sixth", "last half"))
    return early if early.rises else thirds


def _between(values: np.ndarray, before: int, after: int, parts: tuple[str, str]) -> Change:
    """Of the first `before` and the last `after` values. The error is not below what windows of the whole run say, which see fluctuations
    that are slower than a part is long."""
    (first, e1), (last, e2) = mean_error(values[:before]), mean_error(values[-after:])
    rows = max(1, len(values) // WINDOWS)
    slow = windows_apart(values, rows) * float(np.sqrt(rows / before + rows / after))
    return Change(first, last, max(float(np.hypot(e1, e2)), slow), parts)


def windows_apart(values: np.ndarray, rows: int) -> float:
    """Standard deviation of the mean of `rows` values, from how far neighbouring windows usually are apart; 0 where these are
    too few or too short, so that it would only measure single rows."""
    means = values[: len(values) // rows * rows].reshape(-1, rows).mean(axis=1)
    return (
        float(np.median(np.abs(np.diff(means)))) / MEDIAN_DIFFERENCE
        if rows >= limit("window_rows") and len(means) >= FEW_WINDOWS
        else 0.0
    )


def spread(series: Series) -> float:
    """The range of the values without the outermost twentieths."""
    low, high = np.quantile(series.values, [0.05, 0.95])
    return float(high - low)


def first_window(evidence: Evidence, series: Series) -> np.ndarray:
    return series.values[: evidence.window(series)]


def starts(evidence: Evidence, series: Series) -> tuple[float, float]:
    """(lowest, highest) of what may be called its beginning: the medians of the first window and of the first rows, which differ where it
    moves within the first window."""
    medians = [float(np.median(part)) for part in (first_window(evidence, series), series.values[: int(limit("start_rows"))])]
    return min(medians), max(medians)


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


def rises_lately(evidence: Evidence) -> bool:
    """Whether the reward of the last sixth is above that of the middle third."""
    return _moves_lately(evidence, +1)


def falls_lately(evidence: Evidence) -> bool:
    """Whether it is below: what was won before is being lost."""
    return _moves_lately(evidence, -1)


def _moves_lately(evidence: Evidence, sign: int) -> bool:
    reward = evidence.reward
    if reward is None or len(reward) < 2 * limit("trend_rows"):
        return False
    third, sixth = len(reward) // 3, len(reward) // 6
    (before, e1), (after, e2) = mean_error(reward.values[third : 2 * third]), mean_error(reward.values[-sixth:])
    return sign * (after - before) >= limit("errors") * float(np.hypot(e1, e2))


def solved(evidence: Evidence) -> bool:
    """Nearly all answers are right in the last window, so that little is left to learn."""
    if evidence.lab is not None:
        return evidence.lab.state == "solved"
    right, groups = evidence.share_right, evidence.get("all_right_fraction")
    if right is not None:
        return float(np.mean(last_window(evidence, right))) >= limit("solved")
    return groups is not None and float(np.mean(last_window(evidence, groups))) >= limit("solved")


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
