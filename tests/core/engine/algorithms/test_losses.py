"""The surrogate: clip, dual clip and clip statistics, against loops over single tokens and by hand. Sizes: R 2, B 3, G 4, T 5."""

import math

import pytest
import torch

from core.engine.algorithms.losses import AGGREGATIONS, aggregate, policy_loss
from tests.core.engine.algorithms.loss_cases import MAX_TOKENS, SHAPE, loss_by_loop, random_case, settings
from tests.support import assert_close


def test_hand_numbers_of_the_surrogate():
    # ratio 1.5, A 2, ceiling 1.28: -2 · 1.28 = -2.56.    ratio 1.5, A -2: max(3, 2.56) = 3 (not clipped).
    # ratio 0.5, A 2: max(-1, -1.6) = -1 (not clipped).   ratio 0.5, A -2: max(1, 1.6) = 1.6.     Mean .26.
    ratio = torch.tensor([1.5, 1.5, 0.5, 0.5], dtype=torch.float64).view(1, 4, 1, 1)
    advantages = torch.tensor([2.0, -2.0, 2.0, -2.0], dtype=torch.float64).view(1, 4, 1)
    mask = torch.ones(1, 4, 1, 1, dtype=torch.bool)
    singles = [
        policy_loss(ratio[:, [i]].log(), torch.zeros(1, 1, 1, 1), advantages[:, [i]], mask[:, [i]], **settings("token_mean"))[0]
        for i in range(4)
    ]
    assert [x.item() for x in singles] == pytest.approx([-2.56, 3.0, -1.0, 1.6], rel=1e-9)
    whole, _ = policy_loss(ratio.log(), torch.zeros(1, 4, 1, 1), advantages, mask, **settings("token_mean"))
    assert whole.item() == pytest.approx((-2.56 + 3.0 - 1.0 + 1.6) / 4, rel=1e-9)


@pytest.mark.parametrize("dual_clip", [None, 1.3])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_policy_loss_equals_a_loop_per_replica(aggregation, dual_clip):
    case = random_case()
    found, _ = policy_loss(*case, **settings(aggregation), dual_clip=dual_clip)
    assert found.shape == (2,)
    for r in range(2):
        assert found[r].item() == pytest.approx(loss_by_loop(*case, aggregation, r, dual_clip), rel=1e-9)


@pytest.mark.parametrize(
    ("advantage", "ratio", "stopped"),
    [(1.0, 1.5, True), (1.0, 0.5, False), (-1.0, 1.5, False), (-1.0, 0.5, True)],
    ids=["good-above", "good-below", "bad-above", "bad-below"],
)
def test_clipping_stops_the_gradient_on_the_right_side_only(advantage, ratio, stopped):
    logprobs = torch.tensor(math.log(ratio)).view(1, 1, 1, 1).requires_grad_()
    mask = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    loss, _ = policy_loss(logprobs, torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1), advantage), mask, **settings("token_mean"))
    loss.sum().backward()
    # Not stopped: d(-A r)/d log π = -A r.
    assert logprobs.grad.item() == pytest.approx(0.0 if stopped else -advantage * ratio, rel=1e-6, abs=0)


def test_an_undetached_ratio_has_gradient_exactly_zero_and_a_detached_one_is_reinforce():
    new, _, advantages, mask = random_case()
    (undetached,) = torch.autograd.grad(policy_loss(new, new, advantages, mask, **settings("token_mean"))[0].sum(), new)
    assert undetached.eq(0).all()
    (detached,) = torch.autograd.grad(policy_loss(new, new.detach(), advantages, mask, **settings("token_mean"))[0].sum(), new)
    surrogate = -(torch.where(mask, new * advantages[..., None], 0.0).sum((1, 2, 3)) / mask.sum((1, 2, 3))).sum()
    (reinforce,) = torch.autograd.grad(surrogate, new)
    assert_close(detached, reinforce, rtol=1e-12, atol=0)
    assert reinforce.abs().max() > 0


def test_eps_per_replica_and_per_completion_equal_the_scalar_path():
    new, old, advantages, mask = random_case()
    lows, highs = (0.1, 0.3), (0.15, 0.4)
    scalar = [
        policy_loss(
            new[[r]],
            old[[r]],
            advantages[[r]],
            mask[[r]],
            **(settings("sequence_mean") | {"eps_low": lows[r], "eps_high": highs[r]}),
        )
        for r in range(2)
    ]
    per_replica = {"eps_low": torch.tensor(lows, dtype=torch.float64), "eps_high": torch.tensor(highs, dtype=torch.float64)}
    per_completion = {name: eps[:, None, None].expand(SHAPE[:3]) for name, eps in per_replica.items()}
    mixed = {"eps_low": per_replica["eps_low"], "eps_high": per_completion["eps_high"]}
    for eps in (per_replica, per_completion, mixed):
        loss, stats = policy_loss(new, old, advantages, mask, **(settings("sequence_mean") | eps))
        for r in range(2):
            assert_close(loss[r], scalar[r][0][0], rtol=1e-12, atol=0)
            assert stats.clipped_low[r] == scalar[r][1].clipped_low[0]
            assert stats.clipped_high[r] == scalar[r][1].clipped_high[0]
    assert len({(s.clipped_low.item(), s.clipped_high.item()) for _, s in scalar}) == 2  # the widths do matter here


