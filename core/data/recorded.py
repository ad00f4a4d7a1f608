"""What the Learn pages draw beside the default comparison: curves with one point per rollout, and the lengths of completions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import torch

from core.analysis.history import History
from core.analysis.metrics import LEVELS, METRIC_NAMES
from core.analysis.stats import mean_over_seeds
from core.data.comparison import SCENARIO as DEFAULT
from core.data.comparison import SHIPPED_COMPARISON
from core.data.dataset import Dataset, Kept
from core.engine.rollout import RolloutCollector, Round
from core.engine.trainer import Trainer
from core.engine.types import StepRecord
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario

FRAME_EVERY = 2  # rollouts from one histogram of lengths to the next
DIGITS = 4

# scenario, side, metrics that a page draws
CURVES = {
    ("sample-efficiency", "GRPO"): METRIC_NAMES,
    ("sample-efficiency", "DAPO"): METRIC_NAMES,
    ("length-runaway", "Sequence mean"): ("completion_tokens_mean", "truncated_fraction"),
    ("length-runaway", "Sequence mean + overlong"): ("completion_tokens_mean", "truncated_fraction"),
    ("clip-higher-helps", "eps_high 0.28"): ("clip_fraction_low", "clip_fraction_high", "upclipped_prob_mean", "ratio_max"),
    ("lab", "GRPO"): ("grad_norm", "clip_fraction_low", "clip_fraction_high", "ratio_max", "entropy_nats"),
    ("lab", "DAPO"): ("filter_ratio",),
    ("lab-repaired", "GRPO"): ("entropy_nats", "clip_fraction_low", "clip_fraction_high", "ratio_max", "kl_base"),
    ("addition", "GRPO"): ("all_wrong_fraction", "entropy_nats", "grad_norm", "eval_accuracy", "kl_base"),
    ("addition", "DAPO"): ("all_wrong_fraction", "entropy_nats", "grad_norm", "eval_accuracy", "kl_base"),
}
TREATMENTS = ("none", "filter", "soft")
LENGTHS = {f"lengths/{treatment}": treatment for treatment in TREATMENTS}


def config_of(scenario: str, side: str) -> RunConfig:
    return find_scenario(scenario).runs()[side]


def treated(treatment: str) -> RunConfig:
    """The run away of length, with one of the three ways to treat what is cut. The ramp of `soft` is the scenario's."""
    run = config_of("length-runaway", "Sequence mean + overlong")
    return replace(run, algorithm=replace(run.algorithm, overlong=treatment))


def recorded_runs() -> dict[str, RunConfig]:
    curves = {"/".join(pair): config_of(*pair) for pair in CURVES}
    return curves | {label: treated(treatment) for label, treatment in LENGTHS.items()}


def record(label: str, config: RunConfig, until: int | None = None) -> Kept:
    """The run `label` of `recorded_runs`, of at most `until` rollouts."""
    if label in LENGTHS:
        return record_lengths(config, until)
    history = History(config.seeds)
    for number, (history, _) in enumerate(rollouts(config), start=1):  # noqa: B007
        if number == until:
            break
    return Kept(by_rollout(history, CURVES[tuple(label.split("/"))]))


class KeepingCollector(RolloutCollector):
    """Keeps what the last rollout generated."""

    def _generate(self, params, active, progress) -> Round:
        self.made = super()._generate(params, active, progress)
        return self.made


def rollouts(config: RunConfig) -> Iterator[tuple[History, Round]]:
    """(everything measured so far, from update 0 on, what was generated) after every rollout."""
    trainer = Trainer(config)
    trainer.collector = collector = KeepingCollector(config, trainer.task, trainer.policy, trainer.streams)
    history = History(config.seeds)
    history.append(trainer.untrained())
    while trainer.update < config.updates:
        for one in trainer.rollout():
            history.append(one)
        yield history, collector.made


