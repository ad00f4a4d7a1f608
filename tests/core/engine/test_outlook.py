"""What is said of runs before they are trained."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from core.engine.dead_groups import expected_rounds
from core.engine.outlook import (
    dead_share,
    most_samples,
    preparation_work,
    rounds_at_start,
    samples_at_start_pace,
    success_probability,
)
from core.engine.policies.base_model import base_parameters
from core.engine.tasks import make_task
from core.engine.trainer import train
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.task import BanditConfig, ChainConfig
from tests.support import ARITHMETIC, small_run

CHAIN = ChainConfig(pool_size=6, step_tokens=3, max_difficulty=2, length_limit=4, hard_fraction=0.5)


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_on_the_chain_it_is_the_sum_over_all_completions(temperature):
    task = make_task(CHAIN)
    table = torch.softmax(task.base_logits.double() / temperature, 1)
    for prompt in range(CHAIN.pool_size):
        total = 0.0
        for steps in range(CHAIN.length_limit):
            for tokens in itertools.product(range(CHAIN.step_tokens), repeat=steps):
                hits = sum(token == int(task.useful[prompt]) for token in tokens)
                if hits >= int(task.needed[prompt]):
                    chance = float(table[prompt, task.end_token])
                    for token in tokens:
                        chance *= float(table[prompt, token])
                    total += chance
        assert float(success_probability(CHAIN, temperature)[prompt]) == pytest.approx(total, rel=1e-9)


def test_on_the_bandit_it_is_the_chance_of_being_paid_or_of_the_best_action():
    paid = BanditConfig(
        actions=4, contexts=3, reward_kind="bernoulli", noise=0.0, favourite_probability=0.7, best_probability=0.1
    )
    # 0.1 · 1.0 + 0.7 · 0.5 + 2 · 0.1 · 0.3
    assert success_probability(paid).tolist() == pytest.approx([0.51] * 3)
    assert success_probability(BanditConfig()).tolist() == pytest.approx([1 / 3])


def test_prompts_that_are_always_or_never_solved_count_as_such():
    shared = replace(CHAIN, pool_size=4, too_easy_fraction=0.25, too_hard_fraction=0.5)
    found = success_probability(shared).tolist()
    assert found[0] == pytest.approx(1 - (1 - CHAIN.answer_probability) ** CHAIN.length_limit)
    assert found[1] == pytest.approx(float(success_probability(replace(CHAIN, pool_size=4))[1]))
    assert found[2:] == [0.0, 0.0]


def test_a_group_is_dead_if_all_are_right_or_all_wrong():
    run = RunConfig(task=BanditConfig(), num_prompts=1, group_size=2, updates_per_rollout=1)
    assert dead_share(run) == pytest.approx((1 / 3) ** 2 + (2 / 3) ** 2)


@pytest.mark.parametrize("name", ["collapse", "length-runaway", "clip-higher-hurts"])
def test_the_first_rollout_has_as_many_dead_groups_as_was_said(name):
    """64 seeds x B groups: four standard errors of a binomial share, and the untrained network is only nearly the base policy."""
    run = replace(next(iter(SCENARIOS[name].runs().values())), replicas=64)
    records = train(run)
    next(records)
    first = next(records).metrics
    found = float((first["all_wrong_fraction"] + first["all_right_fraction"]).mean())
    said = dead_share(run)
    assert abs(found - said) < 4 * (said * (1 - said) / (64 * run.num_prompts)) ** 0.5 + 0.01


def test_refill_takes_the_rounds_that_the_dead_groups_cost_and_no_more_than_are_allowed():
    run = RunConfig(task=replace(CHAIN, too_hard_fraction=1.0), algorithm=DAPO)
    assert dead_share(run) == 1.0 and rounds_at_start(run) == DAPO.max_rounds == 10
    alive = RunConfig(
        task=BanditConfig(reward_kind="bernoulli", noise=0.0, best_reward=1.0), algorithm=DAPO, group_size=2, num_prompts=16
    )
    # p = (1 + 0.5 + 0.3) / 3 = 0.6, dead 0.36 + 0.16 = 0.52
    assert rounds_at_start(alive) == pytest.approx(expected_rounds(16, 0.48, 10))
    *_, last = train(replace(alive, replicas=256, updates=1, updates_per_rollout=1))
    taken = last.metrics["generation_rounds"]
    assert rounds_at_start(alive) == pytest.approx(taken.mean(), abs=4 * taken.std() / 16)
    assert samples_at_start_pace(alive) == round(alive.rollouts * 16 * 2 * rounds_at_start(alive))
    assert samples_at_start_pace(replace(alive, samples=5000)) == 5000
    assert rounds_at_start(replace(alive, algorithm=GRPO)) == 1.0
    assert most_samples(alive) == alive.rollouts * 16 * 2 * 10 and most_samples(replace(alive, samples=5000)) == 5000
    assert most_samples(replace(alive, algorithm=GRPO)) == samples_at_start_pace(replace(alive, algorithm=GRPO))
    dead = replace(run, updates=32, replicas=2)  # every group is dropped: all rounds are taken
    *_, end = train(dead)
    assert set(end.samples_generated) == {most_samples(dead)}


def test_a_base_model_that_several_runs_need_is_built_once_and_not_again_when_it_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path))
    task = replace(ARITHMETIC, imitation_steps=2)
    run, wider = small_run(task, GRPO), small_run(replace(task, width=32), GRPO)
    each = preparation_work([run]), preparation_work([wider])
    assert 0 < each[0] < each[1]
    assert preparation_work([run, replace(run, algorithm=DAPO, replicas=8), wider]) == sum(each)
    twice = replace(run, task=replace(task, imitation_steps=4))
    assert preparation_work([twice]) == 2 * each[0]
    base_parameters(make_task(task))
    assert preparation_work([run, wider]) == each[1]
    assert preparation_work([small_run(CHAIN, GRPO)]) == 0
