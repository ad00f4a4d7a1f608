"""Soft overlong punishment (DAPO Eq. 13) at its corners, and what it does to a group that is all wrong."""

import pytest
import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.shaping import overlong_penalty
from tests.support import assert_close


def equation_13(length: int, max_tokens: int, buffer_tokens: int) -> float:
    if length <= max_tokens - buffer_tokens:
        return 0.0
    if length <= max_tokens:
        return ((max_tokens - buffer_tokens) - length) / buffer_tokens
    return -1.0


def test_the_papers_numbers_20480_and_4096():
    # Free up to 20480 - 4096 = 16384; halfway 18432 costs 2048/4096; the limit 20480 costs 1; 24576 beyond it still costs 1, not 2.
    lengths = torch.tensor([1, 16384, 16385, 18432, 20480, 24576])
    found = overlong_penalty(lengths, max_tokens=20480, buffer_tokens=4096)
    assert_close(found, torch.tensor([0.0, 0.0, -1 / 4096, -0.5, -1.0, -1.0]), rtol=1e-6, atol=0)


@pytest.mark.parametrize(("max_tokens", "buffer_tokens"), [(12, 4), (5, 5), (9, 1)])
def test_equals_equation_13_at_every_length(max_tokens, buffer_tokens):
    lengths = torch.arange(0, max_tokens + 3)
    expected = torch.tensor([equation_13(n, max_tokens, buffer_tokens) for n in lengths.tolist()])
    found = overlong_penalty(lengths, max_tokens=max_tokens, buffer_tokens=buffer_tokens)
    assert_close(found, expected, rtol=1e-6, atol=0)


def test_penalty_scales_the_ramp():
    # L_max 12, buffer 4: length 10 is halfway, so 0.5 · 0.5.
    found = overlong_penalty(torch.tensor([[8, 9], [10, 12]]), max_tokens=12, buffer_tokens=4, penalty=0.5)
    assert_close(found, torch.tensor([[0.0, -0.125], [-0.25, -0.5]]), rtol=1e-6, atol=0)


@pytest.mark.parametrize("buffer_tokens", [0, -1, 13])
def test_a_buffer_outside_1_to_max_tokens_is_refused(buffer_tokens):
    with pytest.raises(ValueError, match=rf"overlong_buffer_tokens must be between 1 and max_tokens = 12, got {buffer_tokens}"):
        overlong_penalty(torch.tensor([3]), max_tokens=12, buffer_tokens=buffer_tokens)


def test_an_all_wrong_group_learns_to_be_short_from_the_shaped_reward():
    # Rewards -1, lengths 10, 95, 100, 40 of 100 with a buffer of 20: penalties 0, -0.75, -1, 0.
    # Shaped -1, -1.75, -2, -1: mean -1.4375, squared deviations .19141 + .09766 + .31641 + .19141 = .79688, ÷ 3 = .26563, std .51539.
    # A = .4375/.51539 = .8489, -.3125/.51539 = -.6063, -.5625/.51539 = -1.0914, .8489.
    raw = torch.full((4,), -1.0)
    shaped = raw + overlong_penalty(torch.tensor([10, 95, 100, 40]), max_tokens=100, buffer_tokens=20)
    assert_close(group_advantages(shaped), torch.tensor([0.8489, -0.6063, -1.0914, 0.8489]), rtol=1e-4, atol=0)
    assert group_advantages(raw).eq(0).all()
