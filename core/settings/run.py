"""One run: an algorithm on a task, with its sizes, seeds and budget; or a fork, which continues from another run's state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field, model_validator

from core.settings.algorithm import GRPO, AlgorithmConfig
from core.settings.fields import ConfigError
from core.settings.schema import PerReplica, resolve, settings
from core.settings.task import AnyTask


def _is_none(value: object) -> bool:
    """Left out of the JSON, so that runs without it have the settings, and the `run_id`, that they always had."""
    return value is None


@settings
class RunConfig:
    """One algorithm on one task, R replicas (seeds first_seed … first_seed + replicas - 1) trained at once."""

    task: AnyTask
    algorithm: AlgorithmConfig = GRPO
    updates: int = Field(480, ge=1, le=1_000_000, description="Optimiser updates; without effect where the budget is samples.")
    samples: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        json_schema_extra={"unit": "completions"},
        exclude_if=_is_none,
        description="Completions that each seed generates before it is done: the budget in place of updates (none = updates).",
    )
    num_prompts: int = Field(16, ge=1, le=1024, description="Prompts per rollout, B.")
    group_size: int = Field(16, ge=2, le=256, description="Completions per prompt, G.")
    updates_per_rollout: int = Field(
        16, ge=1, le=256, description="Updates per rollout. With one, the ratio is always 1 and no clip can act."
    )
    epochs: int = Field(
        1,
        ge=1,
        le=64,
        description="Passes over the rollout; each update takes num_prompts x epochs / updates_per_rollout prompts.",
    )
    micro_batch_prompts: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Split an update into pieces of this many prompts to save memory; the gradient does not change.",
    )
    learning_rate: PerReplica[Annotated[float, Field(gt=0.0, le=1.0)]] = Field(1e-3, description="Adam's learning rate.")
    max_grad_norm: float = Field(1.0, gt=0.0, le=1e6, description="Gradients with a larger global norm are scaled down to it.")
    temperature: float = Field(1.0, ge=0.05, le=10.0, description="Divides the logits in sampling and in training alike.")
    generation_price: float | None = Field(
        None,
        ge=0.0,
        le=100.0,
        json_schema_extra={"unit": "trained tokens"},
        exclude_if=_is_none,
        description="What generating a token costs, in the cost of training on one (none = 1), for comparisons at equal cost; it does not "
        "change the training. "
        "By arithmetic alone it is 1/3: one pass forward against one forward and one backward. On real systems generation is most of the "
        "time, 2 and more; but what dynamic sampling generates again is partly hidden behind the longest completion, which all wait for.",
    )
    eval_every: int = Field(
        5,
        ge=1,
        le=10_000,
        json_schema_extra={"unit": "rollouts"},
        description="Greedy evaluation on held-out prompts before training, after every n-th rollout, and at the end.",
    )
    first_seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the first replica.")
    replicas: int = Field(16, ge=1, le=1024, description="Seeds trained at once, R.")
    fork: Fork | None = Field(None, exclude_if=_is_none)  # None = begins at the base policy

    @model_validator(mode="after")
    def _sizes_go_together(self):
        if self.fork is not None:
            self.fork.check(self)
        if self.num_prompts * self.epochs % self.updates_per_rollout:
            raise ConfigError(
                f"updates_per_rollout must divide num_prompts x epochs = {self.num_prompts * self.epochs}, got {self.updates_per_rollout}; "
                "choose a divisor or change epochs"
            )
        if self.updates_per_rollout % self.epochs:
            raise ConfigError(
                f"epochs must divide updates_per_rollout = {self.updates_per_rollout}, got {self.epochs}; choose a divisor"
            )
        for _, owner, name in self._of_replicas():
            value = getattr(owner, name)
            if isinstance(value, tuple) and len(value) != self.replicas:
                raise ConfigError(
                    f"{name} must hold one value per replica, {self.replicas}, got {len(value)}; give a number or {self.replicas} values"
                )
        return self

    @property
    def price(self) -> float:
        """What generating a token costs, in the cost of training on one."""
        return 1.0 if self.generation_price is None else self.generation_price

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(range(self.first_seed, self.first_seed + self.replicas))

    @property
    def effective_updates_per_rollout(self) -> int:
        return 1 if "single_update" in self.algorithm.defects else self.updates_per_rollout

    @property
    def start(self) -> int:
        """Updates done before this run's own: 0, or those that a fork takes over."""
        return 0 if self.fork is None else self.fork.update

    @property
    def most_updates(self) -> int:
        """Updates after which the run is over at the latest. A budget of samples is spent earlier where a rollout takes several rounds."""
        if self.samples is None:
            return self.updates
        return self.start + -(-self.samples // (self.num_prompts * self.group_size)) * self.effective_updates_per_rollout

    @property
    def rollouts(self) -> int:
        """Rollouts that its own updates need at most; the last may be cut short."""
        return -(-(self.most_updates - self.start) // self.effective_updates_per_rollout)

    def is_over(self, update: int, samples: Sequence[int]) -> bool:
        """Whether a run has spent its budget, after `update`, with `samples` generated by each seed. A rollout that was begun with samples
        left is trained on to its end."""
        if self.samples is None:
            return update >= self.updates
        return self.ends_rollout(update) and min(samples) >= self.samples

    def expected_updates(self, update: int, samples: Sequence[int]) -> int:
        """Updates after which a run that has come so far will be over, if rollouts go on to take as many samples as until now."""
        spent = sum(min(count, self.samples) for count in samples) / len(samples) if self.samples is not None else 0
        if not spent:
            return self.most_updates
        each = self.effective_updates_per_rollout
        rollouts = math.ceil((update - self.start) * self.samples / spent / each)
        return update if self.is_over(update, samples) else max(update, min(self.start + rollouts * each, self.most_updates))

    def rollout_start(self, update: int) -> int:
        """Updates done when the rollout that `update`, one of this run's own, trains on was generated."""
        each = self.effective_updates_per_rollout
        return self.start + (update - self.start - 1) // each * each

    def ends_rollout(self, update: int) -> bool:
        """Whether `update` is the last of a whole rollout, so that a fork can begin after it. False for a last rollout that is cut short."""
        return update > self.start and (update - self.start) % self.effective_updates_per_rollout == 0

    @property
    def minibatches(self) -> int:
        """Updates per epoch: pieces that the batch is split into."""
        return 1 if "single_update" in self.algorithm.defects else self.updates_per_rollout // self.epochs

    @property
    def per_replica(self) -> list[str]:
        """The paths of the settings that have one value for each replica."""
        return [f"{part}{name}" for part, owner, name in self._of_replicas() if isinstance(getattr(owner, name), tuple)]

    def _of_replicas(self):
        """(path of its part, the part, name) of each setting that may have one value for each replica."""
        return ("", self, "learning_rate"), ("algorithm.", self.algorithm, "eps_low"), ("algorithm.", self.algorithm, "eps_high")

    def with_replica(self, seed: int) -> RunConfig:
        """This run reduced to the one replica of `seed`, with that replica's entries of the per-replica settings."""
        at = self.seeds.index(seed)

        def pick(value):
            return value[at] if isinstance(value, tuple) else value

        algorithm = replace(self.algorithm, eps_low=pick(self.algorithm.eps_low), eps_high=pick(self.algorithm.eps_high))
        fork = self.fork and replace(self.fork, run=self.fork.run.with_replica(seed))
        return replace(self, algorithm=algorithm, learning_rate=pick(self.learning_rate), first_seed=seed, replicas=1, fork=fork)


@settings
class Fork:
    """Another run's state to go on from: parameters, optimiser, random generators and counters after `update` of `run`, which must end
    one of its rollouts. Nothing but these settings is kept: the state is what training `run` gives, bit for bit."""

    run: RunConfig
    update: int

    def check(self, config: RunConfig) -> None:
        """ConfigError unless `config` can go on from here."""
        start, each = self.run.start, self.run.effective_updates_per_rollout
        last = min(self.run.most_updates, config.most_updates - 1)
        if self.update > last or not self.run.ends_rollout(self.update):
            begin = f"{start} plus a multiple" if start else "a multiple"
            raise ConfigError(
                f"fork.update must be {begin} of updates_per_rollout = {each} between {start + each} and "
                f"{start + (last - start) // each * each}, got {self.update}; choose the end of a rollout"
            )
        for name in ("replicas", "first_seed"):
            if getattr(config, name) != getattr(self.run, name):
                raise ConfigError(
                    f"{name} of a fork must be that of the run it comes from, {getattr(self.run, name)}, got {getattr(config, name)}; "
                    "leave it as it is"
                )
        if type(config.task) is not type(self.run.task):
            raise ConfigError(
                f"task of a fork must be the one of the run it comes from, got {type(config.task).__name__}; change its settings only"
            )


resolve(RunConfig)  # Fork was not known above
