"""Overlong reward shaping: a punishment that grows as a completion nears the length limit."""

from __future__ import annotations

from torch import Tensor


def overlong_penalty(lengths: Tensor, *, max_tokens: int, buffer_tokens: int, penalty: float = 1.0) -> Tensor:
    """Soft overlong punishment, a value to add to the reward; DAPO Eq. 13 times `penalty`. Any shape -> same shape, float.

    0 up to max_tokens - buffer_tokens, then a straight line to -penalty at max_tokens, and -penalty beyond. Lengths are real tokens,
    the end token included, padding excluded. ValueError unless 1 <= buffer_tokens <= max_tokens.
    """
    if not 1 <= buffer_tokens <= max_tokens:
        raise ValueError(f"overlong_buffer_tokens must be between 1 and max_tokens = {max_tokens}, got {buffer_tokens}")
    start = max_tokens - buffer_tokens
    return -penalty * ((lengths - start) / buffer_tokens).clamp(0.0, 1.0)
