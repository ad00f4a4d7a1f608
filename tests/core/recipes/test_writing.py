"""What is written, number by number, and that nothing is dropped in silence."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import fields, replace

import pytest
import yaml

from core.recipes import TARGETS, Machine, recipe_text, write_recipe
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

BASE = RunConfig(task=ChainConfig(), replicas=2)
SOFT = replace(BASE, algorithm=replace(GRPO, overlong="soft"))
REFILL = replace(BASE, algorithm=replace(GRPO, dynamic_sampling="refill"))
FILTER = replace(BASE, algorithm=replace(GRPO, dynamic_sampling="filter"))
# Another value of every setting of an algorithm, on the side where it has an effect.
CHANGED = {
    "normalize_std": (BASE, False), "eps_low": (BASE, 0.13), "eps_high": (BASE, 0.37), "dual_clip": (BASE, 7.0),
    "loss_aggregation": (BASE, "constant"), "dynamic_sampling": (BASE, "filter"), "filter_on": (REFILL, "reward"), "max_rounds": (REFILL,
    13),
    "overlong": (BASE, "filter"), "overlong_buffer_tokens": (SOFT, 2), "overlong_penalty": (SOFT, 0.9), "kl_coef": (BASE, 0.03),
    "kl_estimator": (replace(BASE, algorithm=replace(GRPO, kl_coef=0.1)), "k2"), "entropy_coef": (BASE, 0.017),
    "filter_threshold": (FILTER, 0.1),
}  # fmt: skip
REFUSED = {"reward_clip_factor", "defects"}
SIZES = {
    "updates": 960, "samples": 77_000, "num_prompts": 32, "group_size": 8, "updates_per_rollout": 8, "epochs": 2,
    "micro_batch_prompts": 1, "learning_rate": 0.007,
    "max_grad_norm": 0.3, "temperature": 0.8, "eval_every": 7, "first_seed": 40,
}  # fmt: skip


def text(target, run, **options):
    return recipe_text(write_recipe(run, target, **options), "Mine", "collapse")


def test_every_setting_is_looked_at_by_one_of_these_tests():
    assert {f.name for f in fields(AlgorithmConfig)} == CHANGED.keys() | REFUSED
    assert {f.name for f in fields(RunConfig)} == SIZES.keys() | {"task", "algorithm", "replicas", "fork", "generation_price"}


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("target", TARGETS)
def test_a_changed_technique_is_a_setting_or_a_sentence(target, name):
    run, value = CHANGED[name]
    assert text(target, replace(run, algorithm=replace(run.algorithm, **{name: value}))) != text(target, run)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("target", TARGETS)
def test_a_changed_size_is_a_setting_or_a_sentence(target, name):
    base = replace(BASE, updates_per_rollout=4) if name == "epochs" else BASE
    assert text(target, replace(base, **{name: SIZES[name]})) != text(target, base)


def test_grpo_for_trl_and_verl_as_worked_out_by_hand():
    """settings of GRPO's preset, 16 prompts x 16 completions in 16 updates, one GPU, 16 completions at once."""
    trl = {s.key: s.value for s in write_recipe(BASE, "trl").arguments}
    assert trl["per_device_train_batch_size"] * trl["steps_per_generation"] == 256
    expected = {
        "loss_type": "grpo", "scale_rewards": "group", "epsilon": 0.2, "epsilon_high": 0.2, "beta": 0.0, "num_generations": 16,
        "num_iterations": 1,
        "per_device_train_batch_size": 16, "gradient_accumulation_steps": 1, "steps_per_generation": 16, "max_steps": 480,
        "learning_rate": 1e-6,
        "lr_scheduler_type": "constant", "weight_decay": 0.0, "logging_steps": 1, "max_completion_length": 1024, "max_grad_norm": 1.0,
    }  # fmt: skip
    assert trl.items() >= expected.items()
    verl = {s.key.removeprefix("actor_rollout_ref."): s.value for s in write_recipe(BASE, "verl").arguments}
    expected = {
        "algorithm.adv_estimator": "grpo", "actor.clip_ratio_c": 10000.0, "actor.loss_agg_mode": "seq-mean-token-mean",
        "data.train_batch_size": 16,
        "rollout.n": 16, "actor.ppo_mini_batch_size": 1, "actor.ppo_epochs": 1, "actor.ppo_micro_batch_size_per_gpu": 16,
        "trainer.test_freq": 5,
        "actor.optim.weight_decay": 0.0, "trainer.total_training_steps": 30, "actor.use_kl_loss": False,
        "algorithm.filter_groups.enable": False,
    }  # fmt: skip
    assert verl.items() >= expected.items()


