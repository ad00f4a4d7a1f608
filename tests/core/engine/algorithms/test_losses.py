"""The loss path: clip, aggregation, dual clip, KL estimators and clip statistics.

Checked against loops, against the published formulas of verl and TRL written out below, and by hand. Sizes: R 2, B 3, G 4, T 5.
"""

import math

import pytest
import torch
from torch import Tensor

from core.engine.algorithms.losses import AGGREGATIONS, aggregate, aggregation_denominator, kl_estimate, policy_loss

SHAPE = (2, 3, 4, 5)
MAX_TOKENS = 7  # not T
EPS = {"eps_low": 0.2, "eps_high": 0.28}


def random_case(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """logprobs with gradient, old_logprobs, advantages and a mask with one fully masked completion per replica, float64."""
    generator = torch.Generator().manual_seed(seed)
    old = -torch.rand(SHAPE, generator=generator, dtype=torch.float64) - 0.1
    new = (old + 0.4 * torch.randn(SHAPE, generator=generator, dtype=torch.float64)).requires_grad_()
    advantages = torch.randn(SHAPE[:3], generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, SHAPE[3] + 1, SHAPE[:3], generator=generator)
    lengths[:, 1, 2] = 0
    return new, old, advantages, torch.arange(SHAPE[3]) < lengths[..., None]


def token_loss(new: float, old: float, advantage: float, eps_low: float, eps_high: float, dual_clip: float | None) -> float:
    ratio = math.exp(max(-20.0, min(20.0, new - old)))
    clipped = max(1 - eps_low, min(1 + eps_high, ratio))
    loss = max(-advantage * ratio, -advantage * clipped)
    return min(loss, -advantage * dual_clip) if dual_clip is not None and advantage < 0 else loss


def loss_by_loop(new, old, advantages, mask, aggregation, replica, dual_clip=None, eps_low=0.2, eps_high=0.28) -> float:
    sequences = []
    for b in range(new.shape[1]):
        for g in range(new.shape[2]):
            at = (replica, b, g)
            losses = [
                token_loss(new[(*at, t)].item(), old[(*at, t)].item(), advantages[at].item(), eps_low, eps_high, dual_clip)
                for t in range(new.shape[3])
                if mask[(*at, t)]
            ]
            if losses:
                sequences.append(losses)
    if aggregation == "token_mean":
        return sum(map(sum, sequences)) / sum(map(len, sequences))
    if aggregation == "sequence_mean":
        return sum(sum(s) / len(s) for s in sequences) / len(sequences)
    return sum(map(sum, sequences)) / (len(sequences) * MAX_TOKENS)


def settings(aggregation: str) -> dict:
    return {**EPS, "aggregation": aggregation, "max_tokens": MAX_TOKENS}


# -- the surrogate -------------------------------------------------------------------------------------------------------------


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
    torch.testing.assert_close(detached, reinforce, rtol=1e-12, atol=0)
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
            torch.testing.assert_close(loss[r], scalar[r][0][0], rtol=1e-12, atol=0)
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
        torch.testing.assert_close(with_extra, expected, rtol=1e-12, atol=0)


# -- aggregation: verl's and TRL's formulas ------------------------------------------------------------------------------------
# Flat (M, T) tensors as those libraries have them, M sequences, L the horizon.


def verl_token_mean(loss, mask):
    return (loss * mask).sum() / mask.sum()


def verl_seq_mean_token_mean(loss, mask):
    length = mask.sum(-1)
    return ((loss * mask).sum(-1) / (length + 1e-8))[length > 0].mean()


def verl_seq_mean_token_sum_norm(loss, mask):
    return (loss * mask).sum(-1)[mask.sum(-1) > 0].mean() / MAX_TOKENS


def trl_grpo(loss, mask):
    return ((loss * mask).sum(-1) / mask.sum(-1).clamp(min=1)).mean()


def trl_bnpo(loss, mask):
    return (loss * mask).sum() / mask.sum().clamp(min=1)


def trl_dapo(loss, mask):
    items_in_batch = mask.sum()
    return (loss * mask).sum() / items_in_batch


def trl_dr_grpo(loss, mask):
    return (loss * mask).sum() / (len(loss) * MAX_TOKENS)


PUBLISHED = [
    ("token_mean", verl_token_mean),
    ("token_mean", trl_bnpo),
    ("token_mean", trl_dapo),
    ("sequence_mean", verl_seq_mean_token_mean),
    ("sequence_mean", trl_grpo),
    ("constant", verl_seq_mean_token_sum_norm),
    ("constant", trl_dr_grpo),
]


def trl_surrogate(new, old, advantages, delta=None):
    """TRL: -min(min(r, δ) A, clip(r) A), per token."""
    ratio = (new - old).exp()
    clipped = ratio.clamp(1 - EPS["eps_low"], 1 + EPS["eps_high"])
    if delta is not None:
        ratio = ratio.clamp(max=delta)
    return -torch.minimum(ratio * advantages[..., None], clipped * advantages[..., None])


@pytest.mark.parametrize(("aggregation", "published"), PUBLISHED, ids=[p.__name__ for _, p in PUBLISHED])
def test_agrees_with_the_published_formulas(aggregation, published):
    new, old, advantages, mask = random_case()
    if published.__name__.startswith("trl"):
        mask = mask | (torch.arange(SHAPE[3]) < 1)  # no fully masked completion: TRL would count it
    else:
        assert (~mask.any(-1)).any()
    found, _ = policy_loss(new, old, advantages, mask, **settings(aggregation))
    for r in range(2):
        flat = trl_surrogate(new[r], old[r], advantages[r]).flatten(0, 1)
        torch.testing.assert_close(found[r], published(flat, mask[r].flatten(0, 1).double()), rtol=1e-6, atol=0)


def test_fully_masked_completions_are_not_counted_as_in_verl_and_unlike_trl():
    # Half of the completions masked: TRL's loss is half of ours and verl's.
    loss = torch.ones(1, 2, 3, 5, dtype=torch.float64)
    mask = torch.ones_like(loss, dtype=torch.bool)
    mask[:, 1] = False
    flat = (loss[0].flatten(0, 1), mask[0].flatten(0, 1).double())
    assert aggregate(loss, mask, "sequence_mean").item() == pytest.approx(1.0, rel=1e-9)
    assert verl_seq_mean_token_mean(*flat).item() == pytest.approx(1.0, rel=1e-6)
    assert trl_grpo(*flat).item() == pytest.approx(0.5, rel=1e-9)
    # constant: 3 completions · 5 tokens / (3 · 7).
    assert aggregate(loss, mask, "constant", max_tokens=MAX_TOKENS).item() == pytest.approx(5 / 7, rel=1e-9)


@pytest.mark.parametrize("c", [1.28, 1.5, 2.0])
def test_dual_clip_at_or_above_the_ceiling_equals_trls_delta(c):
    new, old, advantages, mask = random_case()
    new = (3 * (new - old) + old).detach()
    found, _ = policy_loss(new, old, advantages, mask, **settings("token_mean"), dual_clip=c)
    without, _ = policy_loss(new, old, advantages, mask, **settings("token_mean"))
    assert (found < without).all()  # it does bind here
    for r in range(2):
        flat = trl_surrogate(new[r], old[r], advantages[r], c).flatten(0, 1)
        torch.testing.assert_close(found[r], verl_token_mean(flat, mask[r].flatten(0, 1).double()), rtol=1e-6, atol=0)


def test_dual_clip_bounds_the_loss_of_bad_tokens_only_by_hand():
    # c 3: A -1 at ratio 5 costs min(5, 3) = 3 with no gradient; at ratio 2 it costs 2. A 1 at ratio 5 costs -1.28 as ever.
    new = torch.tensor([5.0, 2.0, 5.0]).log().view(1, 1, 3, 1).requires_grad_()
    mask = torch.ones(1, 1, 3, 1, dtype=torch.bool)
    advantages = torch.tensor([[[-1.0, -1.0, 1.0]]])
    loss, _ = policy_loss(new, torch.zeros(1, 1, 3, 1), advantages, mask, **settings("token_mean"), dual_clip=3.0)
    assert loss.item() == pytest.approx((3 + 2 - 1.28) / 3, rel=1e-6)
    (gradient,) = torch.autograd.grad(loss.sum(), new)
    torch.testing.assert_close(gradient.flatten(), torch.tensor([0.0, 2 / 3, 0.0]), rtol=1e-6, atol=0)


def test_hand_numbers_of_the_aggregations():
    # Two completions: losses 1, 1, 1, 1 and 3. token_mean 7/5; sequence_mean (1 + 3)/2; constant 7/(2 · 7).
    values = torch.tensor([[1.0, 1.0, 1.0, 1.0], [3.0, 9.0, 9.0, 9.0]])[None, None]
    mask = torch.tensor([[True] * 4, [True, False, False, False]])[None, None]
    assert aggregate(values, mask, "token_mean").item() == pytest.approx(1.4, rel=1e-6)
    assert aggregate(values, mask, "sequence_mean").item() == pytest.approx(2.0, rel=1e-6)
    assert aggregate(values, mask, "constant", max_tokens=7).item() == pytest.approx(0.5, rel=1e-6)


def test_values_outside_the_mask_never_matter_not_even_nan():
    values = torch.full((1, 2, 2, 3), math.nan)
    values[..., 0] = 2.0
    mask = torch.zeros(1, 2, 2, 3, dtype=torch.bool)
    mask[..., 0] = True
    for aggregation in ("token_mean", "sequence_mean"):
        assert aggregate(values, mask, aggregation).item() == 2.0


def test_unknown_aggregation_and_missing_max_tokens_are_refused():
    values, mask = torch.ones(1, 1, 2, 3), torch.ones(1, 1, 2, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"sequence_mean, token_mean, constant, got 'mean'"):
        aggregate(values, mask, "mean")
    with pytest.raises(ValueError, match="pass it"):
        aggregate(values, mask, "constant")


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_without_any_token_the_loss_is_zero_and_its_gradient_finite(aggregation):
    new, old, advantages, mask = random_case()
    loss, stats = policy_loss(new, old, advantages, torch.zeros_like(mask), **settings(aggregation))
    assert loss.eq(0).all()
    (gradient,) = torch.autograd.grad(loss.sum(), new)
    assert gradient.eq(0).all()
    assert stats.tokens.tolist() == [0, 0] and stats.clipped_high.tolist() == [0, 0]
    assert stats.ratio_max.eq(-math.inf).all()


# -- micro-batches -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_micro_batches_with_one_denominator_add_up_to_the_whole_gradient(aggregation):
    new, old, advantages, mask = random_case()
    mask[:, 0] &= torch.arange(5) < 1  # unequal pieces, or the mean of means would be right by luck
    whole_loss, whole_stats = policy_loss(new, old, advantages, mask, **settings(aggregation))
    (whole,) = torch.autograd.grad(whole_loss.sum(), new)
    denominator = aggregation_denominator(mask, aggregation, max_tokens=MAX_TOKENS)
    shared, means, stats = torch.zeros_like(new), torch.zeros_like(new), None
    for at in range(SHAPE[1]):
        piece = (new[:, [at]], old[:, [at]], advantages[:, [at]], mask[:, [at]])
        loss, piece_stats = policy_loss(*piece, **settings(aggregation), denominator=denominator)
        own_loss, _ = policy_loss(*piece, **settings(aggregation))
        shared += torch.autograd.grad(loss.sum(), new, retain_graph=True)[0]
        means += torch.autograd.grad(own_loss.sum(), new)[0] / SHAPE[1]
        stats = piece_stats if stats is None else stats.plus(piece_stats)
    torch.testing.assert_close(shared, whole, rtol=1e-6, atol=1e-12)
    assert not torch.allclose(means, whole, rtol=1e-2, atol=0)
    for name in ("tokens", "clipped_low", "clipped_high", "upclipped_prob", "ratio_max"):
        torch.testing.assert_close(getattr(stats, name), getattr(whole_stats, name), rtol=1e-12, atol=0)


def test_ten_tokens_of_loss_1_and_ninety_of_loss_0_average_to_a_tenth_not_a_half():
    values = torch.zeros(1, 2, 1, 90)
    mask = torch.ones(1, 2, 1, 90, dtype=torch.bool)
    values[:, 0], mask[:, 0, :, 10:] = 1.0, False
    denominator = aggregation_denominator(mask, "token_mean")
    pieces = [(values[:, [i]], mask[:, [i]]) for i in range(2)]
    assert denominator.tolist() == [100.0]
    assert sum(aggregate(*p, "token_mean", denominator=denominator).item() for p in pieces) == pytest.approx(0.10, rel=1e-6)
    assert sum(aggregate(*p, "token_mean").item() for p in pieces) / 2 == pytest.approx(0.50, rel=1e-6)
    assert aggregate(values, mask, "token_mean").item() == pytest.approx(0.10, rel=1e-6)


# -- clip statistics -----------------------------------------------------------------------------------------------------------


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


# -- KL estimators -------------------------------------------------------------------------------------------------------------


def test_kl_estimators_by_hand():
    # d = log(.5/.25) = .693147: k1 = d, k2 = d²/2 = .240227, k3 = .5 + d - 1 = .193147.
    logprobs, base = torch.tensor(0.5).log(), torch.tensor(0.25).log()
    assert kl_estimate(logprobs, base, "k1").item() == pytest.approx(0.693147, rel=1e-5)
    assert kl_estimate(logprobs, base, "k2").item() == pytest.approx(0.240227, rel=1e-5)
    assert kl_estimate(logprobs, base, "k3").item() == pytest.approx(0.193147, rel=1e-5)
    # The other way round, d = -.693147: k3 = 2 - .693147 - 1 = .306853.
    assert kl_estimate(base, logprobs, "k3").item() == pytest.approx(0.306853, rel=1e-5)


def categorical() -> tuple[Tensor, Tensor]:
    logits = torch.tensor([0.3, -1.0, 0.8, 0.1], dtype=torch.float64, requires_grad=True)
    return logits, torch.log_softmax(torch.tensor([-0.5, 0.4, 0.2, 1.0], dtype=torch.float64), 0)


def expected_gradient(estimator: str) -> Tensor:
    """E over tokens drawn from the policy (the draw has no gradient) of the estimate's gradient."""
    logits, base = categorical()
    logprobs = torch.log_softmax(logits, 0)
    return torch.autograd.grad((logprobs.detach().exp() * kl_estimate(logprobs, base, estimator)).sum(), logits)[0]


def kl_gradient(direction: str) -> Tensor:
    logits, base = categorical()
    own = torch.log_softmax(logits, 0)
    first, second = (own, base) if direction == "policy||base" else (base, own)
    return torch.autograd.grad((first.exp() * (first - second)).sum(), logits)[0]


def test_k1_as_a_loss_has_expected_gradient_zero():
    torch.testing.assert_close(expected_gradient("k1"), torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-15)


def test_k2_as_a_loss_has_the_gradient_of_kl_policy_base():
    torch.testing.assert_close(expected_gradient("k2"), kl_gradient("policy||base"), rtol=1e-12, atol=1e-15)


def test_k3_as_a_loss_has_the_gradient_of_kl_base_policy():
    torch.testing.assert_close(expected_gradient("k3"), kl_gradient("base||policy"), rtol=1e-12, atol=1e-15)
    assert (kl_gradient("base||policy") - kl_gradient("policy||base")).abs().max() > 0.01


def test_k1_and_k3_are_unbiased_for_the_value_and_k2_is_not():
    logits, base = categorical()
    own = torch.log_softmax(logits, 0).detach()
    kl = (own.exp() * (own - base)).sum().item()
    value = {k: (own.exp() * kl_estimate(own, base, k)).sum().item() for k in ("k1", "k2", "k3")}
    assert value["k1"] == pytest.approx(kl, rel=1e-12)
    assert value["k3"] == pytest.approx(kl, rel=1e-12)
    assert value["k2"] != pytest.approx(kl, rel=1e-2)


def test_k3_is_never_negative_and_stays_finite():
    d = torch.linspace(-60, 60, 241, dtype=torch.float64)
    found = kl_estimate(d, torch.zeros_like(d), "k3")
    assert found.min() >= 0
    assert torch.isfinite(kl_estimate(torch.tensor([-200.0]), torch.zeros(1), "k3")).all()


def test_an_unknown_estimator_is_refused():
    with pytest.raises(ValueError, match="k1, k2, k3, got 'k4'"):
        kl_estimate(torch.zeros(1), torch.zeros(1), "k4")
