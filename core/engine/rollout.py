"""One generation phase: sample prompts, generate, grade, shape, drop groups without signal and sample again until the batch is full.

The policy does not change during a rollout, so the whole batch is on-policy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from core.engine.algorithms.sampling import keep_groups
from core.engine.algorithms.shaping import overlong_penalty
from core.engine.policies import Parameters, Policy
from core.engine.rng import ReplicaStreams
from core.engine.tasks import Grade, Task
from core.engine.types import Completions, Rollout
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig


@dataclass(frozen=True)
class Round:
    """One round of generation, for the replicas that took part."""

    prompts: Tensor  # (R', B)
    completions: Completions
    grade: Grade  # (R', B, G) each
    rewards: Tensor  # (R', B, G) after shaping
    keep: Tensor  # (R', B)

    @property
    def correct(self) -> Tensor:
        """(R', B, G) bool"""
        return self.grade.correct


class Tally:
    """Per-replica sums over everything generated for one rollout, dropped groups included."""

    NAMES = ("groups", "dropped", "all_wrong", "all_right", "correct", "reward", "entropy", "tokens", "truncated", "rounds")

    def __init__(self, replicas: int, group_size: int):
        self.table = torch.zeros(len(self.NAMES), replicas, dtype=torch.float64)
        self.sums = dict(zip(self.NAMES, self.table, strict=True))  # views of the table's rows
        self.group_size = group_size

    def add(self, active: Tensor, made: Round) -> None:
        done = made.completions
        right = made.correct.sum(-1)
        seen = {
            "groups": torch.full((len(active),), right.shape[1]),
            "dropped": (~made.keep).sum(1),
            "all_wrong": (right == 0).sum(1),
            "all_right": (right == self.group_size).sum(1),
            "correct": right.sum(1),
            "reward": made.rewards.sum((1, 2)),
            "entropy": torch.where(done.mask, done.entropy, 0.0).sum((1, 2, 3)),
            "tokens": done.mask.sum((1, 2, 3)),
            "truncated": (~done.ended).sum((1, 2)),
            "rounds": torch.ones(len(active)),
        }
        self.table.index_add_(1, active, torch.stack([seen[name].double() for name in self.NAMES]))

    def metrics(self) -> dict[str, Tensor]:
        """The rollout's metrics, (R,) each."""
        s = self.sums
        completions = s["groups"] * self.group_size
        return {
            "entropy_nats": s["entropy"] / s["tokens"],
            "accuracy": s["correct"] / completions,
            "reward_mean": s["reward"] / completions,
            "filter_ratio": s["dropped"] / s["groups"],
            "all_wrong_fraction": s["all_wrong"] / s["groups"],
            "all_right_fraction": s["all_right"] / s["groups"],
            "completion_tokens_mean": s["tokens"] / completions,
            "truncated_fraction": s["truncated"] / completions,
            "generation_rounds": torch.where(s["rounds"] > 0, s["rounds"], torch.nan),
        }


class RolloutCollector:
    """Fills batches for one run. Holds the replicas' random streams and nothing else that changes."""

    def __init__(self, config: RunConfig, task: Task, policy: Policy, streams: ReplicaStreams):
        self.config, self.task, self.policy, self.streams = config, task, policy, streams

    def collect(self, params: Parameters, progress: float | Tensor, replicas: list[int] | None = None) -> tuple[Rollout, Tally]:
        """A batch of `num_prompts` slots per replica and the tally of what was generated for it. `progress` is 0 … 1 of training, one
        number or (R,). Only `replicas` (default: all) generate; the others' slots stay empty."""
        batch, tally = self._filled_batch(params, progress, replicas)
        return batch.trimmed(), tally

    def _filled_batch(self, params: Parameters, progress: float | Tensor, replicas: list[int] | None) -> tuple[Rollout, Tally]:
        """The same with all T positions of the task."""
        config, algorithm = self.config, self.config.algorithm
        params = params.detached()
        tally = Tally(config.replicas, config.group_size)
        first = torch.arange(config.replicas) if replicas is None else torch.tensor(replicas)
        made = self._generate(params if replicas is None else params.select(replicas), replicas, progress)
        tally.add(first, made)
        batch = self._batch_of(made)
        if algorithm.dynamic_sampling != "refill":
            return batch.spread(first, config.replicas), tally
        batch = _empty_like(batch.spread(first, config.replicas))
        _fill(batch, first, self._batch_of(made))
        for _ in range(algorithm.max_rounds - 1):
            active = first[~batch.live[first].all(1)]
            if len(active) == 0:
                break
            self.policy.check_stop()
            chosen = active.tolist()
            made = self._generate(params.select(chosen), chosen, progress)
            tally.add(active, made)
            _fill(batch, active, self._batch_of(made))
        return batch, tally

    def _generate(self, params: Parameters, active: list[int] | None, progress: float | Tensor) -> Round:
        config, task, algorithm = self.config, self.task, self.config.algorithm
        if isinstance(progress, Tensor) and active is not None:
            progress = progress[active]
        prompts = task.sample_prompts(self.streams, config.num_prompts, active, progress)
        uniforms = self.streams.uniform(config.num_prompts, config.group_size, task.max_tokens, active=active)
        completions = self.policy.generate(params, prompts, uniforms, config.temperature, config.group_size)
        grade = task.grade(prompts, completions, self.streams, active)
        rewards = shaped_rewards(algorithm, task, grade.rewards, completions.lengths)
        keep = keep_groups(algorithm, grade.correct, rewards, task.reward_range)
        return Round(prompts, completions, grade, rewards, keep)

    def _batch_of(self, made: Round) -> Rollout:
        done = made.completions
        mask = loss_mask(self.config.algorithm, done.mask, done.ended)
        return Rollout(made.prompts, done.tokens, mask, done.logprobs, made.rewards, made.correct, done.ended, made.keep.clone())


def shaped_rewards(algorithm: AlgorithmConfig, task: Task, rewards: Tensor, lengths: Tensor) -> Tensor:
    """Rewards (…, G) with the soft overlong punishment for completions of `lengths` (…, G) tokens, where the algorithm has it."""
    if algorithm.overlong != "soft" or task.end_token is None:  # a task whose completions are one token has no lengths to punish
        return rewards
    return rewards + overlong_penalty(
        lengths,
        max_tokens=task.max_tokens,
        buffer_tokens=min(algorithm.overlong_buffer_tokens, task.max_tokens),
        penalty=algorithm.overlong_penalty,
    )


def loss_mask(algorithm: AlgorithmConfig, mask: Tensor, ended: Tensor) -> Tensor:
    """(…, G, T) the tokens that may enter the loss: overlong filtering leaves truncated completions out."""
    return mask & ended[..., None] if algorithm.overlong == "filter" else mask


def _empty_like(batch: Rollout) -> Rollout:
    """The same batch with all slots empty. An empty slot holds valid values and has weight zero."""
    return replace(
        batch, **{f.name: getattr(batch, f.name).clone() for f in fields(batch)} | {"live": torch.zeros_like(batch.live)}
    )


def _fill(batch: Rollout, active: Tensor, source: Rollout) -> None:
    """Copy the live groups of `source` (R' = the `active` replicas) into the first empty slots of `batch`; surplus is discarded."""
    filled = batch.live.sum(1)[active]
    place = filled[:, None] + source.live.cumsum(1) - 1  # the slot each kept group would take
    row, column = (source.live & (place < batch.live.shape[1])).nonzero(as_tuple=True)
    target, slot = active[row], place[row, column]
    for field in fields(batch):
        getattr(batch, field.name)[target, slot] = getattr(source, field.name)[row, column]
