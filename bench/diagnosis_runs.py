"""The Lab's own runs that the diagnosis is tried on: healthy ones, and ones made sick by one setting. Two families of tasks, so that what is
set on one is reported on the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.analysis.metrics import METRIC_NAMES
from core.runs.foreground import run_one
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS, find_scenario

SEEDS = 8
TUNE, REPORT = "chain", "bandit, addition and a longer chain"
FIRST_SEED = {TUNE: 300, REPORT: 400}  # no scenario was searched on these


@dataclass(frozen=True)
class Patient:
    """A run, `SEEDS` seeds at once. `cause` says what was made wrong, "" for nothing."""

    name: str
    family: str
    cause: str
    config: RunConfig


def patients() -> tuple[Patient, ...]:
    return (*_chain(), *_bandit(), *_addition(), *_longer_chain())


def _chain() -> list[Patient]:
    ladder, collapse, unstable = (find_scenario(name).run for name in ("ladder", "collapse", "unstable"))
    long = find_scenario("length-runaway").run

    def made(name: str, cause: str, run: RunConfig, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> Patient:
        return _patient(name, TUNE, cause, replace(run, task=replace(run.task, **(task or {})), algorithm=algorithm, **changes))

    return [
        made("ladder-dapo", "", ladder, DAPO),
        made("ladder-grpo", "", ladder, GRPO, {"hard_fraction": 0.2}),
        made("ladder-token", "", ladder, replace(GRPO, loss_aggregation="token_mean", eps_high=0.28), {"hard_fraction": 0.1}),
        made("ladder-kl", "", ladder, replace(DAPO, kl_coef=0.01)),
        made("refill-long", "", long, replace(DAPO, overlong="soft", overlong_buffer_tokens=10)),
        made("collapse", "many prompts too hard", collapse, GRPO),
        made("unstable", "learning rate too high", unstable, GRPO),
        made("rate-high", "learning rate far too high", ladder, replace(GRPO, kl_coef=1e-4), learning_rate=0.03),
        made("rate-high-wide", "learning rate far too high, no clip", ladder, replace(GRPO, eps_low=1.0, eps_high=10.0), learning_rate=0.05),
        made("rate-zero", "learning rate zero", ladder, GRPO, learning_rate=1e-12),
        made("wide", "epsilon far too wide", ladder, replace(DAPO, eps_low=1.0, eps_high=10.0)),
        made("one-update", "one update per rollout", ladder, DAPO, updates_per_rollout=1, updates=160),
        made("hard", "all prompts too hard", ladder, GRPO, {"too_hard_fraction": 1.0}, updates=240),
        made("half-hard", "half of the prompts too hard", ladder, GRPO, {"too_hard_fraction": 0.6}),
        made("easy", "most prompts too easy", ladder, GRPO, {"too_easy_fraction": 0.85, "answer_probability": 0.18}),
        made("coin", "reward is a coin flip", ladder, GRPO, {"flip_probability": 0.5}),
        made("runaway", "sequence mean with room", long, replace(GRPO, eps_high=0.28), {"hard_fraction": 0.8, "answer_probability": 0.06}),
        made("runaway-steep", "sequence mean with room", long, replace(GRPO, eps_high=0.28),
             {"too_hard_fraction": 0.7, "answer_probability": 0.05}, learning_rate=4e-3),
        made("coin-fast", "reward is a coin flip, learning rate too high", ladder, GRPO, {"flip_probability": 0.5}, learning_rate=0.03),
        made("forgets", "learning rate far too high", ladder, GRPO, learning_rate=0.1),
        made("forgets-wide", "learning rate far too high, no clip", ladder, replace(GRPO, eps_low=1.0, eps_high=10.0),
             {"hard_fraction": 0.2}, learning_rate=0.03),
        made("bonus-hard", "entropy bonus too large", ladder, replace(GRPO, entropy_coef=1.0), {"hard_fraction": 1.0}),
        made("bonus-huge", "entropy bonus too large", ladder, replace(GRPO, entropy_coef=1.0),
             {"hard_fraction": 0.0, "favourite_probability": 0.85}),
        made("short-limit", "limit too low", ladder, GRPO, {"length_limit": 6, "max_difficulty": 4, "answer_probability": 0.07}, updates=240),
        made("bonus", "entropy bonus too large", ladder, replace(GRPO, entropy_coef=0.5)),
        made("drift", "prompts get harder", ladder, GRPO, {"drift": 0.15, "hard_fraction": 0.8}),
        made("small-groups", "groups of two", ladder, GRPO, group_size=2, num_prompts=64),
    ]  # fmt: skip


def _bandit() -> list[Patient]:
    base = replace(find_scenario("clip-higher-helps").run, updates=320)
    near = {"favourite_probability": None, "best_probability": None}

    def made(name: str, cause: str, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> Patient:
        return _patient(
            name, REPORT, cause, replace(base, task=replace(base.task, **(task or {})), algorithm=algorithm, **changes)
        )

    return [
        made("bandit-dapo", "", replace(DAPO, overlong="none")),
        made("bandit-grpo", "", GRPO, near),
        made("bandit-few-epochs", "", GRPO, near, epochs=2),
        made("bandit-kl", "", replace(GRPO, kl_coef=0.01), near),
        made("bandit-rate-high", "learning rate far too high", replace(GRPO, kl_coef=1e-4), learning_rate=0.05),
        made("bandit-rate-high-wide", "learning rate far too high, no clip", replace(GRPO, eps_low=1.0, eps_high=10.0), near, learning_rate=0.1),
        made("bandit-rate-zero", "learning rate zero", GRPO, learning_rate=1e-12),
        made("bandit-wide", "epsilon far too wide", replace(GRPO, eps_low=1.0, eps_high=10.0), near, epochs=2),
        made("bandit-one-update", "one update per rollout", GRPO, near, updates_per_rollout=1, epochs=1, updates=160, learning_rate=5e-3),
        made("bandit-hard", "all prompts too hard", GRPO, {"too_hard_fraction": 1.0}, updates=240),
        made("bandit-half-hard", "most prompts too hard", GRPO, near | {"too_hard_fraction": 0.6}),
        made("bandit-easy", "most prompts too easy", GRPO, near | {"too_easy_fraction": 0.8}),
        made("bandit-coin", "reward is a coin flip", GRPO, {"flip_probability": 0.5}),
        made("bandit-bonus", "entropy bonus too large", replace(GRPO, entropy_coef=0.5)),
        made("bandit-sure", "base policy far too sure", GRPO, {"favourite_probability": 0.99, "best_probability": 0.0005}, learning_rate=0.02),
    ]  # fmt: skip


def _addition() -> list[Patient]:
    base = replace(find_scenario("addition").run, updates=400, num_prompts=16)

    def made(name: str, cause: str, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> Patient:
        return _patient(
            name, REPORT, cause, replace(base, task=replace(base.task, **(task or {})), algorithm=algorithm, **changes)
        )

    return [
        made("addition-dapo", "", replace(DAPO, overlong="none", max_rounds=6)),
        made("addition-slow", "", GRPO, learning_rate=2e-4),
        made("addition-grpo", "learning rate too high", GRPO, updates=560),
        made("addition-kl", "learning rate far too high", replace(GRPO, kl_coef=1e-4), learning_rate=6e-3),
        made("addition-hard", "all prompts too hard", GRPO, {"too_hard_fraction": 1.0}, updates=160),
        made("addition-room", "no room to end", GRPO, {"extra_tokens": 0}, updates=160, learning_rate=2e-4),
        made("addition-bonus", "entropy bonus too large", replace(GRPO, entropy_coef=0.5), updates=240),
        made("addition-long", "much room, wide clip", replace(GRPO, eps_high=0.28), {"extra_tokens": 12}, learning_rate=3e-3),
    ]  # fmt: skip


def _longer_chain() -> list[Patient]:
    base = find_scenario("length-runaway").run
    task = replace(base.task, step_tokens=10, length_limit=40, pool_seed=7, hard_fraction=0.4)

    def made(name: str, cause: str, algorithm: AlgorithmConfig, changed: dict | None = None, **changes) -> Patient:
        return _patient(name, REPORT, cause, replace(base, task=replace(task, **(changed or {})), algorithm=algorithm, **changes))

    room = replace(GRPO, eps_high=0.28)
    return [
        made("longer-dapo", "", replace(DAPO, overlong="soft", overlong_buffer_tokens=10)),
        made("longer-runaway", "sequence mean with room", room, {"hard_fraction": 0.8, "answer_probability": 0.06}),
        made("longer-runaway-steep", "sequence mean with room", room,
             {"too_hard_fraction": 0.7, "answer_probability": 0.05}, learning_rate=4e-3),
        made("longer-coin", "reward is a coin flip, learning rate too high", room, {"flip_probability": 0.5}, learning_rate=0.02),
        made("longer-cut", "limit too low", GRPO, {"length_limit": 6, "answer_probability": 0.05}, updates=240),
    ]  # fmt: skip


def _patient(name: str, family: str, cause: str, config: RunConfig) -> Patient:
    return Patient(name, family, cause, replace(config, replicas=SEEDS, first_seed=FIRST_SEED[family], eval_every=5))


def trained(patient: Patient, cache: Path) -> dict[str, np.ndarray]:
    """Metric -> (U, SEEDS), and "updates" and "rollouts" (U,): of the cache, else trained and put there."""
    path = cache / f"{patient.name}.npz"
    if not path.exists():
        torch.set_num_threads(1)
        result = run_one(patient.config)
        history = result.history
        if not len(history):
            raise SystemExit(f"{patient.name} trained nothing: {result.error}")
        values = {name: history.metric(name) for name in METRIC_NAMES}
        cache.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, updates=history.updates, failed=np.array(result.error or ""), **values)
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


assert {"ladder", "collapse", "unstable", "addition"} <= SCENARIOS.keys()
