"""Numbers in the text of *Reading the metrics*: from the shipped runs that its figure shows."""

from __future__ import annotations

from core import shipped
from pages.shared.learn.recorded import curve

_NAMES = ("reward_trained_mean", "accuracy")


def seeds() -> float:
    """Of the shipped runs."""
    return float(len(shipped.load()["DAPO"].history.seeds))


def at(metric: float, update: float) -> float:
    """DAPO's trained reward (0) or accuracy (1) in the rollout that begins at `update`."""
    return dict(curve("collapse", "DAPO", _NAMES[int(metric)]))[int(update)]


def twice_at(metric: float, update: float) -> float:
    return 2 * at(metric, update)
