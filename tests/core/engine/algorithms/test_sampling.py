"""Dynamic sampling: which groups are kept, by which question."""

from dataclasses import replace

import pytest
import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.sampling import informative_groups, keep_groups, normalised_rewards
from core.settings.algorithm import DAPO, GRPO
from tests.support import assert_close

UNIT = (0.0, 1.0)
REFILL = DAPO
FILTER = replace(GRPO, dynamic_sampling="filter")


def correct_counts(*counts: int, group_size: int = 8) -> torch.Tensor:
    """bool (1, B, G) with so many right completions per group."""
    return (torch.arange(group_size) < torch.tensor(counts)[:, None])[None]


def test_informative_groups_keeps_exactly_those_with_0_lt_correct_lt_g():
    assert informative_groups(correct_counts(*range(9))).tolist() == [[False] + [True] * 7 + [False]]


def test_informative_groups_equals_a_loop():
    chance = torch.rand(3, 11, 4, generator=torch.Generator().manual_seed(0))
    correct = chance < torch.tensor([0.1, 0.5, 0.9])[:, None, None]
    kept = informative_groups(correct)
    assert kept.any() and not kept.all()
    for r in range(3):
        for b in range(11):
            assert kept[r, b].item() == (0 < sum(correct[r, b].tolist()) < 4)


def test_off_keeps_everything():
    correct = correct_counts(0, 8, 3)
    assert keep_groups(GRPO, correct, correct.float(), UNIT).tolist() == [[True, True, True]]


def test_refill_on_correct_looks_through_noise_and_shaping():
    correct = correct_counts(0, 8, 1)
    rewards = correct + torch.randn(correct.shape, generator=torch.Generator().manual_seed(0))
    assert keep_groups(REFILL, correct, rewards, UNIT).tolist() == [[False, False, True]]


def test_refill_on_reward_lets_dead_groups_through_as_soon_as_there_is_noise():
    on_reward = replace(REFILL, filter_on="reward")
    correct = correct_counts(0, 8, 3)
    assert keep_groups(on_reward, correct, correct.float(), UNIT).tolist() == [[False, False, True]]
    noisy = correct + 1e-3 * torch.randn(correct.shape, generator=torch.Generator().manual_seed(0))
    assert keep_groups(on_reward, correct, noisy, UNIT).tolist() == [[True, True, True]]
    # … and normalisation turns the thousandth of noise into advantages of full size.
    assert group_advantages(noisy)[0, 1].abs().max() > 1


def test_filter_compares_the_population_variance_with_the_threshold():
    # k of 8 right: variance (÷ G) = k/8 · (1 - k/8): 0, 7/64 = .109, 12/64 = .1875, 15/64 = .234, 16/64 = .25.
    correct = correct_counts(0, 1, 2, 3, 4, 8)
    assert keep_groups(FILTER, correct, correct.float(), UNIT).tolist() == [[False, True, True, True, True, False]]
    strict = replace(FILTER, filter_threshold=0.2)
    assert keep_groups(strict, correct, correct.float(), UNIT).tolist() == [[False, False, False, True, True, False]]
    # The sample variance of 2 of 8 is 12/64 · 8/7 = .214 and would pass.


def test_filter_keeps_a_variance_equal_to_the_threshold():
    correct = correct_counts(4, 1)  # .25 and .109
    assert keep_groups(replace(FILTER, filter_threshold=0.25), correct, correct.float(), UNIT).tolist() == [[True, False]]


def test_filter_on_reward_normalises_by_the_tasks_range():
    # Rewards 0 or 4 on a task whose range is 0 … 8: normalised 0 or .5; half and half has variance .0625, 1 of 8 has 7/64 · .25 = .027.
    correct = correct_counts(4, 1)
    on_reward = replace(FILTER, filter_on="reward")
    assert keep_groups(on_reward, correct, correct * 4.0, (0.0, 8.0)).tolist() == [[True, False]]
    assert keep_groups(on_reward, correct, correct * 4.0, (0.0, 4.0)).tolist() == [[True, True]]


def test_filter_on_reward_ignores_small_noise_but_not_large_noise():
    correct = correct_counts(0, 8, 4)
    noise = torch.randn(correct.shape, generator=torch.Generator().manual_seed(0))
    on_reward = replace(FILTER, filter_on="reward")
    assert keep_groups(on_reward, correct, correct + 0.01 * noise, UNIT).tolist() == [[False, False, True]]
    assert keep_groups(on_reward, correct, correct + 1.0 * noise, UNIT).tolist() == [[True, True, True]]


def test_the_whole_batch_defect_keeps_dead_groups_because_prompts_differ():
    # Groups all wrong, all right, half right: two of three are dead, but the batch's standard deviation is about .5.
    correct = correct_counts(0, 8, 4)
    defect = replace(FILTER, defects=("whole_batch_filter",))
    assert correct.float().std().item() == pytest.approx(0.51, abs=0.01)
    assert keep_groups(defect, correct, correct.float(), UNIT).tolist() == [[True, True, True]]
    assert keep_groups(FILTER, correct, correct.float(), UNIT).tolist() == [[False, False, True]]


def test_the_whole_batch_defect_asks_each_replica_for_itself():
    correct = torch.cat((correct_counts(0, 8, 4), correct_counts(8, 8, 8)))
    defect = replace(FILTER, defects=("whole_batch_filter",))
    assert keep_groups(defect, correct, correct.float(), UNIT).tolist() == [[True] * 3, [False] * 3]


def test_normalised_rewards_put_the_tasks_range_on_0_to_1():
    # Range -1 … 3: -1 -> 0, 1 -> 2/4, 3 -> 1, 5 -> 6/4.
    found = normalised_rewards(torch.tensor([-1.0, 1.0, 3.0, 5.0]), (-1.0, 3.0))
    assert_close(found, torch.tensor([0.0, 0.5, 1.0, 1.5]), rtol=1e-6, atol=0)


def test_normalised_rewards_of_an_empty_range_are_only_shifted():
    assert normalised_rewards(torch.tensor([2.0, 2.5]), (2.0, 2.0)).tolist() == [0.0, 0.5]
