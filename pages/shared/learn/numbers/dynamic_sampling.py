"""Numbers in the text of *Dynamic sampling*, and the curves of its figure of one run on two axes."""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np
import torch

from core.analysis.stats import mean_over_seeds
from core.data.recorded import RECORDED
from core.engine.algorithms.sampling import informative_groups
from core.settings.algorithm import DAPO
from core.settings.scenarios.lab import LAB


def dead(accuracy: float, group_size: float) -> float:
    """The share of groups without signal when each answer is right with probability `accuracy`: every possible group, judged by the
    training code's function, weighted by its probability."""
    size = int(group_size)
    right = torch.arange(size + 1)[:, None]
    keep = informative_groups(torch.arange(size)[None] < right)
    return sum(comb(size, k) * accuracy**k * (1 - accuracy) ** (size - k) for k in range(size + 1) if not keep[k])


def cost(accuracy: float, group_size: float) -> float:
    """Completions generated for one that is trained on."""
    return 1 / (1 - dead(accuracy, group_size))


@cache
def curves() -> dict[str, dict[str, list[float]]]:
    """Side of `sample-efficiency` -> held-out accuracy, mean over seeds, and where it was measured: on updates and on samples generated."""
    out = {}
    for label in ("GRPO", "DAPO"):
        history = RECORDED.results[f"sample-efficiency/{label}"].history
        accuracy = mean_over_seeds(history.metric("eval_accuracy"))
        measured = ~np.isnan(accuracy)
        out[label] = {
            "updates": history.updates[measured].tolist(),
            "samples": history.samples[measured].mean(1).tolist(),
            "accuracy": accuracy[measured].tolist(),
        }
    return out


def times_as_many_samples() -> float:
    """Completions that DAPO generated in `sample-efficiency` for one of GRPO's, at equally many updates."""
    found = curves()
    return found["DAPO"]["samples"][-1] / found["GRPO"]["samples"][-1]


def lab_threshold() -> float:
    """Below it the lab's filter would have fired."""
    return LAB.algorithms["DAPO"].filter_threshold


def lab_noise() -> float:
    """The standard deviation of the noise alone, for every one of the lab's answers."""
    return LAB.run.task.noise


def max_rounds() -> float:
    return float(DAPO.max_rounds)
