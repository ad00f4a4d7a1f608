"""The boundary of collapse: between cells of which fewer than half of the seeds collapsed, and cells of which half or more did."""

from __future__ import annotations

import math

import numpy as np

FALLEN_SHARE = 0.5  # of the seeds: a cell with so many collapsed ones has collapsed, any other one holds


def boundary(fallen: np.ndarray) -> tuple[list[float | None], list[float | None]]:
    """x and y of the edges between cells that hold and cells that have collapsed, in positions on the axes, with None between two edges.
    `fallen` (ny, nx) are the shares, NaN where nothing was measured: there is no edge there."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    state = np.where(np.isnan(fallen), np.nan, fallen >= FALLEN_SHARE)
    rows, columns = state.shape
    for j in range(rows):
        for i in range(columns):
            if i + 1 < columns and _differ(state[j, i], state[j, i + 1]):
                xs += [i + 0.5, i + 0.5, None]
                ys += [j - 0.5, j + 0.5, None]
            if j + 1 < rows and _differ(state[j, i], state[j + 1, i]):
                xs += [i - 0.5, i + 0.5, None]
                ys += [j + 0.5, j + 0.5, None]
    return xs, ys


def _differ(a: float, b: float) -> bool:
    return not math.isnan(a) and not math.isnan(b) and a != b


def holds_up_to(fallen: np.ndarray) -> int | None:
    """The last position of a line of cells (n,) up to which every measured one holds; None if the first one that was measured has collapsed.
    What was not measured is passed over."""
    last = None
    for at, part in enumerate(fallen.tolist()):
        if math.isnan(part):
            continue
        if part >= FALLEN_SHARE:
            break
        last = at
    return last


def collapses_at(fallen: np.ndarray) -> int | None:
    """The first position of a line of cells (n,) that has collapsed; None if none has."""
    found = np.flatnonzero(np.nan_to_num(fallen, nan=0.0) >= FALLEN_SHARE)
    return int(found[0]) if len(found) else None
