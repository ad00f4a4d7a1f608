"""A file of JSON lines to which a training appends one row per log."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path


class JsonLinesWriter:
    """Appends rows to `path`, each flushed as a whole line so that the file can be watched. Values that are no numbers are left out."""

    def __init__(self, path: str | Path):
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def log(self, values: Mapping[str, object], step: int) -> None:
        row: dict[str, object] = {"step": int(step)}
        for name, value in values.items():
            number = _number(value)
            if number is not None and name != "step":
                row[str(name)] = number
        if len(row) > 1:
            with self._path.open("a", encoding="utf-8") as file:  # opened for each row: the file may be moved away in between
                file.write(json.dumps(row) + "\n")


def _number(value: object) -> float | str | None:
    """A finite float; "NaN", "Infinity" and "-Infinity" as texts, which strict JSON can hold; None for what is no number."""
    if value is None or isinstance(value, (str, bytes, bool, list, tuple, dict)):
        return None
    try:
        number = float(value)  # also a tensor or an array of one number
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
