"""Which cells are seen first: a coarse grid, then the cells between, where their neighbours differ most.

The coarse grid has at most 6 x 4 cells (x 3 on a third axis), spread evenly over the map with both ends of every axis. Every other cell lies in
a box of coarse cells. Around it lie the coarse cells of its box, and inside what has been measured since; their spread is the difference
between the largest and the smallest share of seeds that collapsed, or score (as a part of its range over the map), whichever is larger, of
the side for which it is larger. The cell whose box has the largest spread comes first. That is decided anew for every shard.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.sweep.grid import Cell, Grid
from core.sweep.measured import COLLAPSED, Measured

COARSE = (6, 4, 3)  # cells of the coarse grid along x, y, z, at most
SCORE = "eval_accuracy"
Box = tuple[tuple[int, int], ...]  # on each axis the positions of the coarse grid on both sides


class CellOrder:
    """The coarse cells of a grid, and how much the neighbours of the others differ."""

    def __init__(self, grid: Grid):
        self._labels = tuple(grid.runs)
        self._lines = tuple(
            tuple(dict.fromkeys(np.linspace(0, size - 1, min(size, most)).round().astype(int).tolist()))
            for size, most in zip(grid.shape, COARSE, strict=False)
        )
        self.coarse = frozenset(
            cell for cell in grid.cells if all(at in some for at, some in zip(cell, self._lines, strict=True))
        )
        self._known = 0  # how many measured cells the table is made of
        self._width = 0.0  # of the range of scores
        self._ends = np.full((len(self._labels), 2, *grid.shape), np.nan)  # share collapsed and score, (sides, 2, nx, ny[, nz])
        self._spreads: dict[Box, float] = {}

    def spread(self, cell: Cell, measured: Mapping[tuple[Cell, str], Measured]) -> float:
        """Between 0, all alike or nothing known, and 1. `measured` may only ever grow."""
        if len(measured) != self._known:
            self._take(measured)
        box = tuple(_around(at, some) for at, some in zip(cell, self._lines, strict=True))
        if box not in self._spreads:
            inside = self._ends[(slice(None), slice(None), *(slice(low, high + 1) for low, high in box))]
            share, score = (_largest_spread(inside[:, column]) for column in range(2))
            self._spreads[box] = max(share, score / self._width if self._width else 0.0)
        return self._spreads[box]

    def _take(self, measured: Mapping[tuple[Cell, str], Measured]) -> None:
        for (cell, label), found in measured.items():
            self._ends[(self._labels.index(label), slice(None), *cell)] = _end(found, COLLAPSED), _end(found, SCORE)
        scores = self._ends[:, 1][~np.isnan(self._ends[:, 1])]
        self._width = float(np.ptp(scores)) if len(scores) else 0.0
        self._known, self._spreads = len(measured), {}


def _around(at: int, lines: tuple[int, ...]) -> tuple[int, int]:
    """The positions of the coarse grid on both sides of `at`."""
    return max(line for line in lines if line <= at), min(line for line in lines if line >= at)


def _largest_spread(values: np.ndarray) -> float:
    """(sides, …) -> the largest difference within a side; 0 where nothing is known."""
    rows = (row[~np.isnan(row)] for row in values.reshape(len(values), -1))
    return max((float(np.ptp(row)) for row in rows if len(row)), default=0.0)


def _end(found: Measured, name: str) -> float:
    """Mean over seeds; what diverged counts as collapsed."""
    if found.diverged is not None:
        return 1.0 if name == COLLAPSED else float("nan")
    values = found.values[name][~np.isnan(found.values[name])]
    return float(values.mean()) if len(values) else float("nan")
