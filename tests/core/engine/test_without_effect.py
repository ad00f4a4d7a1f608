"""Choices that cannot matter: each sentence by itself, and against the engine, which must not look at what is said to be idle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine.not_looked_at import IDLE
from core.engine.trainer import train
from core.engine.without_effect import without_effect
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.describe import settings_of
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig

CHAIN = ChainConfig(pool_size=6, step_tokens=3, max_difficulty=2, length_limit=4, hard_fraction=0.5)
PLAIN = RunConfig(task=CHAIN)
PAID = BanditConfig(noise=0.0, reward_kind="bernoulli")
SURE = BanditConfig(noise=0.0, reward_kind="bernoulli", best_reward=0.5, favourite_reward=0.5, other_reward=0.5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"updates_per_rollout": 1}, "no clip can act"),
        ({"algorithm": replace(GRPO, eps_low=1.0)}, "the lower clip can never act"),
        ({"algorithm": replace(GRPO, kl_coef=0.1, kl_estimator="k1")}, "adds noise and holds nothing"),
        ({"task": PAID, "algorithm": replace(GRPO, loss_aggregation="token_mean")}, "one token long"),
        ({"task": PAID, "algorithm": replace(GRPO, loss_aggregation="constant")}, "in place of their length"),
        ({"task": PAID, "algorithm": replace(GRPO, overlong="soft")}, "nothing is overlong"),
        ({"algorithm": replace(GRPO, overlong="soft", overlong_penalty=0.0)}, "punishes nothing"),
        ({"algorithm": replace(DAPO, max_rounds=1)}, "samples none in their place"),
        ({"algorithm": replace(GRPO, dynamic_sampling="filter", filter_threshold=0.0)}, "drops no group"),
        # 16 answers of which 8 are right: 0.5 x 0.5
        ({"algorithm": replace(GRPO, dynamic_sampling="filter", filter_threshold=0.3)}, "at most 0.25"),
        # 3 answers of which 1 is right: 1/3 x 2/3
        ({"group_size": 3, "algorithm": replace(GRPO, dynamic_sampling="filter", filter_threshold=0.24)}, "at most 0.222"),
        ({"task": replace(SURE), "group_size": 64, "algorithm": replace(GRPO, dynamic_sampling="refill")}, "nothing to drop yet"),
        ({"task": replace(CHAIN, too_hard_fraction=1.0)}, "nothing to begin with"),
        ({"task": replace(CHAIN, noise=0.1)}, "learned from them is noise"),
        ({"task": replace(CHAIN, flip_probability=0.5)}, "says nothing"),
        ({"task": replace(CHAIN, too_hard_fraction=0.05)}, "0.05 of 6 prompts is less than half of one"),
        ({"task": replace(CHAIN, hard_fraction=0.05)}, "“Share of hard prompts” changes none"),
        ({"algorithm": replace(GRPO, defects=("undetached_ratio",))}, "the policy gradient is exactly 0"),
        ({"replicas": 2}, "With 2 seeds there is no interval"),
    ],
)
def test_a_choice_that_cannot_matter_is_named_and_others_are_not(change, told):
    assert without_effect({"A": PLAIN}) == []
    (found,) = without_effect({"A": replace(PLAIN, **change)})
    assert told in found


def test_noise_makes_dynamic_sampling_that_looks_at_rewards_drop_nothing():
    run = replace(PLAIN, task=replace(CHAIN, noise=0.1), algorithm=replace(DAPO, filter_on="reward"), replicas=4, updates=16)
    assert any("drops practically none" in sentence for sentence in without_effect({"A": run}))
    assert dropped_shares(run).max() == 0


def dropped_shares(run: RunConfig) -> np.ndarray:
    return np.array([record.metrics["filter_ratio"] for record in train(run) if "filter_ratio" in record.metrics])


def test_a_filter_that_drops_mixed_groups_is_not_said_to_have_nothing_to_drop():
    """A third of the answers is right: of 32 at most 8 in most groups, whose variance 1/4 x 3/4 is below 0.2."""
    filtered = replace(GRPO, dynamic_sampling="filter", filter_threshold=0.2)
    run = RunConfig(task=BanditConfig(), algorithm=filtered, group_size=32, replicas=4, updates=1)
    assert dropped_shares(run).mean() > 0.1
    assert "nothing to drop" not in " ".join(without_effect({"A": run}))
    every = replace(run, algorithm=replace(filtered, filter_threshold=0.01))  # below 31 / 1024
    assert dropped_shares(every).max() == 0 and "nothing to drop yet" in " ".join(without_effect({"A": every}))


def test_noise_that_is_raised_to_zero_leaves_groups_alike_and_dropped():
    """No answer is paid: half of the noise is below 0, and both answers of a quarter of the groups get 0."""
    hopeless = BanditConfig(noise=0.1, reward_kind="bernoulli", too_hard_fraction=1.0)
    run = RunConfig(task=hopeless, algorithm=replace(DAPO, filter_on="reward", max_rounds=1), group_size=2, replicas=4, updates=1)
    assert 0.1 < dropped_shares(replace(run, num_prompts=64)).mean() < 0.4
    assert "drops practically none" not in " ".join(without_effect({"A": run}))
    assert "drops practically none" in " ".join(without_effect({"A": replace(run, group_size=16)}))


@pytest.mark.parametrize(
    ("run", "told"),
    [
        # the rewards of two wrong actions differ: 0.3 and 0.5
        (RunConfig(task=BanditConfig(), group_size=4), "and part of what is learned from them is noise"),
        (
            RunConfig(task=replace(CHAIN, noise=0.1), algorithm=replace(GRPO, overlong="soft")),
            "and part of what is learned from them",
        ),
        (RunConfig(task=replace(CHAIN, noise=0.1)), "and what is learned from them is noise"),
        (
            RunConfig(task=replace(CHAIN, too_hard_fraction=1.0), algorithm=replace(GRPO, overlong="soft")),
            "which answers are right",
        ),
        # all rewards of a batch together vary by noise, so that groups without a right answer stay in it
        (
            RunConfig(
                task=replace(CHAIN, noise=0.1),
                algorithm=replace(GRPO, dynamic_sampling="filter", defects=("whole_batch_filter",)),
            ),
            "what is learned from them is noise",
        ),
    ],
)
def test_what_groups_without_a_right_and_a_wrong_answer_teach(run, told):
    assert told in " ".join(without_effect({"A": run}))
    assert "nothing to begin with" not in " ".join(without_effect({"A": run}))


def test_what_holds_for_all_sides_is_said_once_and_equal_sides_are_named():
    one, two = replace(PLAIN, updates_per_rollout=1), replace(PLAIN, updates_per_rollout=1, algorithm=DAPO)
    assert without_effect({"A": one, "B": two}) == ["With one update per rollout the ratio is always 1, so that no clip can act."]
    assert "A and B are the same run: their lines will lie on each other." in without_effect({"A": two, "B": two})


def test_what_the_scenario_has_so_is_no_choice():
    lab = SCENARIOS["lab"].runs()
    changed = {label: replace(run, updates_per_rollout=4, epochs=4) for label, run in lab.items()}
    for runs, told in ((lab, False), (changed, True)):
        found = " ".join(without_effect(runs, lab))
        assert ("updates_per_rollout" in found) == told
        assert "filter_on" not in found  # DAPO's has no effect there, but nobody has chosen it
    assert "filter_on" in " ".join(without_effect(lab))


def records(run: RunConfig) -> list:
    return [(record.update, dict(record.metrics)) for record in train(run)]


def same(ours: list, theirs: list) -> bool:
    return len(ours) == len(theirs) and all(
        n == m and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)
        for (n, a), (m, b) in zip(ours, theirs, strict=True)
    )


SMALL = {"updates": 4, "updates_per_rollout": 2, "num_prompts": 4, "group_size": 4, "replicas": 3, "learning_rate": 0.05}
BASES = {
    "nothing on": RunConfig(task=CHAIN, **SMALL),
    "everything on": RunConfig(task=CHAIN, algorithm=replace(DAPO, kl_coef=0.1), **SMALL),
    "filter": RunConfig(task=CHAIN, algorithm=replace(GRPO, dynamic_sampling="filter", overlong="filter"), **SMALL),
    "samples": RunConfig(task=CHAIN, samples=32, **SMALL),
    "one context": RunConfig(task=BanditConfig(actions=2), **SMALL),
    "lab": RunConfig(
        task=BanditConfig(),
        algorithm=replace(GRPO, entropy_coef=0.01, defects=("single_update", "whole_batch_filter"), dynamic_sampling="filter"),
        **SMALL,
    ),
}
# What a seed or a size changes by chance alone, what says itself that it changes nothing, and when is evaluated.
ANY_VALUE = {"fork", "task", "algorithm", "micro_batch_prompts", "generation_price", "eval_every", "defects", "name"}
# Act only on what these few updates do not reach: a norm above the bound, a clip at such a ratio, a hard prompt that is solved.
WHOLE_BATCH = {
    "lab": {"dynamic_sampling", "filter_threshold"}
}  # what the sentence on its filter is about, which stands there at once
RARE = {"max_grad_norm", "dual_clip", "eps_low", "eps_high", "reward_clip_factor", "too_hard_fraction"}


def others(config, name: str) -> list:
    """Values of a field that it does not have."""
    setting, value = settings_of(type(config))[name], getattr(config, name)
    if setting.choices:
        return [choice for choice in setting.choices if choice != value]
    if setting.kind is bool:
        return [not value]
    if value is None:
        return [0.5 if setting.kind is float else 2]
    near = [value + 1, value * 2] if setting.kind is int else [value / 2, value + 0.25]
    return [
        x
        for x in near
        if x != value and (setting.high is None or x <= setting.high) and (setting.low is None or x >= setting.low)
    ]


def changes(run: RunConfig):
    """(field, the run with another value of it) for every field of run, task and algorithm."""
    for part, config in (("run", run), ("task", run.task), ("algorithm", run.algorithm)):
        for name in settings_of(type(config)):
            for value in others(config, name) if name not in ANY_VALUE and not isinstance(getattr(config, name), tuple) else ():
                try:
                    yield name, replace(run, **({name: value} if part == "run" else {part: replace(config, **{name: value})}))
                except ConfigError:
                    continue


@pytest.mark.parametrize(
    "base", [pytest.param(name, marks=pytest.mark.thorough if name != "nothing on" else ()) for name in BASES]
)
def test_the_engine_does_not_look_at_what_is_told_to_be_idle_and_does_at_all_else(base):
    """Every field of a run with another value, trained: bit for bit the same is what may not go untold, and the reverse. One base is quick."""
    run = BASES[base]
    before = records(run)
    told_before = set(without_effect({"A": run}, {"A": run}))
    wrong = []
    for name, other in changes(run):
        told = set(without_effect({"A": other}, {"A": run})) - told_before
        idle = any(f"({name}) acts only" in sentence for sentence in told)
        equal = same(before, records(other))
        if idle and not equal:
            wrong.append(f"{name} is told to be idle and is not")
        if equal and not told and name not in RARE | WHOLE_BATCH.get(base, set()):
            wrong.append(f"{name} changes nothing and is not told")
    assert not wrong


def test_every_rule_names_fields_that_there_are():
    kinds = {"algorithm": (AlgorithmConfig,), "run": (RunConfig,), "task": (ChainConfig, BanditConfig, ArithmeticConfig)}
    for rule in IDLE:
        for name in rule.names:
            assert any(name in settings_of(kind) for kind in kinds[rule.part]), name
