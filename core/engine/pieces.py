"""Splits work on prompts that needs no gradient into pieces, so that its memory is bounded for all settings.

A matrix product of another shape may round differently, so a piece is large enough that every scenario fits into one.
"""

from __future__ import annotations

PIECE_BYTES = 24_000_000  # of the largest tensor of a piece


def pieces(count: int, bytes_each: int) -> list[slice]:
    """`count` prompts, of which one takes `bytes_each`, as slices of at most PIECE_BYTES, or of one prompt."""
    size = max(PIECE_BYTES // max(bytes_each, 1), 1)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
