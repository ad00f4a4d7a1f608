"""How sequences are packed into blocks, so that attention is a few matrix products of a useful size.

A completion of the arithmetic task is five tokens long, and a product of 5 x 8 matrices costs more to start than to compute. So the tokens
of several completions, and where they are few of several prompts, form one block of about BLOCK_TOKENS tokens with one mask: a token
attends to its own prompt and to the earlier tokens of its own completion. The masked part of a block is computed although it is not used;
this is cheap. The completions of a block share their prompt's tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

BLOCK_TOKENS = 32
MAX_GROUP = 8  # completions that share a prompt inside a block


@dataclass(frozen=True)
class Packing:
    """n blocks of L tokens each. The order inside a block: its prompts without their last token, their last tokens, its completions.
    Prompts of larger groups are packed `copies` times, each time with a part of the group."""

    copies: int
    blocks: int
    mask: Tensor  # (L, L): 0 where the row's token may attend to the column's, -inf elsewhere
    positions: Tensor  # (L,) int64
    start: int  # tokens from here on predict something: the last ones of the prompts and all of the completions
    place: Tensor  # (B, G, T) int64: where in the n·(L-start) predicting tokens each completion token is predicted

    def ids(self, text: Tensor, inputs: Tensor) -> Tensor:
        """prompts (R, B, P) and completion inputs (R, B, G, T-1) -> (R, n·L) tokens in the order of the blocks."""
        shape = (len(text), self.blocks, -1)
        text = text.repeat_interleave(self.copies, 1)
        parts = (text[..., :-1].reshape(shape), text[..., -1].reshape(shape), inputs.reshape(shape))
        return torch.cat(parts, 2).flatten(1)

    def split_prompts(self, values: Tensor) -> Tensor:
        """Of blocks without completions: (…, L, d) -> (…, prompts of the block, P, d)."""
        count = values.shape[-2] - self.start
        first, last = values.split([self.start, count], -2)
        return torch.cat((first.unflatten(-2, (count, -1)), last[..., None, :]), -2)


@lru_cache(maxsize=64)
def packing(count: int, group: int, prompt: int, inputs: int) -> Packing:
    """For `count` prompts of `prompt` tokens with `group` completions of `inputs` tokens each."""
    part = _divisor(group, MAX_GROUP)
    copies = group // part
    together = _divisor(count * copies, BLOCK_TOKENS // (prompt + part * inputs))
    blocks = count * copies // together
    owner, sequence, position = _labels(together, part, prompt, inputs)
    seen = (owner[:, None] == owner) & (position[:, None] >= position) & ((sequence == -1) | (sequence[:, None] == sequence))
    start = together * (prompt - 1)
    place = _places(blocks, together, part, inputs).view(count, group, inputs + 1)
    return Packing(copies, blocks, torch.zeros(seen.shape).masked_fill_(~seen, -torch.inf), position, start, place)


def _divisor(number: int, limit: int) -> int:
    """The largest divisor of `number` that is at most `limit`, or 1."""
    return next((k for k in range(min(limit, number), 0, -1) if number % k == 0), 1)


def _labels(together: int, part: int, prompt: int, inputs: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of each token of a block, (L,): which prompt it belongs to, which completion (-1 = the prompt itself), its position."""
    rows = [(p, -1, t) for p in range(together) for t in range(prompt - 1)]
    rows += [(p, -1, prompt - 1) for p in range(together)]
    rows += [(p, g, prompt + t) for p in range(together) for g in range(part) for t in range(inputs)]
    return torch.tensor(rows).unbind(1)


def _places(blocks: int, together: int, part: int, inputs: int) -> Tensor:
    """(n, prompts of a block, completions of each, T): the first token is predicted by the prompt's last, each other by the one before."""
    first = torch.arange(together)[:, None, None].expand(-1, part, 1)
    later = together + torch.arange(together * part * inputs).view(together, part, inputs)
    size = together * (1 + part * inputs)
    return torch.cat((first, later), 2) + (torch.arange(blocks) * size)[:, None, None, None]
