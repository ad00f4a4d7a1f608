"""Numbers in the text of *Clip-Higher*."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from core.engine.update import upper_eps
from core.settings.algorithm import GRPO
from pages.shared.learn.values import measured

VARIANTS = ("seeds from 0", "seeds from 100", "five times longer")
PAIR = "eps_high 0.28 / eps_high 0.20"
HELPS, HURTS = "clip-higher-helps", "clip-higher-hurts"


def ceiling(p: float, eps_high: float, rollouts: float = 1) -> float:
    """The largest probability that a token can reach when each rollout raises it up to the ratio at which its gradient becomes 0."""
    return min(1.0, p * furthest_ratio(eps_high) ** rollouts)


def furthest_ratio(eps_high: float) -> float:
    """The largest ratio at which the loss still has a gradient for a good token, found by halving."""
    low, high = 1.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        new = torch.full((1, 1, 1), math.log(middle), dtype=torch.float64, requires_grad=True)
        mask, advantages = torch.ones(1, 1, 1, dtype=torch.bool), torch.ones(1, 1, dtype=torch.float64)
        loss, _ = policy_loss(
            new, torch.zeros_like(new), advantages, mask, eps_low=0.2, eps_high=eps_high, aggregation="token_mean"
        )
        loss.backward()
        low, high = (low, middle) if float(new.grad) == 0 else (middle, high)
    return low


def rollouts_to(goal: float, p: float, eps_high: float) -> float:
    """Rollouts until the ceiling reaches `goal`."""
    rollouts, ratio = 0, furthest_ratio(eps_high)
    while p * ratio**rollouts < goal - 1e-9:
        rollouts += 1
    return float(rollouts)


def log_up(eps_high: float) -> float:
    return math.log(furthest_ratio(eps_high))


def log_down(eps_low: float) -> float:
    return math.log(1 - eps_low)


def helps_reward(variant: float, part: float = 0) -> float:
    """Reward with 0.28 ÷ reward with 0.20 on the peaked policy; `variant`: see VARIANTS; `part`: 0 the mean, 1 and 2 its interval."""
    return _ratio(HELPS, "eval_accuracy", variant, part)


def helps_entropy(variant: float, part: float = 0) -> float:
    return _ratio(HELPS, "entropy_nats", variant, part)


def hurts_reward(variant: float, part: float = 0) -> float:
    return _ratio(HURTS, "eval_accuracy", variant, part)


def hurts_entropy(variant: float, part: float = 0) -> float:
    return _ratio(HURTS, "entropy_nats", variant, part)


def lab_gap(noise: float) -> float:
    """Largest difference of a token's gradient between the lab's doubled bound and a plain `eps_high` of 0.4, over random groups of
    rewards 0 and 1 to which so much noise was added."""
    generator = torch.Generator().manual_seed(0)
    rewards = (torch.rand(1, 64, 16, generator=generator) < 0.4).double()
    rewards += noise * torch.randn(rewards.shape, generator=generator, dtype=torch.float64)
    ratios = 0.5 + 1.5 * torch.rand(*rewards.shape, 1, generator=generator, dtype=torch.float64)
    lab = upper_eps(replace(GRPO, reward_clip_factor=2.0), 0.2, rewards, (0.0, 1.0))
    return float((_gradient(ratios, rewards, lab) - _gradient(ratios, rewards, 0.4)).abs().max())


def _gradient(ratios, rewards, eps_high):
    new = ratios.log().requires_grad_()
    mask = torch.ones(ratios.shape, dtype=torch.bool)
    loss, _ = policy_loss(
        new, torch.zeros_like(new), group_advantages(rewards), mask, eps_low=0.2, eps_high=eps_high, aggregation="token_mean"
    )
    loss.sum().backward()
    return new.grad


def _ratio(scenario: str, metric: str, variant: float, part: float) -> float:
    found = measured()[scenario][VARIANTS[int(variant)]]["ratios"][PAIR][metric]
    return found["ci95"][int(part) - 1] if part else found["mean"]
