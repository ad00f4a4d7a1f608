"""A logged JSON object as one flat row."""

from __future__ import annotations

from collections.abc import Mapping

WRAPPERS = (
    "data",
    "metrics",
    "log",
    "logs",
    "values",
    "record",
    "extra",
    "payload",
    "scalars",
)  # hold the row's metrics under their own names
DEEPEST = 4
MOST_CELLS = 5_000


def flat(row: Mapping[str, object]) -> dict[str, object]:
    """Nested objects under joined names (`train/loss`), a wrapper's content under its own; lists are left out."""
    if not any(type(value) is dict for value in row.values()):
        return row if isinstance(row, dict) else dict(row)
    cells: dict[str, object] = {}
    pending: list[tuple[str, Mapping[str, object], int]] = [("", row, 0)]
    while pending and len(cells) < MOST_CELLS:
        prefix, part, depth = pending.pop(0)
        for key, value in part.items():
            if type(value) is dict:
                if depth < DEEPEST:
                    pending.append((prefix if key in WRAPPERS else f"{prefix}{key}/", value, depth + 1))
            else:
                cells.setdefault(f"{prefix}{key}", value)
    return cells
