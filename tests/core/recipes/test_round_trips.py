"""What is written for a framework is read back as the same algorithm, up to what the framework cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.recipes import TARGETS, Machine, read_settings, recipe_text, write_recipe
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

BASE = RunConfig(task=ChainConfig(), replicas=2)
DR_GRPO = AlgorithmConfig(normalize_std=False, loss_aggregation="constant")
EVERYTHING = replace(DAPO, dual_clip=4.0, kl_coef=0.01, entropy_coef=0.002, eps_low=0.1, filter_on="reward")
ALGORITHMS = {"GRPO": GRPO, "DAPO": DAPO, "Dr. GRPO": DR_GRPO, "everything": EVERYTHING}
# What a framework has no setting for: the algorithm that comes back in place of the one that was written.
LOST = {
    "trl": lambda a: replace(a, dynamic_sampling="off", filter_on="correct", max_rounds=10),
    "verl": lambda a: replace(a, filter_on=a.filter_on if a.dynamic_sampling == "refill" else "correct", max_rounds=10),
    "ms-swift": lambda a: replace(a, entropy_coef=0.0, filter_on="reward" if a.dynamic_sampling == "refill" else "correct"),
    "openrlhf": lambda a: replace(
        a, filter_on="correct", max_rounds=10, loss_aggregation=a.loss_aggregation.replace("constant", "token_mean")
    ),
}  # fmt: skip


def both_ways(target, run, form=None, machine=None):
    text = recipe_text(write_recipe(run, target, machine, form=form), "DAPO", "collapse")
    return read_settings(text, base=run, reward_range=(machine or Machine()).reward_range)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("target, form", [(name, form) for name, target in TARGETS.items() for form in target.forms])
def test_an_algorithm_comes_back_as_far_as_the_framework_can_say_it(target, form, name):
    found = both_ways(target, replace(BASE, algorithm=ALGORITHMS[name]), form)
    expected = ALGORITHMS[name] if form == "recipe" else LOST[target](ALGORITHMS[name])
    assert found.algorithm == expected
    assert (found.framework, found.version.split(".")[:2]) == (TARGETS[target].name, TARGETS[target].version.split(".")[:2])


@pytest.mark.parametrize("updates, epochs", [(16, 1), (8, 2), (1, 1), (32, 8), (2, 2)])
@pytest.mark.parametrize("gpus", [1, 2, 8])
@pytest.mark.parametrize("target", TARGETS)
def test_sizes_come_back_for_any_number_of_gpus(target, gpus, updates, epochs):
    run = replace(BASE, updates_per_rollout=updates, epochs=epochs, group_size=8, temperature=0.7, max_grad_norm=0.5)
    found = both_ways(target, run, machine=Machine(gpus=gpus, per_device=4))
    if target in ("trl", "ms-swift") and gpus > 1:  # these files do not say how many GPUs there are
        assert found.sizes["updates_per_rollout"] == updates and found.sizes["epochs"] == epochs
    else:
        assert found.sizes == {
            "group_size": 8, "num_prompts": 16, "epochs": epochs, "updates_per_rollout": updates, "temperature": 0.7, "max_grad_norm": 0.5,
        }  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_rewards_of_minus_one_and_one_take_the_papers_penalty_and_give_it_back(target):
    run = replace(BASE, algorithm=DAPO)
    machine = Machine(reward_range=2, max_tokens=20480)
    assert "1.0" in recipe_text(write_recipe(run, target, machine), "DAPO", "collapse")
    assert both_ways(target, run, machine=machine).algorithm.overlong_penalty == 0.5
