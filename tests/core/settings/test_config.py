"""The configurations: every bound of every field, the rules between fields, and what separates DAPO from GRPO."""

import dataclasses
from dataclasses import replace

import pytest

from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.describe import settings_of
from core.settings.diff import difference
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig, TaskConfig

KINDS = (AlgorithmConfig, TaskConfig, BanditConfig, ChainConfig, ArithmeticConfig, RunConfig)
RUN = RunConfig(task=ChainConfig())


def make(kind: type, **values):
    return RunConfig(task=ChainConfig(), **values) if kind is RunConfig else kind(**values)


def bounded(side: str) -> list:
    return [
        pytest.param(kind, setting, id=f"{kind.__name__}.{setting.name}")
        for kind in KINDS
        for setting in settings_of(kind).values()
        if getattr(setting, side) is not None
    ]


def refused(make_it) -> str:
    with pytest.raises(ConfigError) as caught:
        make_it()
    return str(caught.value)


def refused_value(kind, setting, value) -> None:
    text = refused(lambda: make(kind, **{setting.name: value}))
    assert text.startswith(f"{setting.name} must be ") and f"got {value}; choose a value" in text
    assert any(str(bound) in text for bound in (setting.low, setting.high))


@pytest.mark.parametrize(("kind", "setting"), bounded("low"))
def test_every_lower_bound_is_enforced(kind, setting):
    refused_value(kind, setting, setting.low - 1)
    if setting.open_low:
        refused_value(kind, setting, setting.low)


@pytest.mark.parametrize(("kind", "setting"), bounded("high"))
def test_every_upper_bound_is_enforced(kind, setting):
    refused_value(kind, setting, setting.high + 1)


@pytest.mark.parametrize(("kind", "setting"), bounded("choices"))
def test_every_choice_is_enforced(kind, setting):
    value = ("nonsense",) if setting.many else "nonsense"
    text = refused(lambda: make(kind, **{setting.name: value}))
    assert text.startswith(f"{setting.name} must be one of {', '.join(setting.choices)}, got 'nonsense'")


def test_every_field_of_every_configuration_explains_itself():
    for kind in KINDS:
        known = settings_of(kind)
        for field in dataclasses.fields(kind):
            assert field.name in ("name", "task", "algorithm", "fork") or known[field.name].help.endswith("."), field.name


def test_numbers_have_bounds_on_both_sides():
    for kind in KINDS:
        for setting in settings_of(kind).values():
            assert setting.kind not in (int, float) or None not in (setting.low, setting.high), setting.name


def test_the_whole_difference_between_dapo_and_grpo_is_four_techniques():
    assert difference(GRPO, DAPO) == {
        "eps_high": (0.2, 0.28),
        "loss_aggregation": ("sequence_mean", "token_mean"),
        "dynamic_sampling": ("off", "refill"),
        "overlong": ("none", "soft"),
    }
    assert difference(GRPO, AlgorithmConfig()) == {}


@pytest.mark.parametrize("config", [GRPO, RUN, ChainConfig(), BanditConfig(), ArithmeticConfig()], ids=lambda c: type(c).__name__)
def test_configurations_are_frozen_and_hashable(config):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config, dataclasses.fields(config)[0].name, 0.1)
    assert hash(config) == hash(replace(config))


# -- rules between the fields of a run -----------------------------------------------------------------------------------------


def test_updates_per_rollout_must_divide_the_prompts_of_all_epochs():
    text = refused(lambda: replace(RUN, num_prompts=12, updates_per_rollout=8))
    assert text == "updates_per_rollout must divide num_prompts x epochs = 12, got 8; choose a divisor or change epochs"
    assert replace(RUN, num_prompts=12, updates_per_rollout=8, epochs=2).minibatches == 4


def test_epochs_must_divide_updates_per_rollout():
    text = refused(lambda: replace(RUN, num_prompts=16, updates_per_rollout=16, epochs=3))
    assert text == "epochs must divide updates_per_rollout = 16, got 3; choose a divisor"


