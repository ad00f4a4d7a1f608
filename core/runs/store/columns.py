"""A few metrics of a whole run, straight from its rows in the database: for lists of many runs, which show a number or two of each.

Several times quicker than reading every record, because rows in which the same metrics were measured are decoded together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Columns:
    """U updates of R seeds."""

    updates: np.ndarray  # (U,)
    wall_seconds: np.ndarray  # (U,)
    metrics: dict[str, np.ndarray]  # name -> (U, R), NaN where it was not measured


def decode(rows: Sequence[Sequence], names: Sequence[str], wanted: Sequence[str]) -> Columns:
    """The metrics `wanted` of `rows`, each (update, wall_seconds, measured, samples, metrics) as `core.runs.store.rows.pack` makes them, in
    order. `names` is what the bits of `measured` count along. Without rows R is 0."""
    replicas = len(rows[0][3]) // 8 if rows else 0  # samples are int64
    tables = {name: np.full((len(rows), replicas), np.nan) for name in wanted}
    alike = defaultdict(list)
    for i, row in enumerate(rows):
        alike[row[2]].append(i)
    for measured, where in alike.items():
        present = [name for bit, name in enumerate(names) if measured >> bit & 1]
        values = np.frombuffer(b"".join(rows[i][4] for i in where), "<f4").reshape(len(where), len(present), replicas)
        for name in set(wanted) & set(present):
            tables[name][where] = values[:, present.index(name)]
    return Columns(np.array([row[0] for row in rows], dtype=int), np.array([row[1] for row in rows], dtype=float), tables)