def by_rollout(history: History, names: tuple[str, ...]) -> History:
    """`history` with one row per rollout, at its first update: each seed's mean over the rollout's updates. An evaluation keeps its own row."""
    out = History(history.seeds)
    records, numbers = history.after(-1), history.rollouts
    tables = {name: history.metric(name) for name in names}
    for rows in (np.flatnonzero(numbers == number) for number in np.unique(numbers)):
        for k, row in enumerate(rows.tolist()):
            one, metrics = records[row], {}
            for name, table in tables.items():
                part = table[[row]] if LEVELS[name] == "evaluation" else table[rows] if k == 0 else table[:0]
                if not np.isnan(part).all():
                    metrics[name] = mean_over_seeds(part.T)  # here over updates
            if k == 0 or metrics:
                out.append(StepRecord(one.update, one.rollout, one.samples_generated, one.wall_seconds, metrics))
    return out


def record_lengths(config: RunConfig, until: int | None = None) -> Kept:
    """Frames of the rollouts 1, 1 + FRAME_EVERY, … and the last, of at most `until` rollouts."""
    last = min(config.rollouts, until or config.rollouts)
    frames, history = [], History(config.seeds)
    for number, (history, made) in enumerate(rollouts(config), start=1):
        if (number - 1) % FRAME_EVERY == 0 or number == config.rollouts:
            first = int(history.updates[history.rollouts == number][0])
            frames.append({"update": first, **frame(config, made)})
        if number == last:
            break
    return Kept(by_rollout(history, ("eval_accuracy",)), {name: np.array([f[name] for f in frames]) for name in frames[0]})


def frame(config: RunConfig, made: Round) -> dict:
    """The lengths of one rollout: shares of all completions by length among those that ended, the share that was cut, how many of the
    cut ones had taken every step that their prompt needs, so that only the answer was missing, and the share that is right."""
    done, task = made.completions, Trainer(config).task
    counts = torch.bincount(done.lengths[done.ended], minlength=task.max_tokens + 1)[1:]
    steps = ((done.tokens == task.useful[made.prompts][..., None, None]) & done.mask).sum(-1)
    solved = ~done.ended & (steps >= task.needed[made.prompts][..., None])
    total = done.ended.numel()
    return {
        "ended": (counts.double() / total).numpy(),
        "cut": float((~done.ended).sum()) / total,
        "cut_solved": float(solved.sum()) / total,
        "right": float(made.correct.double().mean()),
    }


RECORDED = Dataset("recorded", runs=recorded_runs, record=record)


@cache
def curve(scenario: str, side: str, metric: str) -> tuple[tuple[int, float], ...]:
    """(update, mean over seeds) wherever it was measured, one per rollout, from the default comparison or from RECORDED."""
    if scenario == DEFAULT:
        history = by_rollout(SHIPPED_COMPARISON.results[side].history, (metric,))
    else:
        history = RECORDED.results[f"{scenario}/{side}"].history
    values = mean_over_seeds(history.metric(metric)).tolist()
    return tuple(
        (update, _short(value)) for update, value in zip(history.updates.tolist(), values, strict=True) if value == value
    )


@cache
def lengths() -> dict[str, dict]:
    """Treatment -> {"frames": [{"update", "ended", "cut", "cut_solved", "right"}], "eval_accuracy": one per evaluation}, as the figure
    takes it."""
    return {treatment: _lengths(label) for label, treatment in LENGTHS.items()}


def _lengths(label: str) -> dict:
    tables = RECORDED.tables(label)
    frames = [
        {name: [_short(v) for v in value] if value.ndim else _short(value) for name, value in zip(tables, row, strict=True)}
        for row in zip(*tables.values(), strict=True)
    ]
    for one in frames:
        one["update"] = int(one["update"])
    scores = mean_over_seeds(RECORDED.results[label].history.metric("eval_accuracy"))
    return {"frames": frames, "eval_accuracy": [_short(score) for score in scores[~np.isnan(scores)]]}


def _short(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")
