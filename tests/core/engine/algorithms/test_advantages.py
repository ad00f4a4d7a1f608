"""Group-relative advantages: hand numbers, a loop twin, and the cases without a signal."""

import math

import pytest
import torch

from core.engine.algorithms.advantages import group_advantages, has_spread
from tests.support import assert_close


def advantages_by_loop(rewards: list[float], normalize_std: bool) -> list[float]:
    mean = sum(rewards) / len(rewards)
    if max(rewards) == min(rewards):
        return [0.0] * len(rewards)
    std = math.sqrt(sum((r - mean) ** 2 for r in rewards) / (len(rewards) - 1))
    return [(r - mean) / (std + 1e-6 if normalize_std else 1.0) for r in rewards]


@pytest.mark.parametrize(("group_size", "expected"), [(4, 1.5), (8, 2.4749), (16, 3.75)])
def test_one_success_in_a_group_gets_g_minus_1_over_root_g(group_size, expected):
    # mean 1/G; variance (÷ G-1) = ((1 - 1/G)² + (G-1)/G²) / (G-1) = 1/G; so A = (1 - 1/G) √G = (G-1)/√G. G = 8: 7/2.8284 = 2.4749.
    rewards = torch.zeros(group_size)
    rewards[2] = 1.0
    advantages = group_advantages(rewards)
    assert advantages.max().item() == pytest.approx(expected, rel=2e-5)
    # The failures get -1/G · √G = -1/√G.
    assert advantages.min().item() == pytest.approx(-1 / math.sqrt(group_size), rel=2e-5)


def test_half_right_of_four_gets_plus_minus_root_three_quarters():
    # mean 1/2, variance 4 · 1/4 / 3 = 1/3, A = ±(1/2) √3 = ±0.8660.
    advantages = group_advantages(torch.tensor([1.0, 0.0, 0.0, 1.0]))
    assert_close(advantages, torch.tensor([1.0, -1.0, -1.0, 1.0]) * 0.8660254, rtol=1e-5, atol=0)


def test_the_floor_is_added_outside_the_root():
    # rewards 0 and 2e-6: mean 1e-6, std = √(2 · 1e-12 / 1) = 1.41421e-6; A = 1e-6 / (1.41421e-6 + 1e-6) = 0.41421.
    # Inside the root it would be 1e-6 / √(2e-12 + 1e-6) = 0.001.
    assert group_advantages(torch.tensor([0.0, 2e-6]))[1].item() == pytest.approx(0.41421, rel=1e-4)


@pytest.mark.parametrize("normalize_std", [True, False])
def test_equals_a_loop_over_groups(normalize_std):
    rewards = torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(0))
    rewards[1, 2] = 0.25
    found = group_advantages(rewards, normalize_std=normalize_std)
    for r in range(3):
        for b in range(5):
            expected = advantages_by_loop(rewards[r, b].tolist(), normalize_std)
            assert_close(found[r, b], torch.tensor(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("normalize_std", [True, False])
def test_advantages_of_a_group_sum_to_zero(normalize_std):
    rewards = torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(1))
    total = group_advantages(rewards, normalize_std=normalize_std).sum(-1)
    assert_close(total, torch.zeros(3, 5), rtol=0, atol=2e-6)


@pytest.mark.parametrize("normalize_std", [True, False])
@pytest.mark.parametrize("value", [0.0, 1.0, 1 / 3, 0.1, -7.3])
@pytest.mark.parametrize("group_size", [3, 7, 11])
def test_equal_rewards_get_exactly_zero(normalize_std, value, group_size):
    advantages = group_advantages(torch.full((2, group_size), value), normalize_std=normalize_std)
    assert advantages.eq(0.0).all()


def test_seven_thirds_would_not_be_zero_by_subtraction():
    """The reason why equal rewards are found by comparison: the float32 mean of some equal numbers is another number."""
    values = torch.linspace(0.05, 0.95, 997)[:, None].expand(-1, 7).contiguous()
    assert (values - values.mean(-1, keepdim=True)).ne(0).any()
    assert group_advantages(values, normalize_std=False).eq(0).all()


@pytest.mark.parametrize("group_size", [0, 1])
def test_a_group_without_a_baseline_is_refused(group_size):
    with pytest.raises(ValueError, match=rf"group_size must be at least 2 .*got {group_size}"):
        group_advantages(torch.ones(3, group_size))


def test_zero_one_and_minus_one_one_rewards_give_the_same_advantages():
    correct = torch.rand(6, 5, generator=torch.Generator().manual_seed(2)) < 0.4
    zero_one = correct.float()
    assert_close(group_advantages(zero_one), group_advantages(2 * zero_one - 1), rtol=1e-5, atol=0)
    raw = group_advantages(zero_one, normalize_std=False)
    assert_close(2 * raw, group_advantages(2 * zero_one - 1, normalize_std=False), rtol=1e-6, atol=1e-7)


def test_has_spread_compares_and_does_not_measure():
    nearly = torch.tensor([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5 + 6e-8]])
    assert has_spread(nearly).tolist() == [False, True]
