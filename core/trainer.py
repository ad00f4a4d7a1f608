"""The loop: `train(config)` yields one StepRecord per optimiser update. It owns no thread, file or global."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from core.algorithms.advantages import group_advantages
from core.algorithms.losses import ClipStats, aggregation_denominator, kl_estimate, policy_loss
from core.algorithms.sampling import normalised_rewards
from core.config import RunConfig
from core.optim import ReplicaAdam, clip_by_global_norm
from core.policies import make_policy
from core.rng import ReplicaStreams
from core.rollout import Collector
from core.tasks import make_task
from core.types import Rollout, StepRecord, check_finite


def train(
    config: RunConfig, *, should_stop: Callable[[], bool] = lambda: False, on_base_model: Callable[[int, int], None] | None = None
) -> Iterator[StepRecord]:
    """Train `config.replicas` seeds at once; one record per update, `config.updates` of them unless `should_stop()` says so.

    `on_base_model(done, total)` is called while a base model has to be built first. TrainingDiverged on NaN or infinity: the records
    yielded before are valid.
    """
    trainer = Trainer(config, on_base_model)
    while trainer.update < config.updates:
        for record in trainer.rollout():
            yield record
            if should_stop():
                return


class Trainer:
    """The state of a run: parameters, optimiser, random streams, counters."""

    def __init__(self, config: RunConfig, on_base_model: Callable[[int, int], None] | None = None):
        self.config = config
        self.task = make_task(config.task)
        self.policy = make_policy(self.task, on_base_model)
        self.streams = ReplicaStreams(config.seeds)
        self.params = self.policy.initial(self.streams.generators)
        self.params.flat.requires_grad_()
        self.optimiser = ReplicaAdam(self.params.flat.detach(), config.learning_rate)
        self.collector = Collector(config, self.task, self.policy, self.streams)
        self.eps_low = _per_replica(config.algorithm.eps_low, config.replicas)
        self.eps_high = _per_replica(config.algorithm.eps_high, config.replicas)
        self.update = self.rollouts = 0
        self.samples = torch.zeros(config.replicas, dtype=torch.long)
        self.started = time.perf_counter()

    def rollout(self) -> Iterator[StepRecord]:
        """One generation phase and the updates on it."""
        config = self.config
        batch, tally = self.collector.collect(self.params, progress=self.update / config.updates)
        self.rollouts += 1
        self.samples = self.samples + (tally.sums["groups"] * config.group_size).long()
        metrics = tally.metrics()
        metrics["reward_trained_mean"] = _masked_mean(batch.rewards, batch.live[..., None].expand_as(batch.rewards))
        if (self.rollouts - 1) % config.eval_every == 0:
            metrics |= self.evaluate(batch)
        advantages = group_advantages(batch.rewards, normalize_std=config.algorithm.normalize_std)
        for k in range(config.effective_updates_per_rollout):
            slots = slice(k % config.minibatches, None, config.minibatches)
            metrics |= self._update(batch.slots(slots), advantages[:, slots])
            self.update += 1
            if self.update == config.updates:
                metrics |= self.evaluate(batch)
            yield self._record(metrics)
            if self.update == config.updates:
                return
            metrics = {}

    def evaluate(self, batch: Rollout) -> dict[str, Tensor]:
        """Greedy score on the held-out prompts, and the divergence from the base policy on the batch's tokens."""
        params, temperature = self.params.detached(), self.config.temperature
        divergence = self.policy.kl_to_base(params, batch.prompts, batch.tokens, temperature)
        return {
            "eval_accuracy": self.task.evaluate(self.policy, params, temperature),
            "kl_base": _masked_mean(divergence, batch.trained_mask),
        }

    def _update(self, batch: Rollout, advantages: Tensor) -> dict[str, Tensor]:
        """One optimiser step of every replica on its minibatch. Pieces of a minibatch share one denominator."""
        config, seeds = self.config, self.config.seeds
        whole = batch.trained_mask
        denominator = aggregation_denominator(whole, config.algorithm.loss_aggregation, max_tokens=self.task.max_tokens)
        count = batch.prompts.shape[1]
        size = min(config.micro_batch_prompts or count, count)
        loss, gradient, stats = None, None, None
        for start in range(0, count, size):
            slots = slice(start, start + size)
            part = batch if size == count else batch.slots(slots)
            piece_loss, piece_stats = self._loss(part, advantages[:, slots], denominator)
            (piece,) = torch.autograd.grad(piece_loss.sum(), self.params.flat)
            piece_loss = piece_loss.detach()
            if stats is None:
                loss, gradient, stats = piece_loss, piece, piece_stats
            else:
                loss, gradient, stats = loss + piece_loss, gradient + piece, stats.plus(piece_stats)
        clipped, norms = clip_by_global_norm(gradient, config.max_grad_norm)
        if not math.isfinite(float((loss + norms).sum())):  # one look at all replicas; only if it fails, which one and why
            check_finite(loss, update=self.update + 1, tensor="loss", seeds=seeds)
            check_finite(norms, update=self.update + 1, tensor="grad_norm", seeds=seeds)
        self.optimiser.step(self.params.flat.detach(), clipped)
        loss = torch.where(denominator > 0, loss, torch.nan)  # a replica without any group to train on has no loss
        return {"loss": loss, "grad_norm": norms, **_clip_metrics(stats)}

    def _loss(self, batch: Rollout, advantages: Tensor, denominator: Tensor) -> tuple[Tensor, ClipStats]:
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
            eps_high=self._eps_high(batch),
            aggregation=algorithm.loss_aggregation,
            dual_clip=algorithm.dual_clip,
            max_tokens=self.task.max_tokens,
            denominator=denominator,
            extra=extra,
        )

    def _eps_high(self, batch: Rollout) -> float | Tensor:
        """eps_high, or the lab's version of it: widened for completions whose normalised reward exceeds 0.5, (R, B, G)."""
        factor = self.config.algorithm.reward_clip_factor
        if factor == 1.0:
            return self.eps_high
        widen = torch.where(normalised_rewards(batch.rewards, self.task.reward_range) > 0.5, factor, 1.0)
        return widen * (self.eps_high[:, None, None] if isinstance(self.eps_high, Tensor) else self.eps_high)

    def _record(self, metrics: dict[str, Tensor]) -> StepRecord:
        values = {name: value.double().numpy() for name, value in metrics.items()}
        return StepRecord(self.update, self.rollouts, self.samples.numpy(), time.perf_counter() - self.started, values)


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


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """(R, …) -> (R,) mean where mask is True; NaN where it never is."""
    axes = tuple(range(1, values.ndim))
    return torch.where(mask, values, 0.0).sum(axes).double() / mask.sum(axes)


def _per_replica(value: float | tuple[float, ...], replicas: int) -> float | Tensor:
    """A number stays one; a tuple becomes (R,)."""
    return torch.tensor(value) if isinstance(value, tuple) else value
