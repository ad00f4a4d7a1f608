"""Curves that the Learn pages show beside those of `core.data.comparison`: measured once, kept as data/recorded.json.

    python -m pages.shared.learn.recorded

writes the file again, in a minute or two; a test trains the first rollouts anew and compares. Every curve has one number per rollout: the
mean over seeds, and for what is measured at every update the mean over the rollout's updates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.stats import mean_over_seeds
from core.data import comparison as shipped
from core.engine.rollout import Collector, Round
from core.engine.trainer import Trainer
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario

PATH = Path(__file__).parent / "data" / "recorded.json"
FRAME_EVERY = 2  # rollouts from one histogram of lengths to the next
DIGITS = 4

# scenario, side, metrics that a page draws
CURVES = {
    ("length-runaway", "Sequence mean"): ("completion_tokens_mean", "truncated_fraction"),
    ("length-runaway", "Sequence mean + overlong"): ("completion_tokens_mean", "truncated_fraction"),
    ("clip-higher-helps", "eps_high 0.28"): ("clip_fraction_low", "clip_fraction_high", "upclipped_prob_mean", "ratio_max"),
    ("lab", "GRPO"): ("grad_norm", "clip_fraction_low", "clip_fraction_high", "ratio_max", "entropy_nats"),
    ("lab", "DAPO"): ("filter_ratio",),
    ("lab-repaired", "GRPO"): ("entropy_nats", "clip_fraction_low", "clip_fraction_high", "ratio_max", "kl_base"),
    ("addition", "GRPO"): ("all_wrong_fraction", "entropy_nats", "grad_norm", "eval_accuracy", "kl_base"),
    ("addition", "DAPO"): ("all_wrong_fraction", "entropy_nats", "grad_norm", "eval_accuracy", "kl_base"),
}
RUNAWAY = ("length-runaway", "Sequence mean")
TREATMENTS = ("none", "filter", "soft")


def config_of(scenario: str, side: str) -> RunConfig:
    return find_scenario(scenario).runs()[side]


def treated(treatment: str) -> RunConfig:
    """The run away of length, with one of the three ways to treat what is cut. The ramp of `soft` is the scenario's."""
    run = config_of("length-runaway", "Sequence mean + overlong")
    return replace(run, algorithm=replace(run.algorithm, overlong=treatment))


class _LastRound(Collector):
    """Keeps what the last rollout generated."""

    def _generate(self, params, active, progress) -> Round:
        self.made = super()._generate(params, active, progress)
        return self.made


def rollouts(config: RunConfig) -> Iterator[tuple[History, Round]]:
    """(everything measured so far, what was generated) after every rollout."""
    trainer = Trainer(config)
    trainer.collector = collector = _LastRound(config, trainer.task, trainer.policy, trainer.streams)
    history = History(config.seeds)
    while trainer.update < config.updates:
        for record in trainer.rollout():
            history.append(record)
        yield history, collector.made


def per_rollout(history: History, name: str) -> list[float | None]:
    """One number per rollout; None where the metric was not measured."""
    values, numbers = mean_over_seeds(history.metric(name)), history.rollouts
    table = [values[numbers == number] for number in np.unique(numbers)]
    return [_short(np.nanmean(part)) if not np.isnan(part).all() else None for part in table]


def frame(config: RunConfig, made: Round) -> dict:
    """The lengths of one rollout: shares of all completions by length among those that ended, the share that was cut, and how many of
    the cut ones had taken every step that their prompt needs, so that only the answer was missing."""
    done, task = made.completions, Trainer(config).task
    counts = torch.bincount(done.lengths[done.ended], minlength=task.max_tokens + 1)[1:]
    steps = ((done.tokens == task.useful[made.prompts][..., None, None]) & done.mask).sum(-1)
    solved = ~done.ended & (steps >= task.needed[made.prompts][..., None])
    total, cut = done.ended.numel(), int((~done.ended).sum())
    return {
        "ended": [_short(float(n) / total) for n in counts],
        "cut": _short(cut / total),
        "cut_solved": _short(int(solved.sum()) / total),
        "right": _short(float(made.correct.float().mean())),
    }


def record_lengths(config: RunConfig, until: int | None = None) -> dict:
    """Frames of the rollouts 1, 1 + FRAME_EVERY, … and the last, of at most `until` rollouts."""
    last = min(config.rollouts, until or config.rollouts)
    frames, history = [], None
    for number, (history, made) in enumerate(rollouts(config), start=1):
        if (number - 1) % FRAME_EVERY == 0 or number == config.rollouts:
            frames.append({"update": int(history.updates[-1]) - config.updates_per_rollout + 1, **frame(config, made)})
        if number == last:
            break
    return {"frames": frames, "eval_accuracy": per_rollout(history, "eval_accuracy")}


def record_curves(scenario: str, side: str, until: int | None = None) -> dict:
    config = config_of(scenario, side)
    history = None
    for number, (history, _) in enumerate(rollouts(config), start=1):  # noqa: B007
        if number == until:
            break
    return {"every": config.effective_updates_per_rollout} | {m: per_rollout(history, m) for m in CURVES[scenario, side]}


def write() -> None:
    torch.set_num_threads(1)
    data = {
        "curves": {"/".join(pair): record_curves(*pair) for pair in CURVES},
        "lengths": {name: record_lengths(treated(name)) for name in TREATMENTS},
    }
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(json.dumps(data, separators=(",", ":")) + "\n")


@cache
def load() -> dict:
    """{"curves": {"SCENARIO/SIDE": {METRIC: [one per rollout]}}, "lengths": {TREATMENT: {"frames": …}}}."""
    return json.loads(PATH.read_text())


@cache
def curve(scenario: str, side: str, metric: str) -> tuple[tuple[int, float], ...]:
    """(update, value) at the first update of every rollout that measured it, from core.data.comparison or data/recorded.json."""
    if scenario == shipped.SCENARIO:
        history = shipped.load()[side].history
        values, every = per_rollout(history, metric), int((history.rollouts == 1).sum())
    else:
        run = load()["curves"][f"{scenario}/{side}"]
        values, every = run[metric], run["every"]
    return tuple((1 + every * k, v) for k, v in enumerate(values) if v is not None)


def _short(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")


assert all(set(names) <= set(METRIC_NAMES) for names in CURVES.values())

if __name__ == "__main__":
    write()
