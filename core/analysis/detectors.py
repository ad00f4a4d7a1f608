"""When a run collapsed or its gradient vanished, and where a rescue is worth trying."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from core.analysis.history import History
from core.analysis.stats import final_values, first_rows, initial_values, mean_over_seeds
from core.engine.forks import fork_points
from core.settings.run import RunConfig

ENTROPY_COLLAPSE_FRACTION = 0.4  # collapsed: below this fraction of the initial entropy …
GRADIENT_VANISHED_FRACTION = 0.2  # vanished: below this fraction of the initial gradient norm …
GRADIENT_FLOOR = 1e-3  # … or below this, wherever it started; an update below it has no gradient
SOLVED_FRACTION = 0.9  # solved: so much of what is generated is right, and so many of the groups without signal are all right
EVENT_UPDATES = 32  # … as a mean over this many consecutive updates


def collapse_update(updates: np.ndarray, entropy: np.ndarray) -> int | None:
    """First update at which the mean entropy of EVENT_UPDATES updates is below ENTROPY_COLLAPSE_FRACTION of the initial; None if never.
    `entropy` (U,) may have NaN where it was not measured."""
    return _first_below(updates, entropy, ENTROPY_COLLAPSE_FRACTION * _start(updates, entropy))


def vanished_update(updates: np.ndarray, grad_norm: np.ndarray) -> int | None:
    """First update at which the mean gradient norm of EVENT_UPDATES updates is below GRADIENT_VANISHED_FRACTION of the initial, or
    below GRADIENT_FLOOR, after an update that had a gradient; None if never. What was never there cannot vanish: `never_had_gradient`."""
    had = np.flatnonzero(grad_norm >= GRADIENT_FLOOR)
    if not len(had):
        return None
    threshold = max(GRADIENT_VANISHED_FRACTION * _start(updates, grad_norm), GRADIENT_FLOOR)
    return _first_below(updates, grad_norm, threshold, after=int(updates[had[0]]))


def never_had_gradient(updates: np.ndarray, metric: Callable[[str], np.ndarray]) -> str | None:
    """Why no update of a run had a gradient, as its mean over seeds: nearly all groups were "all wrong" or "all right", or they were
    "mixed" and something else is the matter. None if one had, or where EVENT_UPDATES updates are not over."""
    grad_norm = mean_over_seeds(metric("grad_norm"))
    if np.count_nonzero(updates) < EVENT_UPDATES or (grad_norm >= GRADIENT_FLOOR).any():
        return None
    shares = {kind: float(np.nanmean(metric(name))) for kind, name in GROUPS_WITHOUT_SIGNAL.items()}
    return next((kind for kind, share in shares.items() if share >= SOLVED_FRACTION), "mixed")


def solved_seeds(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> np.ndarray:
    """bool (R,): at `until` (R,), as means over the last 10 % of each seed's updates, at least SOLVED_FRACTION of the completions are right
    (before noise and filtering) and as many of the groups without signal are all right. There is little left to learn."""
    names = (*GROUPS_WITHOUT_SIGNAL.values(), "accuracy")
    wrong, right, accuracy = (final_values(updates, metric(name), until) for name in names)
    return (accuracy >= SOLVED_FRACTION) & (right >= SOLVED_FRACTION * (right + wrong))


def collapsed_seeds(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> np.ndarray:
    """bool (R,): at `until` (R,) the entropy is below ENTROPY_COLLAPSE_FRACTION of the seed's initial one, as a mean over its last 10 % of
    updates, and the prompts are not solved. A policy that is certain and right has not collapsed."""
    entropy = metric("entropy_nats")
    low = final_values(updates, entropy, until) < ENTROPY_COLLAPSE_FRACTION * initial_values(updates, entropy)
    return low & ~solved_seeds(updates, metric, until)


def gradient_shares(updates: np.ndarray, grad_norm: np.ndarray, until: np.ndarray) -> np.ndarray:
    """(R,) share of the last 10 % of each seed's updates whose gradient norm is at least GRADIENT_FLOOR. Unlike the ratio of the last norms
    to the first, it does not hang on the few first updates, whose norms have a heavy tail."""
    return final_values(updates, np.where(np.isnan(grad_norm), np.nan, grad_norm >= GRADIENT_FLOOR), until)


GROUPS_WITHOUT_SIGNAL = {"all wrong": "all_wrong_fraction", "all right": "all_right_fraction"}

EVENTS = {  # name in summary.json -> (metric, detector of its mean over seeds)
    "entropy_collapse_update": ("entropy_nats", collapse_update),
    "gradient_vanished_update": ("grad_norm", vanished_update),
}


def find_events(updates: np.ndarray, metric: Callable[[str], np.ndarray]) -> dict[str, int | None]:
    """Name in EVENTS -> the update at which it happened, None if it did not; `metric(name)` gives the values (U, R)."""
    return {event: detect(updates, mean_over_seeds(metric(name))) for event, (name, detect) in EVENTS.items()}


def _start(updates: np.ndarray, values: np.ndarray) -> float:
    first = values[first_rows(updates)]
    first = first[~np.isnan(first)]
    return float(first.mean()) if len(first) else math.nan


def _first_below(updates: np.ndarray, values: np.ndarray, threshold: float, after: int = 0) -> int | None:
    """First update behind `after` that closes a window of EVENT_UPDATES updates whose mean is below `threshold`."""
    measured = ~np.isnan(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(measured, values, 0.0))))
    count = np.concatenate(([0], np.cumsum(measured)))
    begin = np.searchsorted(updates, updates - EVENT_UPDATES, side="right")
    looked = count[1:] - count[begin]  # of the window that each update closes
    whole = (updates >= np.maximum(updates[:1], 1) + EVENT_UPDATES - 1) & (looked > 0) & (updates > after)
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
