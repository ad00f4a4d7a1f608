"""When a run collapsed or its gradient vanished, and where a rescue is worth trying."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.analysis.history import History
from core.analysis.stats import final_values, first_rows, initial_values, mean_over_seeds
from core.analysis.trend import rising_seeds
from core.engine.forks import fork_points
from core.settings.run import RunConfig

ENTROPY_COLLAPSE_FRACTION = 0.4  # low: below this fraction of the initial entropy …
GRADIENT_FLOOR = 1e-3  # an update whose gradient norm is below this has no gradient
VANISHED_SHARE = 0.2  # vanished: fewer of the updates of all seeds than this have a gradient …
LEARNING_SHARE = 0.5  # still learning: so many of a seed's updates have a gradient, and its score rises
SOLVED_FRACTION = 0.9  # solved: so much of what is generated is right, and so many of the groups without signal are all right
EVENT_UPDATES = 32  # … as a mean over this many consecutive updates


def entropy_low_update(updates: np.ndarray, entropy: np.ndarray) -> int | None:
    """First update at which the mean entropy of EVENT_UPDATES updates is below ENTROPY_COLLAPSE_FRACTION of the initial; None if never.
    `entropy` (U,) may have NaN where it was not measured."""
    return _first_below(updates, entropy, ENTROPY_COLLAPSE_FRACTION * _start(updates, entropy))


def seeds_with_gradient(grad_norm: np.ndarray) -> np.ndarray:
    """(U, R) -> (U,) share of the measured seeds whose gradient norm is at least GRADIENT_FLOOR, NaN where none was measured."""
    return mean_over_seeds(np.where(np.isnan(grad_norm), np.nan, grad_norm >= GRADIENT_FLOOR))


def vanished_update(updates: np.ndarray, shares: np.ndarray) -> int | None:
    """First update at which fewer than VANISHED_SHARE of EVENT_UPDATES updates have a gradient, none of them before the first that has
    one; None if never. What was never there cannot vanish: `never_had_gradient`. `shares` (U,) are those of `seeds_with_gradient`.
    Norms are counted, not averaged: the rare updates that still have a gradient can have a norm as large as the first ones."""
    had = np.flatnonzero(shares > 0)
    if not len(had):
        return None
    return _first_below(updates, shares, VANISHED_SHARE, after=int(updates[had[0]]) + EVENT_UPDATES - 2)


def never_had_gradient(updates: np.ndarray, metric: Callable[[str], np.ndarray]) -> str | None:
    """Why no update of any seed had a gradient: nearly all groups were "all wrong", "all right", or "all wrong or all right"; or some were
    "mixed" and something else is the matter. None if one had, or where it is `too_early`."""
    if too_early(updates) or (seeds_with_gradient(metric("grad_norm")) > 0).any():
        return None
    shares = {kind: float(np.nanmean(metric(name))) for kind, name in GROUPS_WITHOUT_SIGNAL.items()}
    shares[" or ".join(shares)] = sum(shares.values())
    return next((kind for kind, share in shares.items() if share >= SOLVED_FRACTION), "mixed")


def too_early(updates: np.ndarray) -> bool:
    """Whether there are too few `updates` (U,) for any event to be found."""
    return np.count_nonzero(updates) < EVENT_UPDATES


def solved_seeds(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> np.ndarray:
    """bool (R,): at `until` (R,), as means over the last 10 % of each seed's updates, at least SOLVED_FRACTION of the completions are right
    (before noise and filtering) and as many of the groups without signal are all right. There is little left to learn."""
    names = (*GROUPS_WITHOUT_SIGNAL.values(), "accuracy")
    wrong, right, accuracy = (final_values(updates, metric(name), until) for name in names)
    return (accuracy >= SOLVED_FRACTION) & (right >= SOLVED_FRACTION * (right + wrong))


def low_seeds(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> np.ndarray:
    """bool (R,): at `until` (R,) the entropy is below ENTROPY_COLLAPSE_FRACTION of the seed's initial one, as a mean over its last 10 % of
    updates."""
    entropy = metric("entropy_nats")
    return final_values(updates, entropy, until) < ENTROPY_COLLAPSE_FRACTION * initial_values(updates, entropy)


def learning_seeds(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> np.ndarray:
    """bool (R,): whether each seed still learns at `until` (R,), by the gradients of its last 10 % of updates, see `still_learning`."""
    return still_learning(updates, metric, until, gradient_shares(updates, metric("grad_norm"), until))


def still_learning(
    updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray, gradient_share: np.ndarray
) -> np.ndarray:
    """bool (R,): at least LEARNING_SHARE of a seed's recent updates have a gradient, which is `gradient_share` (R,), and the share of its
    completions that are right rises up to `until` (`core.analysis.trend`), or the reward where that share was not measured. Without a
    gradient nothing is learned, whatever the score does; with one and without a rise it is noise, such as that of rewards by chance.
    Where the gradient was not measured the score decides, and the gradient where the score was measured too rarely to tell."""
    score = next((values for name in SCORES if not np.isnan(values := metric(name)).all()), None)
    if score is None:
        return np.zeros(len(gradient_share), dtype=bool)
    rises = rising_seeds(updates, score, until)
    known = ~(np.isnan(gradient_share) & np.isnan(rises))
    return known & ~(gradient_share < LEARNING_SHARE) & (rises != 0)


def seed_states(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> dict[str, np.ndarray]:
    """Each of STATES -> bool (R,): which seeds are in it at `until` (R,). Entropy is what a policy explores with: it may be spent, by becoming
    certain of what is right, or lost. A policy of low entropy is "solved" where it is certain and right, "still_learning" where it gets
    better, and else "collapsed". Prompts can be solved at any entropy."""
    low, solved, learning = (find(updates, metric, until) for find in (low_seeds, solved_seeds, learning_seeds))
    return {"collapsed": low & ~solved & ~learning, "solved": solved, "still_learning": low & ~solved & learning}


def collapsed_seeds(updates: np.ndarray, metric: Callable[[str], np.ndarray], until: np.ndarray) -> np.ndarray:
    """bool (R,): at `until` (R,) the entropy is low, the prompts are not solved, and the seed no longer learns."""
    return seed_states(updates, metric, until)["collapsed"]


def gradient_shares(updates: np.ndarray, grad_norm: np.ndarray, until: np.ndarray) -> np.ndarray:
    """(R,) share of the last 10 % of each seed's updates whose gradient norm is at least GRADIENT_FLOOR. Unlike the ratio of the last norms
    to the first, it does not depend on the first updates, whose norms have a heavy tail."""
    return final_values(updates, np.where(np.isnan(grad_norm), np.nan, grad_norm >= GRADIENT_FLOOR), until)


STATES = ("collapsed", "solved", "still_learning")  # of a seed; in none: it has its entropy, and prompts left to solve
SCORES = ("accuracy", "reward_mean")  # by which it is judged whether a seed still learns: the first that was measured
GROUPS_WITHOUT_SIGNAL = {"all wrong": "all_wrong_fraction", "all right": "all_right_fraction"}


class Detector(NamedTuple):
    """How an event of a run is found: `detect` takes (updates, `over_seeds` of the metric's values)."""

    metric: str
    over_seeds: Callable[[np.ndarray], np.ndarray]  # (U, R) -> (U,)
    detect: Callable[[np.ndarray, np.ndarray], int | None]


EVENTS = {  # name in summary.json
    "entropy_low_update": Detector("entropy_nats", mean_over_seeds, entropy_low_update),
    "gradient_vanished_update": Detector("grad_norm", seeds_with_gradient, vanished_update),
}


def find_events(updates: np.ndarray, metric: Callable[[str], np.ndarray]) -> dict[str, int | None]:
    """Name in EVENTS -> the update at which it happened, None if it did not; `metric(name)` gives the values (U, R)."""
    return {name: one.detect(updates, one.over_seeds(metric(one.metric))) for name, one in EVENTS.items()}


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
    points = fork_points(config, history.common_end)
    if not points:
        return None
    events = [update for update in find_events(history.updates, history.metric).values() if update is not None]
    if not events:
        return points[(len(points) - 1) // 2]
    return next((point for point in points if point >= min(events)), points[-1])
