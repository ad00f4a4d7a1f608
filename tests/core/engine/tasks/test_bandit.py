"""The bandit: the lab's three arms, contexts, Bernoulli rewards and the base policy."""

from dataclasses import replace

import pytest
import torch

from core.engine.policies import Parameters
from core.engine.policies.mlp import MLPPolicy
from core.engine.rng import ReplicaStreams
from core.engine.tasks import make_task
from core.settings.fields import ConfigError
from core.settings.task import BanditConfig
from tests.support import BANDIT, assert_close, completions_of

STILL = replace(BANDIT, noise=0.0)


def base_probabilities(task) -> torch.Tensor:
    return torch.softmax(task.base_logits, -1)


def test_the_labs_arms_pay_03_10_05_and_only_the_middle_one_is_correct():
    task = make_task(STILL)
    found = task.grade(torch.tensor([[0, 0]]), completions_of(task, [[[0], [1], [2]]] * 2), ReplicaStreams((0,)), None)
    assert_close(found.rewards, torch.tensor([[[0.3, 1.0, 0.5]] * 2]), rtol=1e-6, atol=0)
    assert found.correct.tolist() == [[[False, True, False]] * 2]
    assert task.reward_range == (0.0, 1.0)


def test_contexts_pay_best_favourite_and_other_at_different_places():
    task = make_task(replace(STILL, contexts=20, actions=5))
    assert (task.best != task.favourite).all()
    assert len(task.best.unique()) > 1
    for context in range(20):
        rows = [[[action] for action in range(5)]]
        found = task.grade(torch.tensor([[context]]), completions_of(task, rows), ReplicaStreams((0,)), None)
        expected = [0.3] * 5
        expected[task.favourite[context]], expected[task.best[context]] = 0.5, 1.0
        assert_close(found.rewards[0, 0], torch.tensor(expected), rtol=1e-6, atol=0)
        assert found.correct[0, 0].tolist() == [action == task.best[context] for action in range(5)]


def test_bernoulli_rewards_are_paid_with_the_arms_probability():
    task = make_task(replace(STILL, reward_kind="bernoulli", best_reward=0.8))
    found = task.grade(
        torch.zeros(1, 8000, dtype=torch.long), completions_of(task, [[[0], [1], [2]]] * 8000), ReplicaStreams((0,)), None
    )
    assert found.rewards.unique().tolist() == [0.0, 1.0]
    assert found.rewards.equal(found.correct.float())
    # Standard error at most √(.25 / 8000) = .0056.
    assert_close(found.rewards[0].mean(0), torch.tensor([0.3, 0.8, 0.5]), rtol=0, atol=0.025)


def test_flips_mirror_a_gaussian_reward_in_the_tasks_range():
    # Means up to 2: 0.3 -> 2 - 0.3, 2 -> 0, 0.5 -> 1.5.
    task = make_task(replace(STILL, best_reward=2.0, flip_probability=0.5))
    found = task.grade(
        torch.zeros(1, 200, dtype=torch.long), completions_of(task, [[[0], [1], [2]]] * 200), ReplicaStreams((0,)), None
    )
    for column, (plain, flipped) in enumerate([(0.3, 1.7), (2.0, 0.0), (0.5, 1.5)]):
        seen = found.rewards[0, :, column].unique()
        assert_close(seen, torch.tensor(sorted((plain, flipped))), rtol=1e-6, atol=0)


@pytest.mark.parametrize("contexts", [1, 6])
def test_base_policy_has_the_configured_probabilities(contexts):
    task = make_task(replace(BANDIT, contexts=contexts, actions=7, favourite_probability=0.8, best_probability=0.01))
    found = base_probabilities(task)
    for context in range(contexts):
        expected = [0.19 / 5] * 7  # what is left, in equal parts
        expected[task.favourite[context]], expected[task.best[context]] = 0.8, 0.01
        assert_close(found[context], torch.tensor(expected), rtol=1e-5, atol=0)
    assert_close(found.sum(-1), torch.ones(contexts), rtol=1e-6, atol=0)


def test_without_best_probability_the_best_action_is_like_the_others():
    task = make_task(replace(BANDIT, actions=5, favourite_probability=0.6))
    expected = torch.full((5,), 0.1)
    expected[task.favourite[0]] = 0.6
    assert_close(base_probabilities(task)[0], expected, rtol=1e-5, atol=0)


def test_without_favourite_probability_the_base_policy_is_uniform():
    assert_close(base_probabilities(make_task(BANDIT)), torch.full((1, 3), 1 / 3), rtol=1e-6, atol=0)


def test_best_probability_without_favourite_probability_is_not_silently_ignored():
    try:
        task = make_task(replace(BANDIT, best_probability=0.01))
    except ConfigError:
        return
    assert base_probabilities(task)[0, task.best[0]].item() == pytest.approx(0.01, rel=1e-4)


def test_evaluation_is_the_expected_true_reward_of_the_sampling_policy():
    # Zero weights leave the base policy: .6 favourite, .1 best, .3 other of K = 3: .6 · .5 + .1 · 1 + .3 · .3 = .49.
    task = make_task(replace(BANDIT, favourite_probability=0.6, best_probability=0.1))
    policy = MLPPolicy(task, width=4, hidden_layers=1, output_scale=1.0)
    initial = policy.initial(ReplicaStreams((0, 1)).generators)
    found = task.evaluate(policy, Parameters(torch.zeros_like(initial.flat), initial.shapes), 1.0)
    assert_close(found, torch.full((2,), 0.49), rtol=1e-5, atol=0)


def test_texts_can_be_read():
    task = make_task(BANDIT)
    assert (task.prompt_text(0), task.completion_text([2])) == ("context 0: best action 1", "action 2")
    assert BanditConfig().actions == 3
