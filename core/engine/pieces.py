"""Work on prompts without a gradient is done in pieces, so that its memory is bounded whatever the settings are.

A product of other shapes may round differently. So a piece is large enough that no scenario needs a second one.
"""

from __future__ import annotations

PIECE_BYTES = 24_000_000  # of the largest tensor of a piece


def pieces(count: int, bytes_each: int) -> list[slice]:
    """`count` prompts, of which one takes `bytes_each`, as slices of at most PIECE_BYTES, or of one prompt."""
    size = max(PIECE_BYTES // max(bytes_each, 1), 1)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
