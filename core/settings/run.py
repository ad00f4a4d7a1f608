"""One run: an algorithm on a task, with its sizes, seeds and budget; or a fork, which goes on from another run's state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.settings.algorithm import GRPO, AlgorithmConfig
from core.settings.fields import ConfigError, check_fields, setting
from core.settings.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One algorithm on one task, R replicas (seeds first_seed … first_seed + replicas - 1) trained at once."""

    task: TaskConfig
    algorithm: AlgorithmConfig = GRPO
    updates: int = setting(480, "Optimiser updates.", min=1, max=1_000_000)
    num_prompts: int = setting(16, "Prompts per rollout, B.", min=1, max=1024)
    group_size: int = setting(16, "Completions per prompt, G.", min=2, max=256)
    updates_per_rollout: int = setting(
        16, "Updates per rollout. With one, the ratio is always 1 and no clip can act.", min=1, max=256
    )
    epochs: int = setting(
        1, "Passes over the rollout; each update takes num_prompts x epochs / updates_per_rollout prompts.", min=1, max=64
    )
    micro_batch_prompts: int | None = setting(
        None, "Split an update into pieces of this many prompts to save memory; the gradient does not change.", min=1, max=1024
    )
    learning_rate: float | tuple[float, ...] = setting(
        1e-3, "Adam's learning rate.", min=0.0, max=1.0, per_replica=True, open_min=True
    )
    max_grad_norm: float = setting(
        1.0, "Gradients with a larger global norm are scaled down to it.", min=0.0, max=1e6, open_min=True
    )
    temperature: float = setting(1.0, "Divides the logits in sampling and in training alike.", min=0.05, max=10.0)
    eval_every: int = setting(
        5, "Greedy evaluation on held-out prompts before every n-th rollout, and at the end.", min=1, max=10_000, unit="rollouts"
    )
    first_seed: int = setting(0, "Seed of the first replica.", min=0, max=2**31 - 1)
    replicas: int = setting(16, "Seeds trained at once, R.", min=1, max=1024)
    fork: Fork | None = None  # None = begins at the base policy

    def __post_init__(self) -> None:
        check_fields(self)
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
        for owner, name in ((self, "learning_rate"), (self.algorithm, "eps_low"), (self.algorithm, "eps_high")):
            value = getattr(owner, name)
            if isinstance(value, tuple) and len(value) != self.replicas:
                raise ConfigError(
                    f"{name} must hold one value per replica, {self.replicas}, got {len(value)}; give a number or {self.replicas} values"
                )

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
    def rollouts(self) -> int:
        """Rollouts that its own updates need; the last may be cut short."""
        return -(-(self.updates - self.start) // self.effective_updates_per_rollout)

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

    def with_replica(self, seed: int) -> RunConfig:
        """This run reduced to the one replica of `seed`, with that replica's entries of the per-replica settings."""
        at = self.seeds.index(seed)

        def pick(value):
            return value[at] if isinstance(value, tuple) else value

        algorithm = replace(self.algorithm, eps_low=pick(self.algorithm.eps_low), eps_high=pick(self.algorithm.eps_high))
        fork = self.fork and replace(self.fork, run=self.fork.run.with_replica(seed))
        return replace(self, algorithm=algorithm, learning_rate=pick(self.learning_rate), first_seed=seed, replicas=1, fork=fork)


@dataclass(frozen=True, kw_only=True)
class Fork:
    """Another run's state to go on from: parameters, optimiser, random generators and counters after `update` of `run`, which must end
    one of its rollouts. Nothing but these settings is kept: the state is what training `run` gives, bit for bit."""

    run: RunConfig
    update: int

    def check(self, config: RunConfig) -> None:
        """ConfigError unless `config` can go on from here."""
        start, each = self.run.start, self.run.effective_updates_per_rollout
        last = min(self.run.updates, config.updates - 1)
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