def test_the_overlong_ramp_travels_as_a_share_and_the_learning_rate_not_as_a_number():
    """The paper's 4,096 of 20,480 tokens are a fifth: 2 of 10 in the Lab."""
    run = replace(
        BASE,
        task=ChainConfig(max_difficulty=5, length_limit=10),
        algorithm=replace(DAPO, overlong_buffer_tokens=2),
        learning_rate=0.014,
    )
    verl = {s.key: s.value for s in write_recipe(run, "verl", Machine(max_tokens=20480)).arguments}
    assert verl["++reward.reward_kwargs.overlong_buffer_cfg.len"] == 4096
    assert verl["actor_rollout_ref.actor.optim.lr"] == 1e-6
    assert "the Lab's 0.014 belongs to a policy" in text("verl", run).replace("\n#     ", " ")


def test_what_trl_has_not_is_named_with_what_comes_nearest():
    said = text("trl", replace(BASE, algorithm=DAPO)).replace("\n#     ", " ")
    assert (
        "dynamic_sampling=refill, filter_on=correct, max_rounds=10: TRL has no dynamic sampling." in said
        and "this is GRPO with DAPO's other parts" in said
    )


@pytest.mark.parametrize("run, message", [
    (replace(BASE, algorithm=replace(GRPO, defects=("undetached_ratio",))), "algorithm.defects must be empty for an export"),
    (replace(BASE, algorithm=replace(GRPO, reward_clip_factor=2.0)), "reward_clip_factor must be 1 for an export, got 2.0"),
    (replace(BASE, learning_rate=(1e-3, 2e-3)), "learning_rate has one value per seed, and a framework takes one; give --seed"),
    (replace(BASE, algorithm=replace(GRPO, eps_high=(0.2, 0.3))), "algorithm.eps_high has one value per seed"),
])  # fmt: skip
@pytest.mark.parametrize("target", TARGETS)
def test_what_no_framework_has_is_refused(target, run, message):
    with pytest.raises(ConfigError, match=message):
        write_recipe(run, target)


def test_one_seeds_values_are_written_if_it_is_named():
    run = replace(BASE, algorithm=replace(GRPO, eps_high=(0.2, 0.3)))
    recipe = write_recipe(run, "trl", seed=1)
    assert recipe.value("epsilon_high") == 0.3 and recipe.value("seed") == 1
    with pytest.raises(ConfigError, match="seed must be one of 0 to 1, got 5"):
        write_recipe(run, "trl", seed=5)


def test_gpus_that_do_not_divide_an_update_are_refused_with_those_that_do():
    with pytest.raises(
        ConfigError, match=r"gpus must divide the completions of an update, .* = 16, got 3; choose one of 1, 2, 4, 8, 16"
    ):
        write_recipe(BASE, "trl", Machine(gpus=3))


def test_a_dual_clip_of_one_is_refused_where_it_must_be_above():
    run = replace(BASE, algorithm=replace(GRPO, dual_clip=1.0))
    for target in ("verl", "openrlhf"):
        with pytest.raises(ConfigError, match="needs a number above 1"):
            write_recipe(run, target)


@pytest.mark.parametrize("target, form", [("tlr", None), ("trl", "toml")])
def test_unknown_targets_and_forms_are_refused_with_those_there_are(target, form):
    with pytest.raises(ConfigError, match=r"must be one of .*; choose one of these"):
        write_recipe(BASE, target, form=form)


@pytest.mark.parametrize("algorithm", [GRPO, DAPO])
def test_files_are_what_they_say_they_are(algorithm):
    run = replace(BASE, algorithm=algorithm)
    loaded = yaml.safe_load(text("trl", run, form="yaml"))
    floats = [s.key for s in write_recipe(run, "trl").arguments if isinstance(s.value, float)]
    assert all(isinstance(loaded[key], float) for key in floats) and loaded["learning_rate"] == 1e-6
    compile(text("trl", run), "recipe.py", "exec")
    for target in ("verl", "ms-swift", "openrlhf"):
        script = text(target, run).rsplit("\n", 2)[0] + '\nprintf "%s\\n" "${settings[@]}"'
        words = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split("\n")
        assert words[0] in ("algorithm.adv_estimator=grpo", "--rlhf_type", "--algo.advantage.estimator")
        assert not any("#" in word for word in words) and shlex.split(" ".join(words))
