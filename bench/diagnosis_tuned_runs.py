"""The runs on which thresholds are set: 55 settings on a chain, a bandit, the addition task and a longer chain.

Their tasks are written out here instead of taken from the scenarios: a scenario may change, and what the thresholds were set on may not.
"""

from __future__ import annotations

from dataclasses import replace

from bench.diagnosis_runs import TUNED, KnownRun
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig

CHAIN = ChainConfig(
    step_tokens=6, max_difficulty=4, length_limit=12, pool_size=48, hard_fraction=0.5, favourite_probability=0.8, answer_probability=0.1,
    prompt_noise=4,
)  # fmt: skip
SURE_CHAIN = replace(CHAIN, favourite_probability=0.85, answer_probability=0.12, distractor_pull=0.5)
LADDER = RunConfig(task=replace(CHAIN, length_limit=18), updates=480, updates_per_rollout=8, learning_rate=1e-3)
HALF_HARD = RunConfig(task=SURE_CHAIN, updates=480, updates_per_rollout=8, learning_rate=2e-3)
MOSTLY_HARD = RunConfig(
    task=replace(SURE_CHAIN, hard_fraction=0.7, favourite_probability=0.92, answer_probability=0.07),
    updates=480, updates_per_rollout=8, learning_rate=0.014,
)  # fmt: skip
ROOM = RunConfig(
    task=replace(CHAIN, length_limit=32, favourite_probability=0.85), updates=480, updates_per_rollout=8, learning_rate=2e-3
)
RARE_ACTIONS = BanditConfig(
    actions=32, contexts=64, context_dim=64, reward_kind="bernoulli", noise=0.0, best_reward=0.9, favourite_reward=0.4, other_reward=0.2,
    favourite_probability=0.95, best_probability=0.004, activation="tanh",
)  # fmt: skip
MANY_EPOCHS = RunConfig(task=RARE_ACTIONS, updates=320, num_prompts=64, updates_per_rollout=16, epochs=16, learning_rate=2e-3)
SUMS = RunConfig(
    task=ArithmeticConfig(), updates=400, updates_per_rollout=8, epochs=4, learning_rate=1.8e-3, group_size=8, num_prompts=16
)


def tuned_runs() -> tuple[KnownRun, ...]:
    return (*_chain(), *_bandit(), *_addition(), *_longer_chain())


