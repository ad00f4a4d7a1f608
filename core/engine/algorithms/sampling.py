"""Dynamic sampling: which groups carry a signal."""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.algorithms.advantages import has_spread
from core.settings.algorithm import AlgorithmConfig


def informative_groups(correct: Tensor) -> Tensor:
    """bool (…, B, G) -> bool (…, B): 0 < number of correct completions < G. DAPO Eq. 11."""
    return correct.any(-1) & ~correct.all(-1)


def normalised_rewards(rewards: Tensor, reward_range: tuple[float, float]) -> Tensor:
    """Rewards on the task's own scale: 0 is the least and 1 the greatest noiseless reward; noise may exceed both."""
    low, high = reward_range
    return (rewards - low) / (high - low if high > low else 1.0)


def keep_groups(algorithm: AlgorithmConfig, correct: Tensor, rewards: Tensor, reward_range: tuple[float, float]) -> Tensor:
    """bool (R, B): the groups that dynamic sampling keeps, from correctness and rewards (R, B, G).

    refill: 0 < correct < G, or rewards that differ where `filter_on` is "reward". filter (the lab's text): variance (÷ G) of the normalised
    value at least `filter_threshold`. The defect "whole_batch_filter" compares the standard deviation of all noisy rewards of the batch
    with the threshold, and so keeps all groups or none.
    """
    if algorithm.dynamic_sampling == "off":
        return torch.ones(correct.shape[:-1], dtype=torch.bool)
    if "whole_batch_filter" in algorithm.defects:
        keep = rewards.flatten(1).std(-1) >= algorithm.filter_threshold
        return keep[:, None].expand(correct.shape[:-1])
    if algorithm.dynamic_sampling == "refill":
        return informative_groups(correct) if algorithm.filter_on == "correct" else has_spread(rewards)
    values = correct.to(rewards.dtype) if algorithm.filter_on == "correct" else normalised_rewards(rewards, reward_range)
    return values.var(-1, correction=0) >= algorithm.filter_threshold
