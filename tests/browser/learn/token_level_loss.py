"""Token-level loss."""

from __future__ import annotations

import torch

from core.engine.algorithms.losses import aggregate, aggregation_denominator
from pages.shared.learn.numbers.token_level_loss import mask_of, weights
from tests.browser.learn import Case, Drag

FIRST = [24, 3, 12, 5, 30, 4, 8, 10]
GROUPS = [[4, 20], [2, 32], [7, 7, 7], [1, 1], FIRST]
MODES = ("sequence_mean", "token_mean", "constant")


def piece_weights(lengths: list[int], size: int, shared: bool) -> list[float]:
    """The gradient of a token mean taken in pieces, in one token of each completion."""
    mask = mask_of(lengths)
    losses = torch.zeros(mask.shape, dtype=torch.float64, requires_grad=True)
    starts = range(0, len(lengths), size)
    denominator = aggregation_denominator(mask, "token_mean") if shared else None
    pieces = [aggregate(losses[:, s : s + size], mask[:, s : s + size], "token_mean", denominator=denominator) for s in starts]
    (sum(pieces) if shared else sum(pieces) / len(pieces)).backward()
    return losses.grad[0, :, 0].tolist()


CASES = [
    *(Case("tokenWeights", [g, mode, 32], weights(g, mode, 32)) for g in GROUPS for mode in MODES),
    *(
        Case("pieceWeights", [FIRST, n, shared], piece_weights(FIRST, n, shared))
        for n in (8, 4, 2, 1)
        for shared in (True, False)
    ),
    *(Case("pieceWeights", [[5, 9, 2], 2, shared], piece_weights([5, 9, 2], 2, shared)) for shared in (True, False)),
    Case("pieceWeights", [FIRST, 1, False], weights(FIRST, "sequence_mean")),  # the silent change: exactly the sequence mean
]


def pair(state: dict) -> list[float]:
    return weights([state["short"], state["long"]], state["mode"], 32)


def push(state: dict) -> float:
    """In per cent of what a token of eight gets."""
    now, before = (weights([n, *[8] * 7], state["mode"], 128)[0] for n in (state["length"], 8))
    return 100 * now / before


def spread(state: dict) -> float:
    found = piece_weights([state[f"l{i}"] for i in range(1, 9)], state["size"], state["shared"])
    return max(found) / min(found)


DRAGS = [
    Drag("weights", "long", (140, 0), "ratio", lambda s: pair(s)[0] / pair(s)[1]),
    Drag("weights", "short", (60, 0), "short_token", lambda s: 100 * pair(s)[0]),
    Drag("nonsense", "length", (200, 0), "token", push),
    Drag("nonsense", "length", (-20, 0), "token", push),
    Drag("pieces", "l2", (0, -70), "spread", spread),
    Drag("pieces", "l5", (0, 60), "spread", spread),
]
