"""The runs that are reported: other tasks, sizes, algorithms and seeds than those on which thresholds are set.

They were chosen so that every kind is there often enough by its truth; what the rules say of them was not looked at before the report.
"""

from __future__ import annotations

from dataclasses import replace

from bench.diagnosis_runs import FRESH, KnownRun
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig

DR_GRPO = replace(GRPO, normalize_std=False, loss_aggregation="constant")
NO_CLIP = replace(GRPO, eps_low=1.0, eps_high=10.0)
# Rewards between about -0.5 and 2.5, so that no log can be read as shares of right answers.
PAYING = RunConfig(
    task=BanditConfig(noise=0.2, actions=12, contexts=32, context_dim=16, best_reward=2.0, favourite_reward=0.8, other_reward=0.2,
                      favourite_probability=0.7, best_probability=0.02, activation="tanh"),
    updates=320, num_prompts=32, group_size=8, updates_per_rollout=4, epochs=2, learning_rate=1e-3,
)  # fmt: skip
WIDE = RunConfig(
    task=ChainConfig(step_tokens=12, max_difficulty=4, length_limit=16, pool_size=64, hard_fraction=0.3, favourite_probability=0.7,
                     answer_probability=0.12, prompt_noise=6, width=48, pool_seed=5),
    updates=480, num_prompts=24, group_size=12, updates_per_rollout=6, learning_rate=1.2e-3,
)  # fmt: skip
ROOMY = replace(
    WIDE,
    task=replace(WIDE.task, step_tokens=8, length_limit=36, favourite_probability=0.85, answer_probability=0.08),
    learning_rate=2e-3,
)
REUSED = RunConfig(
    task=ChainConfig(step_tokens=6, length_limit=14, hard_fraction=0.4, favourite_probability=0.8, answer_probability=0.1, pool_seed=9),
    updates=640, updates_per_rollout=16, epochs=4, learning_rate=1e-3,
)  # fmt: skip
SUMS = RunConfig(
    task=ArithmeticConfig(width=40, imitation_seed=4, extra_tokens=4), updates=360, updates_per_rollout=8, epochs=2, learning_rate=1e-3,
    group_size=12, num_prompts=16,
)  # fmt: skip


def fresh_runs() -> tuple[KnownRun, ...]:
    return (*_paying(), *_wide(), *_roomy(), *_reused(), *_sums())


def _run(name: str, cause: str, base: RunConfig, algorithm: AlgorithmConfig, task: dict | None = None, **changes) -> KnownRun:
    return KnownRun(name, FRESH, cause, replace(base, task=replace(base.task, **(task or {})), algorithm=algorithm, **changes))


def _paying() -> list[KnownRun]:
    return [
        _run("paying-grpo", "", PAYING, GRPO),
        _run("paying-dr-grpo", "", PAYING, DR_GRPO),
        _run("paying-clip-higher", "", PAYING, replace(GRPO, eps_high=0.28)),
        _run("paying-kl", "", PAYING, replace(GRPO, kl_coef=0.02)),
        _run("paying-wide", "epsilon far too wide", PAYING, NO_CLIP),
        _run("paying-one-update", "one update per rollout", PAYING, GRPO, updates_per_rollout=1, epochs=1, updates=160, learning_rate=3e-3),
        _run("paying-rate-high", "learning rate far too high", PAYING, NO_CLIP, learning_rate=0.1),
        _run("paying-rate-zero", "learning rate zero", PAYING, GRPO, learning_rate=1e-12),
        _run("paying-bonus", "entropy bonus too large", PAYING, replace(GRPO, entropy_coef=1.0)),
        _run("paying-many", "", PAYING, GRPO, {"contexts": 128, "context_dim": 64}, learning_rate=6e-4),
        _run("paying-forgets", "learning rate far too high, no clip", PAYING, NO_CLIP, {"best_probability": 0.1}, learning_rate=0.04),
        _run("paying-noise", "noise far above the differences of rewards", PAYING, GRPO, {"noise": 6.0}, learning_rate=0.01),
    ]  # fmt: skip


def _wide() -> list[KnownRun]:
    return [
        _run("wide-dapo", "", WIDE, replace(DAPO, overlong="none")),
        _run("wide-grpo", "", WIDE, GRPO, {"hard_fraction": 0.0}),
        _run("wide-token", "", WIDE, replace(GRPO, loss_aggregation="token_mean"), {"hard_fraction": 0.1}),
        _run("wide-dr-grpo", "", WIDE, DR_GRPO, {"hard_fraction": 0.1}),
        _run("wide-kl", "", WIDE, replace(DAPO, kl_coef=0.005)),
        _run("wide-slow", "", WIDE, GRPO, learning_rate=4e-4),
        _run("wide-one-update", "one update per rollout", WIDE, DAPO, updates_per_rollout=1, updates=120, learning_rate=3e-3),
        _run("wide-no-clip", "epsilon far too wide", WIDE, replace(DAPO, eps_low=1.0, eps_high=10.0)),
        _run("wide-rate-high", "learning rate far too high", WIDE, replace(GRPO, kl_coef=1e-4), learning_rate=0.03),
        _run("wide-rate-higher", "learning rate far too high, no clip", WIDE, replace(NO_CLIP, kl_coef=1e-4), learning_rate=0.06),
        _run("wide-rate-zero", "learning rate zero", WIDE, DAPO, learning_rate=1e-12),
        _run("wide-hard", "all prompts too hard", WIDE, GRPO, {"too_hard_fraction": 1.0}, updates=240),
        _run("wide-half-hard", "many prompts too hard", WIDE, GRPO, {"too_hard_fraction": 0.5}),
        _run("wide-easy", "most prompts too easy", WIDE, GRPO, {"too_easy_fraction": 0.8, "answer_probability": 0.2}),
        _run("wide-coin", "reward is a coin flip", WIDE, GRPO, {"flip_probability": 0.5}),
        _run("wide-coin-fast", "reward is a coin flip, learning rate too high", WIDE, replace(GRPO, kl_coef=1e-4),
             {"flip_probability": 0.5},
             learning_rate=0.02),
        _run("wide-bonus", "entropy bonus too large", WIDE, replace(GRPO, entropy_coef=0.8),
             {"favourite_probability": 0.85, "hard_fraction": 0.8}),
        _run("wide-forgets", "learning rate far too high, no clip", WIDE, replace(NO_CLIP, kl_coef=1e-4), {"hard_fraction": 0.0},
             learning_rate=0.03),
        _run("wide-few", "", WIDE, GRPO, {"hard_fraction": 0.2}, updates=200),
        _run("wide-sure", "base policy far too sure", WIDE, GRPO,
             {"favourite_probability": 0.96, "answer_probability": 0.03, "hard_fraction": 1.0},
             learning_rate=0.01),
    ]  # fmt: skip


