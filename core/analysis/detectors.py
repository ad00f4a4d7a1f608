"""When a run collapsed or its gradient vanished, and where a rescue is worth trying."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from core.analysis.history import History
from core.analysis.stats import first_rows, mean_over_seeds
from core.engine.forks import fork_points
from core.settings.run import RunConfig

ENTROPY_COLLAPSE_FRACTION = 0.4  # collapsed: below this fraction of the initial entropy …
GRADIENT_VANISHED_FRACTION = 0.2  # vanished: below this fraction of the initial gradient norm …
GRADIENT_FLOOR = 1e-3  # … or below this, wherever it started
EVENT_UPDATES = 32  # … as a mean over this many consecutive updates


def collapse_update(updates: np.ndarray, entropy: np.ndarray) -> int | None:
    """First update at which the mean entropy of EVENT_UPDATES updates is below ENTROPY_COLLAPSE_FRACTION of the initial; None if never.
    `entropy` (U,) may have NaN where it was not measured."""
    return _first_below(updates, entropy, ENTROPY_COLLAPSE_FRACTION * _start(updates, entropy))


def vanished_update(updates: np.ndarray, grad_norm: np.ndarray) -> int | None:
    """First update at which the mean gradient norm of EVENT_UPDATES updates is below GRADIENT_VANISHED_FRACTION of the initial, or
    below GRADIENT_FLOOR; None if never."""
    return _first_below(updates, grad_norm, max(GRADIENT_VANISHED_FRACTION * _start(updates, grad_norm), GRADIENT_FLOOR))


EVENTS = {  # name in summary.json -> (metric, detector of its mean over seeds, in words)
    "entropy_collapse_update": ("entropy_nats", collapse_update, "entropy collapsed"),
    "gradient_vanished_update": ("grad_norm", vanished_update, "gradient vanished"),
}


def find_events(updates: np.ndarray, metric: Callable[[str], np.ndarray]) -> dict[str, int | None]:
    """Name in EVENTS -> the update at which it happened, None if it did not; `metric(name)` gives the values (U, R)."""
    return {event: detect(updates, mean_over_seeds(metric(name))) for event, (name, detect, _) in EVENTS.items()}


def _start(updates: np.ndarray, values: np.ndarray) -> float:
    first = values[first_rows(updates)]
    first = first[~np.isnan(first)]
    return float(first.mean()) if len(first) else math.nan


def _first_below(updates: np.ndarray, values: np.ndarray, threshold: float) -> int | None:
    """First update that closes a window of EVENT_UPDATES updates whose mean is below `threshold`."""
    measured = ~np.isnan(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(measured, values, 0.0))))
    count = np.concatenate(([0], np.cumsum(measured)))
    begin = np.searchsorted(updates, updates - EVENT_UPDATES, side="right")
    looked = count[1:] - count[begin]  # of the window that each update closes
    whole = (updates >= updates[:1] + EVENT_UPDATES - 1) & (looked > 0)
    below = whole & ((total[1:] - total[begin]) / np.maximum(looked, 1) < threshold)
    return int(updates[below.argmax()]) if below.any() else None


def suggested_point(config: RunConfig, history: History) -> int | None:
    """Where a rescue is worth trying: after the first collapse or vanished gradient, else half way. None if no rollout is over."""
    points = fork_points(config, history.last_update)
    if not points:
        return None
    events = [update for update in find_events(history.updates, history.metric).values() if update is not None]
    if not events:
        return points[(len(points) - 1) // 2]
    return next((point for point in points if point >= min(events)), points[-1])
