"""Numbers in the text of *Reading the metrics*: from the shipped runs that its figure shows."""

from __future__ import annotations

from core.data.recorded import RECORDED, curve, lengths
from pages.shared.learn.reading import SCENARIO

_NAMES = ("reward_trained_mean", "accuracy")


def seeds() -> float:
    """Of the runs in the figure."""
    return float(len(RECORDED.results[f"{SCENARIO}/DAPO"].history.seeds))


def at(metric: float, update: float) -> float:
    """DAPO's trained reward (0) or accuracy (1) in the rollout that begins at `update`."""
    return dict(curve(SCENARIO, "DAPO", _NAMES[int(metric)]))[int(update)]


def addition_held_out(side: float) -> float:
    """Held-out accuracy at the end of `addition`: GRPO (0) or DAPO (1)."""
    return curve("addition", ("GRPO", "DAPO")[int(side)], "eval_accuracy")[-1][1]


def kl_over_kl() -> float:
    """On `addition`, how many times as far from the base policy GRPO ends as DAPO."""
    grpo, dapo = (curve("addition", side, "kl_base")[-1][1] for side in ("GRPO", "DAPO"))
    return grpo / dapo


def most_cut() -> float:
    """The largest share that was cut in `length-runaway`."""
    return max(value for _, value in curve("length-runaway", "Sequence mean", "truncated_fraction"))


def runaway_held_out() -> float:
    """The best held-out accuracy of that run."""
    return max(lengths()["none"]["eval_accuracy"])


def lab_ratio() -> float:
    """The largest ratio that the lab ever saw."""
    return max(value for _, value in curve("lab", "GRPO", "ratio_max"))


def rare_at_first() -> float:
    """How likely the first up-clipped tokens of `clip-higher-helps` were."""
    return curve("clip-higher-helps", "eps_high 0.28", "upclipped_prob_mean")[0][1]


def twice_at(metric: float, update: float) -> float:
    return 2 * at(metric, update)
