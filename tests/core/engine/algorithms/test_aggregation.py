"""How a loss per token becomes one number: against the published formulas of verl and TRL, written out below, and by hand."""

import math

import pytest
import torch

from core.engine.algorithms.losses import AGGREGATIONS, aggregate, aggregation_denominator, policy_loss
from tests.core.engine.algorithms.loss_cases import EPS, MAX_TOKENS, SHAPE, random_case, settings
from tests.support import assert_close


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
        assert_close(found[r], published(flat, mask[r].flatten(0, 1).double()), rtol=1e-6, atol=0)


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
        assert_close(found[r], verl_token_mean(flat, mask[r].flatten(0, 1).double()), rtol=1e-6, atol=0)


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
    assert_close(shared, whole, rtol=1e-6, atol=1e-12)
    assert not torch.allclose(means, whole, rtol=1e-2, atol=0)
    for name in ("tokens", "clipped_low", "clipped_high", "upclipped_prob", "ratio_max"):
        assert_close(getattr(stats, name), getattr(whole_stats, name), rtol=1e-12, atol=0)


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
