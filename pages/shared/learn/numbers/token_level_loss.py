"""Numbers in the text of *Token-level loss*: what `aggregate` weighs a token with is the gradient of its result in that token's loss."""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.algorithms.losses import aggregate


def mask_of(lengths: list[int]) -> Tensor:
    """bool (1, n, T): one group of completions of these lengths."""
    return (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None])[None]


def weights(lengths: list[int], aggregation: str, max_tokens: int | None = None) -> list[float]:
    """The weight of one token of each completion."""
    mask = mask_of(lengths)
    losses = torch.zeros(mask.shape, dtype=torch.float64, requires_grad=True)
    aggregate(losses, mask, aggregation, max_tokens=max_tokens).backward()
    return losses.grad[0, :, 0].tolist()


def ratio_in_sequence_mean(short: float, long: float) -> float:
    """How much more a token of the short completion counts than one of the long."""
    found = weights([int(short), int(long)], "sequence_mean")
    return found[0] / found[1]


def ratio_in_token_mean(short: float, long: float) -> float:
    found = weights([int(short), int(long)], "token_mean")
    return found[0] / found[1]


def share_of_long(short: float, long: float) -> float:
    """The share of the long completion as a whole under the token mean."""
    return weights([int(short), int(long)], "token_mean")[1] * int(long)


def push(length: float, before: float) -> float:
    """The gradient of a token of a wrong completion of `length` tokens under the sequence mean, as a multiple of that for `before`
    tokens."""
    others = [8] * 7
    return weights([int(length), *others], "sequence_mean")[0] / weights([int(before), *others], "sequence_mean")[0]


def exact_loss(short: float, long: float) -> float:
    """Token mean of a short completion whose tokens have loss 1 and a long one whose tokens have loss 0."""
    return float(aggregate(_losses(short, long), mask_of([int(short), int(long)]), "token_mean"))


def averaged_loss(short: float, long: float) -> float:
    """The mean of the token means of the two completions, each a micro-batch with a denominator of its own."""
    losses, mask = _losses(short, long), mask_of([int(short), int(long)])
    return sum(float(aggregate(losses[:, i : i + 1], mask[:, i : i + 1], "token_mean")) for i in (0, 1)) / 2


def _losses(short: float, long: float) -> Tensor:
    losses = torch.zeros(1, 2, int(max(short, long)))
    losses[0, 0] = 1.0
    return losses
