"""One update of one seed in full: groups, rounds, advantages, and every token's part in the loss.

A run does not record its steps. Training gives the same bits again, so the step is trained once more, from the nearest checkpoint, by a
trainer that keeps what it made; every update of every stored run can be inspected this way. All seeds are trained again, not only the
inspected one: alone, its sums would be added up in another order. For the same reason torch must be limited to one thread, as in the
run, and the processor must be of the same kind. `check_against` says whether the replay is the run that was stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from core.analysis.history import History
from core.analysis.metrics import LEVELS
from core.engine.checkpoints import Checkpoints
from core.engine.policies import never
from core.engine.rollout import RolloutCollector, Round
from core.engine.tasks import Task
from core.engine.trainer import OnPrepare, Trainer, state_after
from core.engine.types import Rollout, StepRecord
from core.settings.fields import ConfigError
from core.settings.run import RunConfig

KINDS = ("all wrong", "mixed", "all right")
VISIBLE = 1e-3  # relative; pages and reports show three digits
ZERO = 1e-6  # absolute; what is left of sums that cancel


@dataclass(frozen=True)
class Group:
    """One generated group: G completions of one prompt."""

    round: int  # 1, 2, …: the generation round
    prompt: int  # index into the task's pool
    prompt_text: str
    texts: tuple[str, ...]  # (G,) completions
    lengths: np.ndarray  # (G,) tokens
    ended: np.ndarray  # (G,) bool, False = cut at the length limit
    correct: np.ndarray  # (G,) bool
    noiseless: np.ndarray  # (G,) reward before noise and flips
    unshaped: np.ndarray  # (G,) after noise and flips, before shaping
    rewards: np.ndarray  # (G,) as the algorithm sees it
    kept: bool  # by dynamic sampling
    slot: int | None  # its place in the batch; None = dropped, or generated when the batch was full already

    @property
    def kind(self) -> str:
        right = int(self.correct.sum())
        return KINDS[0] if right == 0 else KINDS[2] if right == len(self.correct) else KINDS[1]


@dataclass(frozen=True)
class Step:
    """One update of one seed. Tensors have R = 1 and B slots; `in_update` says which of them this update trained on."""

    config: RunConfig  # as if of the one seed
    record: StepRecord  # of the one seed
    groups: tuple[Group, ...]  # everything generated for its rollout, in order
    batch: Rollout  # all slots, as the run saw them
    unshaped: Tensor  # (1, B, G) the batch's rewards before shaping
    lengths: Tensor  # (1, B, G) tokens
    full_mask: Tensor  # (1, B, G, T) real tokens, overlong ones included
    in_update: np.ndarray  # (B,) bool
    logprobs: Tensor  # (1, B, G, T) under the policy before the update
    entropy: Tensor  # (1, B, G, T) nats, of that policy where each token was chosen
    reward_range: tuple[float, float]  # of the task's noiseless reward

    @property
    def seed(self) -> int:
        return self.config.first_seed

    @property
    def update(self) -> int:
        return self.record.update

    @property
    def nbytes(self) -> int:
        """Memory that its tensors and arrays take; texts come on top."""
        tensors = [getattr(self.batch, f.name) for f in fields(self.batch)]
        tensors += [self.unshaped, self.lengths, self.full_mask, self.in_update, self.logprobs, self.entropy]
        return sum(t.nbytes for t in tensors) + sum(
            v.nbytes for g in self.groups for v in vars(g).values() if hasattr(v, "nbytes")
        )


def inspect_step(
    config: RunConfig,
    seed: int,
    update: int,
    *,
    checkpoints: Checkpoints | None = None,
    on_prepare: OnPrepare = lambda stage, done, total: None,
    should_stop: Callable[[], bool] = never,
) -> Step:
    """Train `config`'s run up to `update` and return that step of its seed `seed`. ConfigError for a seed or an update that the run does
    not have, Stopped if `should_stop()` says so."""
    if seed not in config.seeds:
        raise ConfigError(
            f"seed must be one of the run's, {config.seeds[0]} to {config.seeds[-1]}, got {seed}; choose one of these"
        )
    if update == config.start == 0:
        raise ConfigError(
            f"update must be between 1 and {config.most_updates}, got 0, the untrained policy, whose evaluation trained nothing; choose 1 "
            "to see what the untrained policy generated first"
        )
    if not config.start < update <= config.most_updates:
        raise ConfigError(
            f"update must be between {config.start + 1} and {config.most_updates}, got {update}; choose one of the run's updates"
        )
    begin = config.rollout_start(update)
    trainer = _RecordingTrainer(config, on_prepare, should_stop)
    if begin:
        trainer.restore(state_after(config, begin, on_prepare, checkpoints, should_stop))
    record = next(r for r in trainer.rollout() if r.update == update)
    if not trainer.collector.rounds_of(config.seeds.index(seed)):
        raise ConfigError(f"update must be one before seed {seed} had spent its samples, got {update}; choose an earlier one")
    return trainer.step(record, update - begin - 1, config.seeds.index(seed))


def check_against(step: Step, history: History) -> str:
    """'' if the stored run has the same numbers at this update as far as a person can see; else the first that differs, in a sentence.

    Another kind of processor adds up in another order, which moves the last digits of single precision. Such a difference is none: two
    numbers count as equal within VISIBLE of the larger one, and within ZERO of each other.
    """
    found = history.after(step.update - 1, step.update)
    if not found:
        return "The stored run has not measured this update, so the replay cannot be compared with it."
    at = history.seeds.index(step.seed)
    for name, values in step.record.metrics.items():
        stored = found[0].metrics.get(name)
        if stored is None and LEVELS.get(name) == "evaluation":  # earlier versions evaluated at other updates
            continue
        here, there = float(values[0]), np.nan if stored is None else float(stored[at])
        if not np.isclose(here, there, rtol=VISIBLE, atol=ZERO, equal_nan=True):
            told = apart(here, there)
            return (
                f"This is not exactly the stored run: {name} is {told[0]} here and {told[1]} there. It was trained by another version "
                "of the program or its libraries, or on another kind of processor, which adds up in another order; run it again to look inside."
            )
    return ""


def apart(one: float, other: float) -> tuple[str, str]:
    """Two different numbers as texts that differ, with three significant digits or as many more as that takes; NaN is 'nothing'."""
    texts = [tuple("nothing" if np.isnan(v) else f"{v:.{digits}g}" for v in (one, other)) for digits in range(3, 18)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[-1])


class _RecordingCollector(RolloutCollector):
    """Keeps what every round of the last rollout generated, for which replicas, and the batch that was made of it."""

    def _filled_batch(self, params, progress, replicas):
        self.rounds: list[tuple[list[int], Round]] = []
        batch, tally = super()._filled_batch(params, progress, replicas)
        # The trained batch ends where its longest trained completion does; with overlong filtering, truncated completions are longer.
        self.batch = batch if self.config.algorithm.overlong == "filter" else batch.trimmed()
        return batch, tally

    def _generate(self, params, active, progress) -> Round:
        made = super()._generate(params, active, progress)
        self.rounds.append((list(range(self.config.replicas)) if active is None else active, made))
        return made

    def rounds_of(self, at: int) -> list[tuple[Round, int]]:
        """The rounds in which replica `at` took part, and its row in each."""
        return [(made, active.index(at)) for active, made in self.rounds if at in active]


class _RecordingTrainer(Trainer):
    """A trainer that keeps the parameters from before its last update."""

    def __init__(self, config: RunConfig, on_prepare: OnPrepare, should_stop: Callable[[], bool]):
        super().__init__(config, on_prepare, should_stop)
        self.collector = _RecordingCollector(config, self.task, self.policy, self.streams)

    def _update(self, batch, advantages, active):
        self.before = self.params.flat.detach().clone()
        return super()._update(batch, advantages, active)

    def step(self, record: StepRecord, k: int, at: int) -> Step:
        """The step of replica `at` behind `record`, the k-th update of the last rollout."""
        config, whole = self.config, self.collector.batch
        self.params.flat.detach().copy_(self.before)
        with torch.no_grad():
            scores = self.policy.scores(self.params, whole.prompts, whole.tokens, config.temperature, entropy=True)
        # Copies: a view would hold on to what belongs to the other seeds.
        batch = replace(whole, **{f.name: getattr(whole, f.name)[at : at + 1].clone() for f in fields(whole)})
        rounds = self.collector.rounds_of(at)
        places = _places(rounds, batch, refill=config.algorithm.dynamic_sampling == "refill")
        groups, unshaped, full_mask, lengths = [], batch.rewards.clone(), batch.mask.clone(), batch.mask.sum(-1)
        for number, (made, row) in enumerate(rounds, start=1):
            for b in range(made.prompts.shape[1]):
                slot = places.get((number, b))
                groups.append(_group(self.task, made, row, number, b, slot))
                if slot is not None:
                    unshaped[0, slot] = made.grade.rewards[row, b]
                    lengths[0, slot] = made.completions.lengths[row, b]
                    full_mask[0, slot] = made.completions.mask[row, b, :, : full_mask.shape[-1]]
        in_update = np.zeros(batch.live.shape[1], bool)
        in_update[k % config.minibatches :: config.minibatches] = True
        return Step(
            config.with_replica(config.seeds[at]), _of_replica(record, at), tuple(groups), batch, unshaped, lengths, full_mask,
            in_update, scores.logprobs[at : at + 1].clone(), scores.entropy[at : at + 1].clone(), self.task.reward_range)  # fmt: skip


def _of_replica(record: StepRecord, at: int) -> StepRecord:
    values = {name: value[at : at + 1].copy() for name, value in record.metrics.items()}
    return replace(record, samples_generated=record.samples_generated[at : at + 1].copy(), metrics=values, distribution=None)


def _places(rounds: list[tuple[Round, int]], batch: Rollout, *, refill: bool) -> dict[tuple[int, int], int]:
    """(round, place in it) -> slot of the batch. With refill, kept groups take the free slots in order and surplus is discarded."""
    if not refill:
        return {(1, b): b for b in range(batch.live.shape[1])}
    kept = [(number, b) for number, (made, row) in enumerate(rounds, start=1) for b in made.keep[row].nonzero()[:, 0].tolist()]
    return dict(zip(kept, range(batch.live.shape[1]), strict=False))


def _group(task: Task, made: Round, row: int, number: int, b: int, slot: int | None) -> Group:
    done, grade = made.completions, made.grade
    texts = tuple(task.completion_text(t[m].tolist()) for t, m in zip(done.tokens[row, b], done.mask[row, b], strict=True))
    prompt = int(made.prompts[row, b])
    values = (done.lengths, done.ended, grade.correct, grade.noiseless, grade.rewards, made.rewards)
    return Group(
        number,
        prompt,
        task.prompt_text(prompt),
        texts,
        *(v[row, b].numpy().copy() for v in values),
        bool(made.keep[row, b]),
        slot,
    )
