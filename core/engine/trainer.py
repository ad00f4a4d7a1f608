"""The loop: `train(config)` yields one StepRecord per optimiser update. It owns no thread, file or global."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from core.engine.algorithms.advantages import group_advantages
from core.engine.checkpoints import Checkpoints, TrainerState
from core.engine.policies import make_policy, never
from core.engine.rng import ReplicaStreams
from core.engine.rollout import RolloutCollector
from core.engine.tasks import make_task
from core.engine.types import Distribution, Rollout, StepRecord, Stopped
from core.engine.update import Updater
from core.settings.fields import ConfigError
from core.settings.run import RunConfig

MAX_DISTRIBUTIONS = 100  # per run, and one more for the last update: enough for a film of the run
MAX_DISTRIBUTION_BYTES = 4_000_000  # per run; the first and the last are kept regardless of their size


Change = Callable[[int], RunConfig | None]
OnPrepare = Callable[[str, int, int], None]  # (stage, done, total); stage is "base model" or "replay"


def train(
    config: RunConfig,
    *,
    should_stop: Callable[[], bool] = never,
    on_prepare: OnPrepare = lambda stage, done, total: None,
    checkpoints: Checkpoints | None = None,
    seeds: tuple[int, ...] | None = None,
    change: Change = lambda update: None,
) -> Iterator[StepRecord]:
    """Train `config.replicas` seeds at once: the evaluation of the untrained policy as update 0, unless it is a fork, then one record per
    update, until the budget is spent unless `should_stop()` says so. It is asked after every record and inside everything that takes long:
    preparation, generation, evaluation, the pieces of an update.

    Where the budget is samples, a seed that has spent its own neither generates nor trains any more; its values are NaN from then on.
    `on_prepare(stage, done, total)` is called while a base model has to be built first, and while a fork's run is trained up to the fork.
    `checkpoints` makes that, and later forks and replays of this run, faster and changes nothing else.
    `seeds` are those of the replicas where they are not `config.seeds`: the cells of a sweep that train together share theirs.
    `change(update)` is asked at the end of every whole rollout but the last, as long as all seeds train: a fork of the present settings from
    there, with which the run goes on, or None. The records are bit for bit those of that fork.
    TrainingDiverged on NaN or infinity: the records yielded before are valid.
    """

    try:
        trainer = Trainer(config, on_prepare, should_stop, seeds)
        if config.fork is not None:
            trainer.restore(_forked_state(config, on_prepare, checkpoints, should_stop))
        else:
            yield trainer.untrained()
            trainer.check_stop()
        while not trainer.is_over:
            for record in trainer.rollout():
                yield record
                trainer.check_stop()
            trainer.keep_state(checkpoints)
            if trainer.may_change and (changed := change(trainer.update)) is not None:
                trainer = trainer.changed_to(changed, on_prepare, should_stop)
    except Stopped:
        return


def _forked_state(
    config: RunConfig, on_prepare: OnPrepare, checkpoints: Checkpoints | None, should_stop: Callable[[], bool]
) -> TrainerState:
    """The state that a fork begins with. ConfigError if one of its seeds was done before, or would be done at once."""
    origin, at = config.fork.run, config.fork.update
    state = state_after(origin, at, on_prepare, checkpoints, should_stop)
    if state.idle:
        raise ConfigError(
            f"fork.update must lie where every seed was still training, got {at}, where one had spent its {origin.samples:,} samples; "
            "choose an earlier update"
        )
    most = int(state.samples.max())
    if config.samples is not None and config.samples <= most:
        raise ConfigError(
            f"samples of this fork must be above {most:,}, which were generated before it, got {config.samples:,}; raise it"
        )
    return state


def state_after(
    config: RunConfig,
    update: int,
    on_prepare: OnPrepare = lambda stage, done, total: None,
    checkpoints: Checkpoints | None = None,
    should_stop: Callable[[], bool] = never,
) -> TrainerState:
    """The state of `config`'s run after `update`, which must end a rollout: trained up to there, from the nearest checkpoint if there is
    one. Stopped if `should_stop()` says so; `on_prepare` may raise to leave, too."""
    trainer = Trainer(config, on_prepare, should_stop)
    known = checkpoints.nearest(config, update) if checkpoints is not None else None
    if known is None and config.fork is not None:
        known = state_after(config.fork.run, config.fork.update, on_prepare, checkpoints, should_stop)
    if known is not None:
        trainer.restore(known)
    while trainer.update < update:
        if trainer.is_over:
            raise ConfigError(
                f"update must be at most {trainer.update}, where the run has spent its samples, got {update}; lower it"
            )
        for record in trainer.rollout():
            on_prepare("replay", record.update, update)
            trainer.check_stop()
        trainer.keep_state(checkpoints)
    return trainer.state()


class Trainer:
    """The state of a run: parameters, optimiser, random streams, counters. Stopped, from every method that trains or measures, if
    `should_stop()` says so; the trainer must not be used afterwards."""

    def __init__(
        self,
        config: RunConfig,
        on_prepare: OnPrepare = lambda stage, done, total: None,
        should_stop: Callable[[], bool] = never,
        seeds: tuple[int, ...] | None = None,
    ):
        self.config = config
        self.seeds = config.seeds if seeds is None else seeds
        self.task = make_task(config.task)
        self.policy = make_policy(self.task, lambda done, total: on_prepare("base model", done, total), should_stop)
        self.streams = ReplicaStreams(self.seeds)
        self.params = self.policy.initial(self.streams.generators)
        self.params.flat.requires_grad_()
        self.updater = Updater(config, self.task, self.policy, self.params, self.seeds)
        self.collector = RolloutCollector(config, self.task, self.policy, self.streams)
        self.distribution_every = distribution_every(config, self.task.vocab_size)
        self.update = self.rollouts = 0
        self.idle = False  # whether a rollout left out a seed that had spent its samples
        self.samples = torch.zeros(config.replicas, dtype=torch.long)
        self.started = time.perf_counter()

    def state(self) -> TrainerState:
        """A copy of everything that the next rollouts depend on. Between rollouts only."""
        generators = tuple(generator.get_state() for generator in self.streams.generators)
        optimiser = self.updater.optimiser
        moments = (optimiser.mean.clone(), optimiser.square.clone(), optimiser.steps)
        flat = self.params.flat.detach().clone()
        return TrainerState(self.update, self.rollouts, self.samples, self.idle, flat, *moments, generators)

    def restore(self, state: TrainerState) -> None:
        """Go on from `state`. ConfigError if it is that of a policy of another size."""
        flat = self.params.flat.detach()
        if flat.shape != state.flat.shape:
            raise ConfigError(
                f"task of a fork must need a policy of the same size, {state.flat.shape[1]} parameters, got {flat.shape[1]}; "
                "leave the settings of the policy as they are"
            )
        flat.copy_(state.flat)
        optimiser = self.updater.optimiser
        optimiser.mean.copy_(state.mean)
        optimiser.square.copy_(state.square)
        optimiser.steps = state.steps
        for generator, known in zip(self.streams.generators, state.generators, strict=True):
            generator.set_state(known)
        self.update, self.rollouts, self.samples, self.idle = state.update, state.rollouts, state.samples, state.idle

    @property
    def may_change(self) -> bool:
        """Whether a fork could begin here: the end of a whole rollout, all seeds training, and some budget left."""
        return self.config.ends_rollout(self.update) and not self.idle and not self.is_over

    def changed_to(self, config: RunConfig, on_prepare: OnPrepare, should_stop: Callable[[], bool]) -> Trainer:
        """A trainer that goes on from this state and this clock with `config`. ConfigError as from `restore`."""
        made = Trainer(config, on_prepare, should_stop)
        made.restore(self.state())
        made.started = self.started
        return made

    def check_stop(self) -> None:
        """Stopped if `should_stop()`."""
        self.policy.check_stop()

    def keep_state(self, checkpoints: Checkpoints | None) -> None:
        """Offer the state to `checkpoints`, if this is the end of a whole rollout."""
        if checkpoints is not None and self.config.ends_rollout(self.update):
            checkpoints.offer(self.config, self.update, self.state)

    @property
    def is_over(self) -> bool:
        """The budget is spent."""
        return self.config.is_over(self.update, self.samples.tolist())

    def untrained(self) -> StepRecord:
        """The evaluation before the first update: update 0 of rollout 0, when nothing has been sampled. The clock starts after it."""
        score = self.score().double().numpy()
        self.started = time.perf_counter()
        return StepRecord(0, 0, self.samples.numpy().copy(), 0.0, {"eval_accuracy": score})

    def rollout(self) -> Iterator[StepRecord]:
        """One generation phase and the updates on it, for the seeds whose budget is not spent. The policy is scored after every
        `eval_every` rollouts and at the end, so that a score stands at the update, and at the samples, of the policy that it is of."""
        config = self.config
        active, progress = self._active()
        replicas = None if active is None else active.nonzero()[:, 0].tolist()
        batch, tally = self.collector.collect(self.params, progress, replicas)
        self.rollouts += 1
        self.idle = self.idle or active is not None
        self.samples = self.samples + (tally.sums["groups"] * config.group_size).long()
        metrics = tally.metrics()
        metrics["reward_trained_mean"] = _masked_mean(batch.rewards, batch.live[..., None].expand_as(batch.rewards))
        advantages = group_advantages(batch.rewards, normalize_std=config.algorithm.normalize_std)
        metrics["zero_advantage_fraction"] = _masked_mean((advantages == 0).all(-1).double(), batch.live)
        seen = None
        if (self.rollouts - 1) % config.eval_every == 0:
            metrics["kl_base"], seen = self.survey(batch)
            if (self.rollouts - 1) % self.distribution_every:
                seen = None
        for k in range(config.effective_updates_per_rollout):
            slots = slice(k % config.minibatches, None, config.minibatches)
            metrics |= self._update(batch.slots(slots), advantages[:, slots], active)
            self.update += 1
            last, ends = self._last_for(active, k), k == config.effective_updates_per_rollout - 1
            if last is not None:
                divergence, ahead = self.survey(batch)
                metrics["kl_base"] = torch.where(last, divergence, metrics.get("kl_base", torch.nan))
                seen = ahead if self.is_over else None  # of the seeds in this last rollout
            if ends and self.rollouts % config.eval_every == 0:
                metrics["eval_accuracy"] = self.score()
            elif last is not None:
                metrics["eval_accuracy"] = torch.where(last, self.score(), torch.nan)
            yield self._record(metrics, seen, active)
            if last is not None and config.samples is None:
                return
            metrics, seen = {}, None

    def _active(self) -> tuple[Tensor | None, float | Tensor]:
        """Which replicas have a budget left, (R,) bool, None for all; and how much of it is spent, 0 … 1, one number or (R,)."""
        if self.config.samples is None:
            return None, self.update / self.config.updates
        active = self.samples < self.config.samples
        return None if bool(active.all()) else active, self.samples.double() / self.config.samples

    def _last_for(self, active: Tensor | None, k: int) -> Tensor | None:
        """(R,) bool: the replicas whose last update it was, the `k`-th on this rollout; None if it was no replica's last."""
        config = self.config
        if config.samples is None:
            return torch.ones(config.replicas, dtype=torch.bool) if self.update == config.updates else None
        ended = self.samples >= config.samples
        if active is not None:
            ended &= active
        return ended if k == config.effective_updates_per_rollout - 1 and bool(ended.any()) else None

    def score(self) -> Tensor:
        """(R,) what the task's `evaluate` measures of the policy as it is: no random number is drawn."""
        return self.task.evaluate(self.policy, self.params.detached(), self.config.temperature)

    def survey(self, batch: Rollout) -> tuple[Tensor, Distribution]:
        """(R,) divergence from the base policy on the batch's tokens, and what the policy would generate in their place."""
        found = self.policy.survey(self.params.detached(), batch.prompts, batch.tokens, batch.mask, self.config.temperature)
        divergence = _masked_mean(found.kl_to_base, batch.trained_mask)
        return divergence, Distribution(found.token_probs.numpy(), found.rank_probs.numpy())

    def _update(self, batch: Rollout, advantages: Tensor, active: Tensor | None) -> dict[str, Tensor]:
        return self.updater.step(self.update + 1, batch, advantages, active)

    def _record(self, metrics: dict[str, Tensor], seen: Distribution | None, active: Tensor | None) -> StepRecord:
        if active is not None:
            metrics = {name: torch.where(active, value, torch.nan) for name, value in metrics.items()}
        values = {name: value.double().numpy() for name, value in metrics.items()}
        return StepRecord(self.update, self.rollouts, self.samples.numpy(), time.perf_counter() - self.started, values, seen)


def distribution_every(config: RunConfig, vocab_size: int) -> int:
    """Rollouts from one recorded distribution to the next: those of every evaluation, or of every n-th one where that would be more than
    MAX_DISTRIBUTIONS or MAX_DISTRIBUTION_BYTES. One takes 8·R·V bytes."""
    most = max(min(MAX_DISTRIBUTIONS, MAX_DISTRIBUTION_BYTES // (8 * config.replicas * vocab_size)), 1)
    evaluations = -(-config.rollouts // config.eval_every)
    return config.eval_every * -(-evaluations // most)


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """(R, …) -> (R,) mean where mask is True; NaN where it never is."""
    axes = tuple(range(1, values.ndim))
    return torch.where(mask, values, 0.0).sum(axes).double() / mask.sum(axes)
