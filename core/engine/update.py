"""One optimiser update: the loss of a minibatch, its gradient, clipped, and the step."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.engine.algorithms.losses import ClipStats, aggregation_denominator, kl_estimate, policy_loss
from core.engine.algorithms.sampling import normalised_rewards
from core.engine.optim import ReplicaAdam, clip_by_global_norm
from core.engine.policies.base import Policy
from core.engine.policies.params import Parameters
from core.engine.tasks.base import Task
from core.engine.types import Rollout, check_finite
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig


class Updater:
    """The optimiser of a run and the loss that it lowers. It changes `params` and nothing else of the run."""

    def __init__(self, config: RunConfig, task: Task, policy: Policy, params: Parameters, seeds: tuple[int, ...]):
        self.config, self.task, self.policy, self.params, self.seeds = config, task, policy, params, seeds
        self.optimiser = ReplicaAdam(params.flat.detach(), config.learning_rate)
        self.eps_low = _per_replica(config.algorithm.eps_low)
        self.eps_high = _per_replica(config.algorithm.eps_high)

    def step(self, update: int, batch: Rollout, advantages: Tensor, active: Tensor | None) -> dict[str, Tensor]:
        """The `update`-th update: one optimiser step of every replica in `active` (R,) (default: all) on its minibatch, with advantages
        (R, B, G). Pieces of a minibatch share one denominator. Returns loss, gradient norm and clip fractions, (R,) each; raises
        TrainingDiverged."""
        config, seeds = self.config, self.seeds
        whole = batch.trained_mask
        denominator = aggregation_denominator(whole, config.algorithm.loss_aggregation, max_tokens=self.task.max_tokens)
        count = batch.prompts.shape[1]
        size = min(config.micro_batch_prompts or count, count)
        loss, gradient, stats = None, None, None
        for start in range(0, count, size):
            if start:
                self.policy.check_stop()
            slots = slice(start, start + size)
            part = batch if size == count else batch.slots(slots)
            piece_loss, piece_stats = self.loss(part, advantages[:, slots], denominator)
            (piece,) = torch.autograd.grad(piece_loss.sum(), self.params.flat)
            piece_loss = piece_loss.detach()
            if stats is None:
                loss, gradient, stats = piece_loss, piece, piece_stats
            else:
                loss, gradient, stats = loss + piece_loss, gradient + piece, stats.plus(piece_stats)
        clipped, norms = clip_by_global_norm(gradient, config.max_grad_norm)
        if not math.isfinite(
            float((loss + norms).sum())
        ):  # one check for all replicas; only if it fails, each is checked for the message
            check_finite(loss, update=update, tensor="loss", seeds=seeds)
            check_finite(norms, update=update, tensor="grad_norm", seeds=seeds)
        self.optimiser.step(self.params.flat.detach(), clipped, active)
        loss = torch.where(denominator > 0, loss, torch.nan)  # a replica without any group to train on has no loss
        return {"loss": loss, "grad_norm": norms, **_clip_metrics(stats)}

    def loss(self, batch: Rollout, advantages: Tensor, denominator: Tensor) -> tuple[Tensor, ClipStats]:
        """Loss (R,) of a minibatch or a piece of one."""
        algorithm = self.config.algorithm
        scores = self.policy.scores(
            self.params, batch.prompts, batch.tokens, self.config.temperature, entropy=algorithm.entropy_coef > 0
        )
        # The lab's bug: both sides of the ratio share one graph, so that its gradient cancels.
        old = scores.logprobs if "undetached_ratio" in algorithm.defects else batch.old_logprobs
        extra = None
        if algorithm.kl_coef > 0:
            base = self.policy.base_logprobs(batch.prompts, batch.tokens, self.config.temperature)
            extra = algorithm.kl_coef * kl_estimate(scores.logprobs, base, algorithm.kl_estimator)
        if algorithm.entropy_coef > 0:
            bonus = -algorithm.entropy_coef * scores.entropy
            extra = bonus if extra is None else extra + bonus
        return policy_loss(
            scores.logprobs,
            old,
            advantages,
            batch.trained_mask,
            eps_low=self.eps_low,
            eps_high=upper_eps(algorithm, self.eps_high, batch.rewards, self.task.reward_range),
            aggregation=algorithm.loss_aggregation,
            dual_clip=algorithm.dual_clip,
            max_tokens=self.task.max_tokens,
            denominator=denominator,
            extra=extra,
        )


def upper_eps(
    algorithm: AlgorithmConfig, eps_high: float | Tensor, rewards: Tensor, reward_range: tuple[float, float]
) -> float | Tensor:
    """`eps_high`, a number or (R,), or the lab's version of it: widened for completions whose normalised reward (R, B, G) exceeds 0.5."""
    if algorithm.reward_clip_factor == 1.0:
        return eps_high
    widen = torch.where(normalised_rewards(rewards, reward_range) > 0.5, algorithm.reward_clip_factor, 1.0)
    return widen * (eps_high[:, None, None] if isinstance(eps_high, Tensor) else eps_high)


def _clip_metrics(stats: ClipStats) -> dict[str, Tensor]:
    """Shares of the minibatch's tokens; NaN where a replica had no token, or no token was clipped."""
    tokens = stats.tokens.double()
    nothing = torch.isinf(stats.ratio_max)
    return {
        "clip_fraction_low": stats.clipped_low / tokens,
        "clip_fraction_high": stats.clipped_high / tokens,
        "upclipped_prob_mean": stats.upclipped_prob.double() / stats.clipped_high,
        "ratio_max": torch.where(nothing, torch.nan, stats.ratio_max.double()),
    }


def _per_replica(value: float | tuple[float, ...]) -> float | Tensor:
    """A number stays one; a tuple becomes (R,)."""
    return torch.tensor(value) if isinstance(value, tuple) else value
