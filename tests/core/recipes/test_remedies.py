"""The settings that the diagnosis names are those that the recipes write."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.diagnosis.tell import FRAMEWORKS, read_table
from core.recipes import TARGETS, write_recipe
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

ALL_ON = replace(DAPO, kl_coef=0.01, entropy_coef=0.001, dual_clip=4.0)
ALGORITHMS = (GRPO, DAPO, ALL_ON, replace(GRPO, overlong="filter"), replace(ALL_ON, overlong="none", kl_estimator="k1"))
# What no recipe needs, with where it stands in the version that the recipes are for.
OTHERS = {
    "TRL": {"reward_funcs", "use_vllm", "vllm_importance_sampling_correction"},  # of GRPOTrainer, and GRPOConfig twice
    "verl": {
        "actor_rollout_ref.actor.calculate_entropy",  # verl's schema of the actor
        "actor_rollout_ref.actor.grad_clip",  # the name before 0.8
        "actor_rollout_ref.rollout.calculate_log_probs",  # that of the rollout
        "algorithm.rollout_correction.rollout_is",  # that of the algorithm
    },
    "ms-swift": {"async_generate", "log_rollout_offpolicy_metrics", "rollout_importance_sampling_mode", "use_vllm"},  # its GRPO arguments
    "OpenRLHF": {  # train_ppo_ray's parser
        "algo.advantage.is_correction_level", "algo.advantage.is_correction_mode", "data.max_len", "train.async_enable",
        "train.async_queue_size", "eps_clip_low_high",  # the last is the name up to 0.10
    },
}  # fmt: skip


def written(framework: str) -> set[str]:
    """The names in recipes of every kind for the framework."""
    target = next(key for key, target in TARGETS.items() if target.name == framework)
    runs = [RunConfig(task=ChainConfig(), algorithm=algorithm) for algorithm in ALGORITHMS]
    recipes = [write_recipe(run, target, form=form) for run in runs for form in TARGETS[target].forms]
    return {argument.key.lstrip("+") for recipe in recipes for argument in recipe.arguments}


def named(framework: str) -> set[str]:
    """The settings' names in the remedies for the framework, without what is a metric, a value or a function."""
    found = set()
    for _, text in read_table("settings"):
        for line in text.splitlines():
            if line.startswith(f"- {framework}: "):
                for code in re.findall(r"`([^`]*)`", line):
                    found |= names_in(code, framework)
    return found


def names_in(code: str, framework: str) -> set[str]:
    if framework in ("ms-swift", "OpenRLHF"):
        return set(re.findall(r"--([\w.]+)", code))
    if "(" in code or "/mean" in code:
        return set()
    return set(re.findall(r"(?:^|[\s,+])([a-z][\w.]*)=", code)) or {code}


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "DAPO Lab"])
def test_every_setting_of_a_remedy_is_one_that_the_framework_has(framework):
    known, names = written(framework), named(framework)
    assert len(names) > 15
    assert names - known == OTHERS[framework] & names and names >= OTHERS[framework]


def test_the_labs_own_settings_are_fields():
    fields = {*RunConfig.__dataclass_fields__, *DAPO.__dataclass_fields__}
    names = {name.removeprefix("task.") for name in named("DAPO Lab")} - set(ChainConfig.__dataclass_fields__)
    assert names and names <= fields, names - fields
