"""Numbers in the text of *GRPO in five minutes*."""

from __future__ import annotations

import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from core.settings.run import RunConfig
from core.settings.task import BanditConfig


def advantage_of_right(right: float, group_size: float) -> float:
    """The advantage of a right completion in a group of `group_size` of which `right` are right."""
    rewards = (torch.arange(int(group_size)) < right).double()
    return float(group_advantages(rewards)[0])


def advantage_of_wrong(right: float, group_size: float) -> float:
    rewards = (torch.arange(int(group_size)) < right).double()
    return float(group_advantages(rewards)[-1])


def plain_advantage_of_right(right: float, group_size: float) -> float:
    """The same without std normalisation."""
    rewards = (torch.arange(int(group_size)) < right).double()
    return float(group_advantages(rewards, normalize_std=False)[0])


def amplification(right: float, group_size: float) -> float:
    """What std normalisation multiplies the centred rewards of that group by."""
    return advantage_of_right(right, group_size) / plain_advantage_of_right(right, group_size)


def percent_above(eps_high: float) -> float:
    """How much more likely, as a fraction, a good token may become before its gradient is exactly 0: found with the loss itself."""
    ratios = torch.linspace(1.0, 3.0, 20001, dtype=torch.float64)
    old = torch.zeros(len(ratios), 1, 1, 1, dtype=torch.float64)
    new = ratios.log().reshape(old.shape).requires_grad_()
    mask = torch.ones(old.shape, dtype=torch.bool)
    loss, _ = policy_loss(new, old, torch.ones(old.shape[:-1]), mask, eps_low=0.2, eps_high=eps_high, aggregation="token_mean")
    loss.sum().backward()
    return float(ratios[new.grad.flatten() != 0].max()) - 1


def group_size() -> float:
    """The default of a run."""
    return float(RunConfig(task=BanditConfig()).group_size)
