"""An algorithm applied to a step: rewards, groups kept, advantages, and each token's clip, weight and gradient, computed by the training
code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from core.engine.algorithms.sampling import keep_groups
from core.engine.rollout import loss_mask, shaped_rewards
from core.engine.tasks import make_task
from core.engine.update import upper_eps
from core.inspection.step import Step
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig

NOT_CLIPPED, CLIPPED_LOW, CLIPPED_HIGH = 0, -1, 1


@dataclass(frozen=True)
class Treatment:
    """One algorithm applied to a step's batch: B slots, G completions, T tokens. NaN, 0 or False at padding and at tokens that are not
    trained on.

    The terms of a KL penalty and an entropy bonus are left out: `pull` is that of the clipped surrogate alone.
    """

    algorithm: AlgorithmConfig
    rewards: np.ndarray  # (B, G) after its shaping
    kept: np.ndarray  # (B,) bool, after its filter
    advantages: np.ndarray  # (B, G)
    trained: np.ndarray  # (B, G, T) bool, tokens that enter the loss of this update
    ratio: np.ndarray  # (B, G, T) new ÷ old probability, before this update
    clipped: np.ndarray  # (B, G, T) CLIPPED_LOW, CLIPPED_HIGH or NOT_CLIPPED
    weight: np.ndarray  # (B, G, T) the weight of a token's loss in the average; sums to 1 for means over tokens or sequences
    pull: np.ndarray  # (B, G, T) -d loss ÷ d logprob: above 0 the update makes the token likelier
    loss: float

    @property
    def share(self) -> np.ndarray:
        """(B, G, T) each token's |pull| as a share of the update's sum: 0 … 1."""
        size = np.abs(self.pull)
        return size / size.sum() if size.sum() > 0 else size


def other_algorithms(sides: Mapping[str, AlgorithmConfig], own: str) -> dict[str, AlgorithmConfig]:
    """Label -> algorithm for comparison with side `own`: the other sides, and GRPO and DAPO as published unless a side has their settings.
    At least one."""
    found = {label: algorithm for label, algorithm in sides.items() if label != own}
    for name, algorithm in (("GRPO", GRPO), ("DAPO", DAPO)):
        if algorithm not in (sides[own], sides.get(name)):
            found[name if name not in sides else f"{name} as published"] = algorithm
    return found


def treat(step: Step, algorithm: AlgorithmConfig | None = None) -> Treatment:
    """`algorithm` (default: the step's own) applied to the step's batch. Another algorithm is applied to the same completions: its shaping,
    filter, clip and loss act, but no group is sampled in place of those that it drops."""
    own = algorithm is None or algorithm == step.config.algorithm
    algorithm = step.config.algorithm if own else algorithm
    task, batch = make_task(step.config.task), step.batch
    if own:
        rewards, live, mask = batch.rewards, batch.live, batch.mask
    else:
        rewards = shaped_rewards(algorithm, task, step.unshaped, step.lengths)
        filled = batch.live if step.config.algorithm.dynamic_sampling == "refill" else torch.ones_like(batch.live)
        live = filled & keep_groups(algorithm, batch.correct, rewards, step.reward_range)
        mask = loss_mask(algorithm, step.full_mask, batch.ended)
    advantages = group_advantages(rewards, normalize_std=algorithm.normalize_std)
    entering = mask & live[..., None, None] & torch.from_numpy(step.in_update)[None, :, None, None]
    loss, weight, pull, low, high = _loss(step, algorithm, rewards, advantages, entering, task.max_tokens)
    old = step.logprobs if "undetached_ratio" in algorithm.defects else batch.old_logprobs  # both sides are the new policy
    ratio = (step.logprobs - old).exp()
    clipped = torch.where(entering & (advantages[..., None] > 0) & (ratio > high), CLIPPED_HIGH, NOT_CLIPPED)
    clipped = torch.where(entering & (advantages[..., None] < 0) & (ratio < low), CLIPPED_LOW, clipped)
    return Treatment(
        algorithm, rewards[0].numpy(), live[0].numpy(), advantages[0].numpy(), entering[0].numpy(),
        torch.where(step.full_mask, ratio, torch.nan)[0].numpy(), clipped[0].numpy(), weight[0].numpy(), pull[0].numpy(),
        float(loss))  # fmt: skip


def _loss(
    step: Step, algorithm: AlgorithmConfig, rewards: Tensor, advantages: Tensor, entering: Tensor, max_tokens: int
) -> tuple[Tensor, Tensor, Tensor, float | Tensor, float | Tensor]:
    """Loss, weight and pull per token, and the ratios between which nothing is clipped, as they broadcast against (1, B, G, T)."""
    logprobs = step.logprobs.detach().clone().requires_grad_()
    old = logprobs if "undetached_ratio" in algorithm.defects else step.batch.old_logprobs
    extra = torch.zeros_like(logprobs, requires_grad=True)  # added to each token's loss, so its gradient is the token's weight
    eps_high = upper_eps(algorithm, _number(algorithm.eps_high), rewards, step.reward_range)
    loss, _ = policy_loss(
        logprobs, old, advantages, entering, eps_low=_number(algorithm.eps_low), eps_high=eps_high,
        aggregation=algorithm.loss_aggregation, dual_clip=algorithm.dual_clip, max_tokens=max_tokens, extra=extra)  # fmt: skip
    gradient, weight = torch.autograd.grad(loss.sum(), (logprobs, extra))
    high = 1 + (eps_high[..., None] if isinstance(eps_high, Tensor) else eps_high)
    return loss.detach().sum(), weight, -gradient, 1 - _number(algorithm.eps_low), high


def _number(eps: float | tuple[float, ...]) -> float:
    """A step is of one replica, but another run's algorithm may have a value for each of its own: the first stands for them."""
    return eps[0] if isinstance(eps, tuple) else eps
