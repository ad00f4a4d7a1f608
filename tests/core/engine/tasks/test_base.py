"""What all tasks share: which prompts are drawn, hopeless prompts, flips, noise and drift."""

from dataclasses import replace

import pytest
import torch

from core.engine.rng import ReplicaStreams
from core.engine.tasks import make_task
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig
from tests.support import ARITHMETIC, BANDIT, CHAIN, assert_close, completions_of

ANSWER = CHAIN.step_tokens
EVERYONE = None


def right_and_wrong(task, prompts: list[int]):
    """For each prompt of a chain: a right completion, a finished wrong one, and a truncated one."""
    rows = [
        [[int(task.useful[p])] * int(task.needed[p]) + [ANSWER], [ANSWER], [int(task.useful[p])] * task.max_tokens]
        for p in prompts
    ]
    return torch.tensor([prompts]), completions_of(task, rows)


def grade(task, prompts, completions, seed: int = 0):
    return task.grade(prompts, completions, ReplicaStreams((seed,)), EVERYONE)


@pytest.mark.parametrize("config", [CHAIN, BANDIT, replace(BANDIT, contexts=7), ARITHMETIC, ArithmeticConfig(digits=2)])
@pytest.mark.parametrize("drift", [0.0, 1.0])
def test_training_prompts_come_from_the_whole_training_pool_and_never_from_the_held_out_one(config, drift):
    task = make_task(replace(config, drift=drift))
    seen = torch.cat(
        [task.sample_prompts(ReplicaStreams((0, 1)), 4000, EVERYONE, p).flatten() for p in (0.0, 0.25, 0.5, 0.75, 1.0)]
    )
    assert seen.min() >= 0 and seen.max() < task.train_size
    if task.train_size < 100:
        assert seen.unique().tolist() == list(range(task.train_size))
    if config.name != "bandit":  # a bandit's score is its expected reward on its own contexts
        assert not torch.isin(task.eval_prompts, torch.arange(task.train_size)).any()
        assert len(task.eval_prompts.unique()) == len(task.eval_prompts) > 0


def test_prompts_are_uniform_without_drift_whatever_the_progress():
    task = make_task(CHAIN)
    drawn = task.sample_prompts(ReplicaStreams((0,)), 20_000, EVERYONE, 0.9)[0]
    # 10 prompts, 2000 expected each, standard deviation √(20000 · .1 · .9) = 42.
    assert drawn.bincount(minlength=10).sub(2000).abs().max() < 4.5 * 42


@pytest.mark.parametrize(("progress", "low", "high"), [(0.0, 0, 10), (0.5, 15, 25), (1.0, 30, 40)])
def test_full_drift_draws_from_a_window_that_slides_from_the_easy_to_the_hard_end(progress, low, high):
    # Pool 40, window a quarter = 10 prompts, from 0 … 10 to 30 … 40; at half time it starts at .5 · .75 · 40 = 15.
    task = make_task(replace(CHAIN, pool_size=40, drift=1.0))
    drawn = task.sample_prompts(ReplicaStreams((0,)), 5000, EVERYONE, progress)[0]
    assert drawn.unique().tolist() == list(range(low, high))


def test_partial_drift_draws_that_share_from_the_window():
    # drift .4 at progress 0, pool 40: window prompts (the first 10) get .4 + .6 · .25 = .55 of the draws.
    task = make_task(replace(CHAIN, pool_size=40, drift=0.4))
    drawn = task.sample_prompts(ReplicaStreams((0,)), 20_000, EVERYONE, 0.0)[0]
    assert (drawn < 10).float().mean().item() == pytest.approx(0.55, abs=0.015)  # standard error .0035


def test_hopeless_prompts_override_the_outcome_but_truncation_stays_wrong():
    # Pool 10: prompts 0-2 too easy, 8-9 too hard. Columns: right, finished and wrong, truncated.
    task = make_task(replace(CHAIN, too_easy_fraction=0.3, too_hard_fraction=0.2))
    found = grade(task, *right_and_wrong(task, [0, 2, 3, 7, 8, 9]))
    plain, easy, hard = [True, False, False], [True, True, False], [False, False, False]
    assert found.correct[0].tolist() == [easy, easy, plain, plain, hard, hard]
    assert found.rewards.equal(found.correct.float())


def test_hopeless_prompts_are_only_those_of_training():
    task = make_task(replace(CHAIN, too_easy_fraction=0.5, too_hard_fraction=0.5))
    held_out = task.eval_prompts[[0, 4, 9]].tolist()
    found = grade(task, *right_and_wrong(task, held_out))
    assert found.correct[0].tolist() == [[True, False, False]] * 3