def _roomy() -> list[KnownRun]:
    room = replace(GRPO, eps_high=0.28)
    return [
        _run("roomy-dapo", "", ROOMY, replace(DAPO, overlong_buffer_tokens=8)),
        _run("roomy-runaway", "sequence mean with room", ROOMY, room, {"hard_fraction": 0.9, "answer_probability": 0.05}),
        _run("roomy-runaway-steep", "sequence mean with room", ROOMY, room, {"too_hard_fraction": 0.7, "answer_probability": 0.05},
             learning_rate=5e-3),
        _run("roomy-coin", "reward is a coin flip, learning rate too high", ROOMY, replace(room, kl_coef=1e-4), {"flip_probability": 0.5},
             learning_rate=0.02),
        _run("roomy-cut", "limit too low", ROOMY, GRPO, {"length_limit": 5, "answer_probability": 0.05}, updates=240),
        _run("roomy-cut-hard", "limit too low", ROOMY, GRPO, {"length_limit": 6, "answer_probability": 0.03, "too_hard_fraction": 0.6},
             updates=240),
    ]  # fmt: skip


def _reused() -> list[KnownRun]:
    return [
        _run("reused-dapo", "", REUSED, DAPO),
        _run("reused-grpo", "", REUSED, GRPO, {"hard_fraction": 0.0}),
        _run("reused-entropy", "", REUSED, replace(DAPO, entropy_coef=0.002)),
        _run("reused-rate-high", "learning rate far too high", REUSED, replace(GRPO, kl_coef=1e-4), learning_rate=0.02),
        _run("reused-coin", "reward is a coin flip", REUSED, GRPO, {"flip_probability": 0.5}, learning_rate=4e-3),
        _run("reused-slow", "", REUSED, GRPO, {"hard_fraction": 0.2}, learning_rate=4e-4),
        _run("reused-many", "", REUSED, replace(GRPO, loss_aggregation="token_mean"), {"pool_size": 200, "hard_fraction": 0.6},
             learning_rate=5e-4),
        _run("reused-forgets", "learning rate far too high, no clip", REUSED, NO_CLIP, {"hard_fraction": 0.0}, learning_rate=0.02),
        _run("reused-forgets-late", "learning rate too high, no clip", REUSED, NO_CLIP, {"hard_fraction": 0.0}, learning_rate=0.008),
        _run("reused-bonus-late", "entropy bonus too large", REUSED, replace(GRPO, entropy_coef=0.6), {"favourite_probability": 0.87},
             learning_rate=3e-4),
        _run("reused-hard", "most prompts too hard", REUSED, GRPO, {"too_hard_fraction": 0.8}, updates=320),
        _run("reused-bonus", "entropy bonus too large", REUSED, replace(GRPO, entropy_coef=1.0), {"favourite_probability": 0.87}),
    ]  # fmt: skip


def _sums() -> list[KnownRun]:
    return [
        _run("sums-dapo", "", SUMS, replace(DAPO, overlong="none", max_rounds=6)),
        _run("sums-slow", "", SUMS, GRPO, learning_rate=2e-4),
        _run("sums-dr-grpo", "", SUMS, DR_GRPO, learning_rate=2e-4),
        _run("sums-rate-high", "learning rate far too high", SUMS, replace(GRPO, kl_coef=1e-4), learning_rate=4e-3),
        _run("sums-room", "much room, learning rate too high", SUMS, replace(GRPO, eps_high=0.28), {"extra_tokens": 10},
             learning_rate=2e-3),
        _run("sums-cut", "no room to end", SUMS, GRPO, {"extra_tokens": 0}, updates=160, learning_rate=2e-4),
        _run("sums-bonus", "entropy bonus too large", SUMS, replace(GRPO, entropy_coef=0.4), updates=240),
        _run("sums-tokens", "", SUMS, replace(GRPO, loss_aggregation="token_mean"), learning_rate=1e-4),
        _run("sums-forgets", "learning rate far too high, no clip", SUMS, NO_CLIP, learning_rate=8e-4),
        _run("sums-hard", "all prompts too hard", SUMS, GRPO, {"too_hard_fraction": 1.0}, updates=160),
    ]  # fmt: skip
