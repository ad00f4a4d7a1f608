"""The differences between the settings of two runs, or of many. Settings are configurations, or the plain values that the history keeps of
them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise

ABSENT = "–"  # stands for the value of a setting that one of them does not have


def flat(settings: object, prefix: str = "") -> dict[str, object]:
    """Path -> value: {"task.noise": 0.1, "algorithm.eps_high": 0.2, "learning_rate": 0.001, …}. A fork adds "fork.update" and, under
    "fork.run.", the settings of the run that it left."""
    if is_dataclass(settings):
        settings = {field.name: getattr(settings, field.name) for field in fields(settings)}
    out: dict[str, object] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) or is_dataclass(value):
            out |= flat(value, f"{prefix}{name}.")
        elif name != "fork":  # None: it begins at the base policy
            out[prefix + name] = tuple(value) if isinstance(value, list) else value
    return out


def difference(a: object, b: object) -> dict[str, tuple[object, object]]:
    """Path -> (value in `a`, value in `b`) for every setting in which they differ; `ABSENT` for one that is not there."""
    return {path: (row["a"], row["b"]) for path, row in differences({"a": a, "b": b}).items()}


def differences(sides: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Path -> {label: value} for every setting in which not all of `sides`, label -> settings, agree."""
    values = {label: flat(settings) for label, settings in sides.items()}
    paths = dict.fromkeys(path for found in values.values() for path in found)
    table = {path: {label: found.get(path, ABSENT) for label, found in values.items()} for path in paths}
    return {path: row for path, row in table.items() if any(_differ(value, other) for value, other in pairwise(row.values()))}


def _differ(value: object, other: object) -> bool:
    """What is not there is as good as None: JSON leaves None out where a setting is newer than the runs that are stored."""
    return (None if value == ABSENT else value) != (None if other == ABSENT else other)
