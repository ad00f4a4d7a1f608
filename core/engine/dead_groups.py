"""How many groups are expected to carry no signal, and how many rounds dynamic sampling takes because of them."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import scipy  # not scipy.special nor scipy.stats, see core/analysis/stats.py

MOST_ROUNDS = 1000  # of which an expectation is computed
Rate = TypeVar("Rate")  # a number, an array, or a tensor


def dead_chances(rate: Rate, group_size: int) -> tuple[Rate, Rate]:
    """The probabilities (1 - p)^G and p^G that all of a group's G answers are wrong, and that all are right, where each is right with
    probability `rate`, independently."""
    return (1 - rate) ** group_size, rate**group_size


def expected_rounds(prompts: int, alive: float, most: int | None = None) -> float:
    """Rounds of `prompts` groups each until `prompts` of them carried a signal, each with probability `alive`: the sum over n of
    P(Binomial(n x prompts, alive) < prompts). With at most `most` rounds, after which the batch is left as it is; without, infinity where
    more than MOST_ROUNDS would be needed."""
    if most is None and alive * prompts * MOST_ROUNDS < prompts:
        return float("inf")
    groups = np.arange(most or MOST_ROUNDS) * prompts
    return float(scipy.special.bdtr(np.minimum(prompts - 1, groups), groups, alive).sum())
