"""How much is read: a file that somebody drops may be anything."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What one reading may cost. Beyond a bound reading stops, and a sentence says where."""

    bytes: int  # of all files together, unpacked
    points: int = 2_000_000  # numbers kept: one per row and column
    columns: int = 2_000  # of one run
    runs: int = 100
    files: int = 1_000  # of a folder or an archive
    line: int = 4 * MEGABYTE  # bytes of one line; a longer one is skipped
    document: int = 100 * MEGABYTE  # bytes of a file that has to be parsed as a whole
    name: int = 200  # characters of a column's name


HOME = Bounds(bytes=200 * MEGABYTE)
HOSTED = Bounds(bytes=20 * MEGABYTE, document=20 * MEGABYTE)


class Budget:
    """What is left of some bounds while one or several files are read."""

    def __init__(self, bounds: Bounds):
        self.bounds = bounds
        self.bytes, self.points = bounds.bytes, bounds.points

    def take_bytes(self, count: int) -> bool:
        """Whether `count` more bytes may be read; they are counted."""
        self.bytes -= count
        return self.bytes >= 0

    def take_points(self, count: int) -> bool:
        """Whether `count` more numbers may be kept; they are counted."""
        self.points -= count
        return self.points >= 0