def _chain() -> list[KnownRun]:
    def made(name: str, cause: str, run: RunConfig, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> KnownRun:
        return KnownRun(name, TUNED, cause, replace(run, task=replace(run.task, **(task or {})), algorithm=algorithm, **changes))

    return [
        made("ladder-dapo", "", LADDER, DAPO),
        made("ladder-grpo", "", LADDER, GRPO, {"hard_fraction": 0.2}),
        made("ladder-token", "", LADDER, replace(GRPO, loss_aggregation="token_mean", eps_high=0.28), {"hard_fraction": 0.1}),
        made("ladder-kl", "", LADDER, replace(DAPO, kl_coef=0.01)),
        made("refill-long", "", ROOM, replace(DAPO, overlong="soft", overlong_buffer_tokens=10)),
        made("collapse", "many prompts too hard", HALF_HARD, GRPO),
        made("unstable", "learning rate too high", MOSTLY_HARD, GRPO),
        made("rate-high", "learning rate far too high", LADDER, replace(GRPO, kl_coef=1e-4), learning_rate=0.03),
        made("rate-high-wide", "learning rate far too high, no clip", LADDER, replace(GRPO, eps_low=1.0, eps_high=10.0), learning_rate=0.05),
        made("rate-zero", "learning rate zero", LADDER, GRPO, learning_rate=1e-12),
        made("wide", "epsilon far too wide", LADDER, replace(DAPO, eps_low=1.0, eps_high=10.0)),
        made("one-update", "one update per rollout", LADDER, DAPO, updates_per_rollout=1, updates=160),
        made("hard", "all prompts too hard", LADDER, GRPO, {"too_hard_fraction": 1.0}, updates=240),
        made("half-hard", "half of the prompts too hard", LADDER, GRPO, {"too_hard_fraction": 0.6}),
        made("easy", "most prompts too easy", LADDER, GRPO, {"too_easy_fraction": 0.85, "answer_probability": 0.18}),
        made("coin", "reward is a coin flip", LADDER, GRPO, {"flip_probability": 0.5}),
        made("runaway", "sequence mean with room", ROOM, replace(GRPO, eps_high=0.28), {"hard_fraction": 0.8, "answer_probability": 0.06}),
        made("runaway-steep", "sequence mean with room", ROOM, replace(GRPO, eps_high=0.28),
             {"too_hard_fraction": 0.7, "answer_probability": 0.05}, learning_rate=4e-3),
        made("coin-fast", "reward is a coin flip, learning rate too high", LADDER, GRPO, {"flip_probability": 0.5}, learning_rate=0.03),
        made("forgets", "learning rate far too high", LADDER, GRPO, learning_rate=0.1),
        made("forgets-wide", "learning rate far too high, no clip", LADDER, replace(GRPO, eps_low=1.0, eps_high=10.0),
             {"hard_fraction": 0.2}, learning_rate=0.03),
        made("bonus-hard", "entropy bonus too large", LADDER, replace(GRPO, entropy_coef=1.0), {"hard_fraction": 1.0}),
        made("bonus-huge", "entropy bonus too large", LADDER, replace(GRPO, entropy_coef=1.0),
             {"hard_fraction": 0.0, "favourite_probability": 0.85}),
        made("short-limit", "limit too low", LADDER, GRPO, {"length_limit": 6, "max_difficulty": 4, "answer_probability": 0.07}, updates=240),
        made("bonus", "entropy bonus too large", LADDER, replace(GRPO, entropy_coef=0.5)),
        made("drift", "prompts get harder", LADDER, GRPO, {"drift": 0.15, "hard_fraction": 0.8}),
        made("small-groups", "groups of two", LADDER, GRPO, group_size=2, num_prompts=64),
    ]  # fmt: skip


def _bandit() -> list[KnownRun]:
    base = MANY_EPOCHS
    near = {"favourite_probability": None, "best_probability": None}

    def made(name: str, cause: str, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> KnownRun:
        return KnownRun(
            name, TUNED, cause, replace(base, task=replace(base.task, **(task or {})), algorithm=algorithm, **changes)
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


def _addition() -> list[KnownRun]:
    base = SUMS

    def made(name: str, cause: str, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> KnownRun:
        return KnownRun(
            name, TUNED, cause, replace(base, task=replace(base.task, **(task or {})), algorithm=algorithm, **changes)
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


def _longer_chain() -> list[KnownRun]:
    base = ROOM
    task = replace(base.task, step_tokens=10, length_limit=40, pool_seed=7, hard_fraction=0.4)

    def made(name: str, cause: str, algorithm: AlgorithmConfig, changed: dict | None = None, **changes) -> KnownRun:
        return KnownRun(name, TUNED, cause, replace(base, task=replace(task, **(changed or {})), algorithm=algorithm, **changes))

    room = replace(GRPO, eps_high=0.28)
    return [
        made("longer-dapo", "", replace(DAPO, overlong="soft", overlong_buffer_tokens=10)),
        made("longer-runaway", "sequence mean with room", room, {"hard_fraction": 0.8, "answer_probability": 0.06}),
        made("longer-runaway-steep", "sequence mean with room", room,
             {"too_hard_fraction": 0.7, "answer_probability": 0.05}, learning_rate=4e-3),
        made("longer-coin", "reward is a coin flip, learning rate too high", room, {"flip_probability": 0.5}, learning_rate=0.02),
        made("longer-cut", "limit too low", GRPO, {"length_limit": 6, "answer_probability": 0.05}, updates=240),
    ]  # fmt: skip