def test_eps_of_one_completion_moves_no_other():
    # Two completions, both at ratio 1.5 with A 1: ceilings 1.2 and 2 (never reached) give -(1.2 + 1.5) / 2.
    mask = torch.ones(1, 1, 2, 1, dtype=torch.bool)
    high = torch.tensor([[[0.2, 1.0]]])
    loss, stats = policy_loss(
        torch.full((1, 1, 2, 1), math.log(1.5)),
        torch.zeros(1, 1, 2, 1),
        torch.ones(1, 1, 2),
        mask,
        eps_low=0.2,
        eps_high=high,
        aggregation="token_mean",
    )
    assert loss.item() == pytest.approx(-1.35, rel=1e-6)
    assert stats.clipped_high.tolist() == [1]


def test_the_log_ratio_is_clamped_to_plus_minus_20():
    mask = torch.ones(1, 1, 2, 1, dtype=torch.bool)
    new = torch.tensor([50.0, -50.0], dtype=torch.float64).view(1, 1, 2, 1).requires_grad_()
    advantages = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(1, 1, 2)  # the sides on which nothing else clips
    loss, stats = policy_loss(new, torch.zeros(1, 1, 2, 1), advantages, mask, **settings("token_mean"))
    # (e^20 - e^-20) / 2
    assert loss.item() == pytest.approx((math.exp(20) - math.exp(-20)) / 2, rel=1e-12)
    assert stats.ratio_max.item() == pytest.approx(math.exp(20), rel=1e-12)
    (gradient,) = torch.autograd.grad(loss.sum(), new)
    assert gradient.eq(0).all()


def test_extra_is_added_per_token_before_aggregation():
    new, old, advantages, mask = random_case()
    extra = torch.randn(SHAPE, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    for aggregation in AGGREGATIONS:
        plain, _ = policy_loss(new, old, advantages, mask, **settings(aggregation))
        with_extra, _ = policy_loss(new, old, advantages, mask, **settings(aggregation), extra=extra)
        expected = plain + aggregate(extra, mask, aggregation, max_tokens=MAX_TOKENS)
        assert_close(with_extra, expected, rtol=1e-12, atol=0)


def test_dual_clip_bounds_the_loss_of_bad_tokens_only_by_hand():
    # c 3: A -1 at ratio 5 costs min(5, 3) = 3 with no gradient; at ratio 2 it costs 2. A 1 at ratio 5 costs -1.28 as ever.
    new = torch.tensor([5.0, 2.0, 5.0]).log().view(1, 1, 3, 1).requires_grad_()
    mask = torch.ones(1, 1, 3, 1, dtype=torch.bool)
    advantages = torch.tensor([[[-1.0, -1.0, 1.0]]])
    loss, _ = policy_loss(new, torch.zeros(1, 1, 3, 1), advantages, mask, **settings("token_mean"), dual_clip=3.0)
    assert loss.item() == pytest.approx((3 + 2 - 1.28) / 3, rel=1e-6)
    (gradient,) = torch.autograd.grad(loss.sum(), new)
    assert_close(gradient.flatten(), torch.tensor([0.0, 2 / 3, 0.0]), rtol=1e-6, atol=0)


def test_clip_stats_by_hand():
    # Completion 1 (A 1), ratios 1.5, 1.25, 0.5, old probabilities .1, .2, .3: only 1.5 > 1.28 is clipped; .5 below is not.
    # Completion 2 (A -1), ratios 1.5, 0.7, masked 0.1: only 0.7 < 0.8 is clipped.
    # Completion 3 (A 0), ratios 1.6, 0.5, 0.5: A = 0 has no gradient to stop; but 1.6 is the largest ratio.
    ratio = torch.tensor([[1.5, 1.25, 0.5], [1.5, 0.7, 0.1], [1.6, 0.5, 0.5]])[None, None]
    old = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.1, 0.1, 0.1]]).log()[None, None]
    mask = torch.ones_like(ratio, dtype=torch.bool)
    mask[0, 0, 1, 2] = False
    new = (old + ratio.log()).requires_grad_()
    _, stats = policy_loss(new, old, torch.tensor([[[1.0, -1.0, 0.0]]]), mask, **settings("token_mean"))
    assert stats.tokens.tolist() == [8]
    assert stats.clipped_high.tolist() == [1]
    assert stats.clipped_low.tolist() == [1]
    assert stats.upclipped_prob.item() == pytest.approx(0.1, rel=1e-5)
    assert stats.ratio_max.item() == pytest.approx(1.6, rel=1e-5)
    assert not stats.ratio_max.requires_grad and not stats.upclipped_prob.requires_grad


def test_clip_stats_equal_a_loop():
    new, old, advantages, mask = random_case(3)
    _, stats = policy_loss(new, old, advantages, mask, **settings("token_mean"))
    for r in range(2):
        low = high = tokens = 0
        prob, largest = 0.0, -math.inf
        for at in mask[r].nonzero().tolist():
            ratio = math.exp(new[(r, *at)].item() - old[(r, *at)].item())
            advantage = advantages[(r, *at[:2])].item()
            tokens, largest = tokens + 1, max(largest, ratio)
            low += advantage < 0 and ratio < 0.8
            if advantage > 0 and ratio > 1.28:
                high, prob = high + 1, prob + math.exp(old[(r, *at)].item())
        assert low > 0 and high > 0
        assert (stats.tokens[r], stats.clipped_low[r], stats.clipped_high[r]) == (tokens, low, high)
        assert stats.upclipped_prob[r].item() == pytest.approx(prob, rel=1e-9)
        assert stats.ratio_max[r].item() == pytest.approx(largest, rel=1e-9)
