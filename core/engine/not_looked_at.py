"""The settings that the engine does not look at, and where: each field acts only under a condition on others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.engine.tasks import make_task
from core.engine.tasks.sizes import task_sizes
from core.settings.run import RunConfig
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig


@dataclass(frozen=True)
class NotLookedAt:
    """Fields of a part of the settings that the engine does not look at where `idle` holds. They act only `when`."""

    part: str  # "algorithm", "task" or "run"
    names: tuple[str, ...]
    idle: Callable[[RunConfig], bool]
    when: str


def _pool_of_one(run: RunConfig) -> bool:
    return make_task(run.task).train_size == 1


def _no_hard_prompts(run: RunConfig) -> bool:
    task = run.task
    return isinstance(task, ChainConfig) and (hard_prompts(task) == 0 or task.step_tokens == 2)


def _two_actions(run: RunConfig) -> bool:
    return isinstance(run.task, BanditConfig) and run.task.actions == 2


def _no_imitation(run: RunConfig) -> bool:
    return isinstance(run.task, ArithmeticConfig) and run.task.imitation_steps == 0


def _no_filter(run: RunConfig) -> bool:
    return run.algorithm.dynamic_sampling == "off" or "whole_batch_filter" in run.algorithm.defects


def rewards_are_correctness(run: RunConfig, noise: float | None = None) -> bool:
    """Whether the algorithm sees 1 for a right answer, 0 for a wrong one, and nothing else; with so much `noise` in place of the task's."""
    task, punished = run.task, run.algorithm.overlong == "soft" and run.algorithm.overlong_penalty > 0
    continuous = isinstance(task, BanditConfig) and task.reward_kind == "gaussian"
    chance = (task.noise if noise is None else noise) + task.flip_probability
    return chance == 0 and not continuous and not (punished and task_sizes(task).tokens > 1)


def filters_on_correctness(run: RunConfig) -> bool:
    """Whether what dynamic sampling looks at, where it looks, is right or wrong and nothing else."""
    return run.algorithm.filter_on == "correct" or rewards_are_correctness(run)


def _counts_right_answers(run: RunConfig) -> bool:
    """Whether dynamic sampling decides by how many answers of a group are right, and by nothing else."""
    return not _no_filter(run) and filters_on_correctness(run)


def drops_dead_groups(run: RunConfig) -> bool:
    """Whether dynamic sampling drops every group that is all right or all wrong. A filter drops what has a variance below its threshold."""
    algorithm = run.algorithm
    return _counts_right_answers(run) and (algorithm.dynamic_sampling == "refill" or algorithm.filter_threshold > 0)


def drops_dead_groups_alone(run: RunConfig) -> bool:
    """Whether it drops these and no others."""
    return _counts_right_answers(run) and (run.algorithm.dynamic_sampling == "refill" or _every_mixed_group_is_kept(run))


def _every_mixed_group_is_kept(run: RunConfig) -> bool:
    """With one right answer of G the variance is (G - 1) / G², the least that is not 0."""
    algorithm, least = run.algorithm, (run.group_size - 1) / run.group_size**2
    return algorithm.dynamic_sampling == "filter" and filters_on_correctness(run) and 0 < algorithm.filter_threshold <= least


def _one_context(run: RunConfig) -> bool:
    return isinstance(run.task, BanditConfig) and run.task.contexts == 1


def _ramp_is_longest(run: RunConfig) -> bool:
    return run.algorithm.overlong == "soft" and run.algorithm.overlong_buffer_tokens > task_sizes(run.task).tokens


TEACHER = tuple(name for name in ArithmeticConfig.__pydantic_fields__ if name.startswith("teacher_"))
IDLE: tuple[NotLookedAt, ...] = (
    NotLookedAt("algorithm", ("kl_estimator",), lambda run: run.algorithm.kl_coef == 0, "with a KL penalty"),
    NotLookedAt("algorithm", ("filter_on",), _no_filter, "where dynamic sampling looks at each group"),
    NotLookedAt(
        "algorithm",
        ("filter_on",),
        lambda run: not _no_filter(run) and rewards_are_correctness(run),
        "where rewards are more than right or wrong: with noise, flips or overlong shaping",
    ),
    NotLookedAt("algorithm", ("filter_threshold",), _every_mixed_group_is_kept, "above the least variance of a group that is not all alike"),
    NotLookedAt(
        "algorithm", ("filter_threshold",), lambda run: run.algorithm.dynamic_sampling != "filter", "with dynamic sampling on filter"
    ),
    NotLookedAt("algorithm", ("max_rounds",), lambda run: run.algorithm.dynamic_sampling != "refill", "with dynamic sampling on refill"),
    NotLookedAt(
        "algorithm", ("overlong_buffer_tokens", "overlong_penalty"), lambda run: run.algorithm.overlong != "soft", "with overlong shaping"
    ),
    NotLookedAt("algorithm", ("overlong_buffer_tokens",), _ramp_is_longest, "up to the length of the longest completion"),
    NotLookedAt(
        "algorithm",
        ("reward_clip_factor",),
        lambda run: run.algorithm.eps_high == 0 and run.effective_updates_per_rollout > 1,
        "with an ε_high above 0, which it multiplies",
    ),
    NotLookedAt(
        "run",
        ("updates_per_rollout", "epochs"),
        lambda run: "single_update" in run.algorithm.defects,
        "without the defect that makes one update of every rollout",
    ),
    NotLookedAt("run", ("updates",), lambda run: run.samples is not None, "without a budget in samples"),
    NotLookedAt("task", ("pool_seed",), _one_context, "with more than one context"),
    NotLookedAt("task", ("drift",), _pool_of_one, "with more than one prompt"),
    NotLookedAt("task", ("distractor_pull",), _no_hard_prompts, "with hard prompts and three step tokens"),
    NotLookedAt("task", ("other_reward",), _two_actions, "with three actions"),
    NotLookedAt("task", (*TEACHER, "imitation_batch", "imitation_learning_rate"), _no_imitation, "with steps of imitation"),
)  # fmt: skip


def hard_prompts(task: ChainConfig) -> int:
    return task.pool_size - round((1 - task.hard_fraction) * task.pool_size)