def test_minibatches_rollouts_and_seeds_by_hand():
    # 100 updates, 8 per rollout: 13 rollouts, the last of 4 updates. 2 epochs of 8 updates: 4 minibatches of 3 of 12 prompts.
    run = replace(RUN, updates=100, num_prompts=12, updates_per_rollout=8, epochs=2, first_seed=5, replicas=3)
    assert (run.rollouts, run.minibatches, run.effective_updates_per_rollout, run.seeds) == (13, 4, 8, (5, 6, 7))
    assert replace(run, updates=96).rollouts == 12


def test_the_single_update_defect_makes_one_minibatch_of_the_rollout():
    run = replace(RUN, updates=10, algorithm=replace(GRPO, defects=("single_update",)))
    assert (run.rollouts, run.minibatches, run.effective_updates_per_rollout) == (10, 1, 1)


@pytest.mark.parametrize("name", ["learning_rate", "eps_low", "eps_high"])
def test_a_per_replica_tuple_needs_one_value_per_replica(name):
    values = (0.1, 0.2, 0.3)

    def run(replicas: int) -> RunConfig:
        if name == "learning_rate":
            return replace(RUN, replicas=replicas, learning_rate=values)
        return replace(RUN, replicas=replicas, algorithm=replace(GRPO, **{name: values}))

    run(3)
    assert refused(lambda: run(4)) == f"{name} must hold one value per replica, 4, got 3; give a number or 4 values"


def test_with_replica_picks_that_replicas_entries():
    run = replace(
        RUN,
        first_seed=5,
        replicas=3,
        learning_rate=(0.1, 0.2, 0.3),
        algorithm=replace(DAPO, eps_low=(0.11, 0.12, 0.13), eps_high=0.5),
    )
    one = run.with_replica(6)
    assert one == replace(run, first_seed=6, replicas=1, learning_rate=0.2, algorithm=replace(DAPO, eps_low=0.12, eps_high=0.5))
    assert one.seeds == (6,)
    with pytest.raises(ValueError, match="not in tuple"):
        run.with_replica(8)


# -- rules between the fields of a task ----------------------------------------------------------------------------------------


def test_too_easy_and_too_hard_share_the_pool():
    text = refused(lambda: ChainConfig(too_easy_fraction=0.6, too_hard_fraction=0.5))
    assert text == "too_easy_fraction + too_hard_fraction must be at most 1, got 0.6 + 0.5; lower one of them"
    ChainConfig(too_easy_fraction=0.5, too_hard_fraction=0.5)


@pytest.mark.parametrize(
    ("make_it", "expected"),
    [
        (
            lambda: ChainConfig(favourite_probability=0.9, answer_probability=0.2),
            "answer_probability must be below 0.1, what favourite_probability leaves, got 0.2; lower one of them",
        ),
        (
            lambda: ChainConfig(max_difficulty=6, length_limit=6),
            "length_limit must be above max_difficulty = 6 to leave room for ANSWER, got 6; raise it",
        ),
        (
            lambda: BanditConfig(reward_kind="bernoulli", best_reward=1.5),
            "best_reward, favourite_reward and other_reward must be at most 1 as probabilities, got 1.5; lower it",
        ),
        (
            lambda: BanditConfig(best_reward=0.4),
            "best_reward must be at least 0.5, the largest mean, got 0.4; raise it",
        ),
        (
            lambda: BanditConfig(favourite_probability=0.75, best_probability=0.25),
            "best_probability must be below 0.25, what favourite_probability leaves, got 0.25; lower one of them",
        ),
        (lambda: ArithmeticConfig(width=32, heads=5), "heads must divide width = 32, got 5; choose a divisor"),
    ],
)
def test_impossible_tasks_are_refused_with_a_remedy(make_it, expected):
    assert refused(make_it) == expected