def test_flips_turn_over_that_share_of_rewards_and_never_correctness():
    task = make_task(replace(CHAIN, flip_probability=0.3))
    prompts, completions = right_and_wrong(task, [0, 9] * 1000)
    found = grade(task, prompts, completions)
    assert found.correct[0].tolist() == [[True, False, False]] * 2000
    flipped = found.rewards != found.correct.float()
    assert found.rewards.unique().tolist() == [0.0, 1.0]
    # Standard error √(.3 · .7 / 2000) = .01 for each of the three columns.
    assert_close(flipped[0].float().mean(0), torch.full((3,), 0.3), rtol=0, atol=0.04)


def test_noise_has_the_configured_deviation_and_leaves_correctness_alone():
    task = make_task(replace(CHAIN, noise=0.25))
    prompts, completions = right_and_wrong(task, [1, 8] * 1000)
    found = grade(task, prompts, completions)
    assert found.correct[0].tolist() == [[True, False, False]] * 2000
    residual = found.rewards - found.correct.float()
    assert residual.mean().item() == pytest.approx(0.0, abs=0.015)  # standard error .25/√6000 = .0032
    assert residual.std().item() == pytest.approx(0.25, abs=0.012)


def test_rewards_are_clamped_at_zero_for_the_bandit_and_not_for_the_chain():
    bandit, chain = make_task(replace(BANDIT, noise=1.0)), make_task(replace(CHAIN, noise=1.0))
    prompts = torch.zeros(1, 500, dtype=torch.long)
    assert grade(bandit, prompts, completions_of(bandit, [[[0], [2]]] * 500)).rewards.min() == 0
    assert grade(chain, prompts, completions_of(chain, [[[ANSWER], [ANSWER]]] * 500)).rewards.min() < -1


def test_a_still_task_grades_alike_whatever_the_stream():
    task = make_task(CHAIN)
    case = right_and_wrong(task, [0, 4, 9])
    assert grade(task, *case, seed=1).rewards.equal(grade(task, *case, seed=2).rewards)


def test_grading_draws_the_same_amount_whatever_the_outcome():
    task = make_task(replace(CHAIN, noise=0.1, flip_probability=0.2))
    states = []
    for which in ([0, 0], [1, 2]):
        prompts, completions = right_and_wrong(task, [0, 9])
        completions = completions_of(
            task, [[completions.tokens[0, b, g][completions.mask[0, b, g]].tolist() for g in which] for b in range(2)]
        )
        streams = ReplicaStreams((3,))
        task.grade(prompts, completions, streams, EVERYONE)
        states.append(streams.generators[0].get_state())
    assert states[0].equal(states[1])


def test_grading_some_replicas_uses_their_streams_only():
    task = make_task(replace(CHAIN, noise=0.5))
    prompts, completions = right_and_wrong(task, [0, 9])
    streams = ReplicaStreams((0, 1, 2))
    before = [g.get_state() for g in streams.generators]
    found = task.grade(prompts, completions, streams, [1])
    assert found.rewards.equal(task.grade(prompts, completions, ReplicaStreams((1,)), EVERYONE).rewards)
    assert [g.get_state().equal(b) for g, b in zip(streams.generators, before, strict=True)] == [True, False, True]


def test_equal_configurations_share_one_task_and_pools_follow_the_pool_seed():
    assert make_task(CHAIN) is make_task(replace(CHAIN))
    again, other = type(make_task(CHAIN))(CHAIN), make_task(replace(CHAIN, pool_seed=1))
    assert again.prompt_features.equal(make_task(CHAIN).prompt_features)
    assert not other.prompt_features.equal(make_task(CHAIN).prompt_features)


def test_every_task_has_its_name():
    assert [kind().name for kind in (BanditConfig, ChainConfig, ArithmeticConfig)] == ["bandit", "chain", "arithmetic"]


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (CHAIN, ("a", "b", "c", "d", "ANSWER")),
        (BanditConfig(), ("action 0 (pays 0.3)", "action 1 (pays 1)", "action 2 (pays 0.5)")),
        (replace(BANDIT, contexts=2, actions=4), ("action 0", "action 1", "action 2", "action 3")),
        (ARITHMETIC, (*"0123456789+=", "$ (end)")),
    ],
)
def test_every_token_has_a_name(config, names):
    task = make_task(config)
    assert task.token_names == names and len(names) == task.vocab_size
