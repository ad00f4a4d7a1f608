"""Cases for the tests of the losses, and the surrogate as a loop over single tokens. Sizes: R 2, B 3, G 4, T 5."""

import math

import torch
from torch import Tensor

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
