"""The one loss path of all algorithms: ratio, clip, dual clip, aggregation, KL estimators."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LOG_RATIO_LIMIT = 20.0  # as verl: exp(20) is the largest ratio that can appear
AGGREGATIONS = ("sequence_mean", "token_mean", "constant")


@dataclass(frozen=True)
class ClipStats:
    """Statistics of the clip, per leading index (…): sums over real tokens, so that micro-batches can be added up. No gradient."""

    tokens: Tensor  # real tokens
    clipped_low: Tensor  # tokens with A < 0 and ratio < 1 - eps_low
    clipped_high: Tensor  # tokens with A > 0 and ratio > 1 + eps_high
    upclipped_prob: Tensor  # sum of old probabilities over the clipped_high tokens
    ratio_max: Tensor  # largest ratio; -inf without tokens

    def plus(self, other: ClipStats) -> ClipStats:
        return ClipStats(
            self.tokens + other.tokens,
            self.clipped_low + other.clipped_low,
            self.clipped_high + other.clipped_high,
            self.upclipped_prob + other.upclipped_prob,
            torch.maximum(self.ratio_max, other.ratio_max),
        )


def policy_loss(
    logprobs: Tensor,
    old_logprobs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    *,
    eps_low: float | Tensor,
    eps_high: float | Tensor,
    aggregation: str,
    dual_clip: float | None = None,
    max_tokens: int | None = None,
    denominator: Tensor | None = None,
    extra: Tensor | None = None,
) -> tuple[Tensor, ClipStats]:
    """Clipped surrogate loss, (…, B, G, T) with advantages (…, B, G) -> (loss (…), ClipStats).

    Per token: max(-A r, -A clip(r, 1 - eps_low, 1 + eps_high)), r = exp(logprobs - old_logprobs) with the log-ratio clamped to ±20;
    GRPO Eq. 5, DAPO Eq. 8 and 10 (the numbering of the DAPO paper). With `dual_clip` c the loss of a token with A < 0 is at most -A c.
    `eps_low`, `eps_high`: a number, one per leading index (…), or one per completion (…, B, G).
    `extra` (…, B, G, T) is added per token before aggregation (a KL penalty, an entropy bonus). `denominator` and `max_tokens`: see
    `aggregate`. `old_logprobs` are used as given: pass them without a graph, or the ratio's gradient is exactly 0.
    """
    log_ratio = (logprobs - old_logprobs).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)
    ratio = log_ratio.exp()
    per_token = advantages[..., None]
    low = 1 - _per_token(eps_low, advantages)
    high = 1 + _per_token(eps_high, advantages)
    loss = torch.maximum(-per_token * ratio, -per_token * _clamp(ratio, low, high))
    if dual_clip is not None:
        loss = torch.where(per_token < 0, torch.minimum(loss, -per_token * dual_clip), loss)
    if extra is not None:
        loss = loss + extra
    value = aggregate(loss, mask, aggregation, max_tokens=max_tokens, denominator=denominator)
    return value, _clip_stats(ratio.detach(), old_logprobs.detach(), per_token, mask, low, high)


def aggregate(
    values: Tensor, mask: Tensor, aggregation: str, *, max_tokens: int | None = None, denominator: Tensor | None = None
) -> Tensor:
    """Per-token values (…, B, G, T) -> one number per leading index (…). Tokens outside `mask` have no weight.

    sequence_mean: mean over completions of the mean over their tokens (GRPO Eq. 5). token_mean: sum over tokens ÷ number of tokens
    (DAPO Eq. 8 and 12, over the tokens of the whole update batch). constant: sum ÷ (completions · max_tokens) (Dr. GRPO).
    Completions without any token are not counted. `denominator` (…) overrides the count: a micro-batch passes the one of its whole
    update, `aggregation_denominator`, so that the parts add up to the whole. Without any token the result is 0.
    """
    sums = torch.where(mask, values, 0.0)
    if aggregation == "sequence_mean":
        sums = sums.sum(-1) / mask.sum(-1).clamp(min=1)
        total = sums.sum((-1, -2))
    else:
        total = sums.sum((-1, -2, -3))
    if denominator is None:
        denominator = aggregation_denominator(mask, aggregation, max_tokens=max_tokens)
    return total / denominator.clamp(min=1)


def aggregation_denominator(mask: Tensor, aggregation: str, *, max_tokens: int | None = None) -> Tensor:
    """What `aggregate` divides by, per leading index (…), float. ValueError for an unknown aggregation."""
    if aggregation == "token_mean":
        return mask.sum((-1, -2, -3)).float()
    sequences = mask.any(-1).sum((-1, -2)).float()
    if aggregation == "sequence_mean":
        return sequences
    if aggregation == "constant":
        if max_tokens is None:
            raise ValueError("aggregation 'constant' divides by max_tokens; pass it")
        return sequences * max_tokens
    raise ValueError(f"loss_aggregation must be one of {', '.join(AGGREGATIONS)}, got {aggregation!r}")


def kl_estimate(logprobs: Tensor, base_logprobs: Tensor, estimator: str) -> Tensor:
    """Per-token estimate of KL(policy || base) from sampled tokens, same shape. With d = logprobs - base_logprobs:
    k1 = d (as a loss its expected gradient is 0), k2 = d²/2, k3 = exp(-d) + d - 1 (never negative; the default of verl and TRL)."""
    d = logprobs - base_logprobs
    if estimator == "k1":
        return d
    if estimator == "k2":
        return 0.5 * d.square()
    if estimator == "k3":
        return (-d).clamp(max=LOG_RATIO_LIMIT).exp() + d - 1
    raise ValueError(f"kl_estimator must be one of k1, k2, k3, got {estimator!r}")


def _per_token(eps: float | Tensor, advantages: Tensor) -> float | Tensor:
    """eps as it broadcasts against (…, B, G, T)."""
    if not isinstance(eps, Tensor) or eps.ndim == 0:
        return eps
    if eps.ndim == advantages.ndim:
        return eps[..., None]
    return eps[..., None, None, None]


def _clamp(ratio: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return torch.minimum(
            torch.maximum(ratio, torch.as_tensor(low, dtype=ratio.dtype)), torch.as_tensor(high, dtype=ratio.dtype)
        )
    return ratio.clamp(low, high)


@torch.no_grad()
def _clip_stats(ratio, old_logprobs, per_token, mask, low, high) -> ClipStats:
    over = mask & (per_token > 0) & (ratio > high)
    under = mask & (per_token < 0) & (ratio < low)
    axes = (-1, -2, -3)
    return ClipStats(
        mask.sum(axes),
        under.sum(axes),
        over.sum(axes),
        torch.where(over, old_logprobs.exp(), 0.0).sum(axes),
        torch.where(mask, ratio, -torch.inf).amax(axes),
    )
