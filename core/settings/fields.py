"""Configuration fields that describe and defend themselves.

A field's meaning, unit and bounds are metadata: the command line and the sidebar read the same text and the same limits
that `check_fields` enforces, so they cannot disagree.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from functools import lru_cache
from typing import Any


class ConfigError(ValueError):
    """A setting is unknown, ill-typed or out of range. The message names field, value, bound and remedy."""


def short(text: str, most: int = 60) -> str:
    """A person reads this in a sentence: no more than a few words of what was given, on one line, with nothing in it that is not seen."""
    cut = text if len(text) <= most else text[: most - 3] + "…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)


def value_text(value: object) -> str:
    """A setting's value as a person reads it in a table: 'none', 'true', '0.2', '1, 2'."""
    if isinstance(value, list | tuple):
        return ", ".join(map(value_text, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def setting(
    default: Any,
    help: str,
    *,
    min: float | None = None,
    max: float | None = None,
    choices=None,
    unit: str = "",
    per_replica: bool = False,
    open_min: bool = False,
) -> Any:
    """A dataclass field with its meaning and bounds. `per_replica` allows a tuple, one value per replica;
    `open_min` excludes the lower bound itself."""
    metadata = {
        "help": help,
        "min": min,
        "max": max,
        "choices": choices,
        "unit": unit,
        "per_replica": per_replica,
        "open_min": open_min,
    }
    return dataclasses.field(default=default, metadata=metadata)


def check_fields(config: Any) -> None:
    """Raise ConfigError for the first field whose type or value is out of bounds."""
    hints = type_hints(type(config))
    for field in dataclasses.fields(config):
        if field.metadata:
            check_field(field, getattr(config, field.name), hints[field.name])


@lru_cache(maxsize=64)
def type_hints(kind: type) -> dict[str, Any]:
    """Field -> type, as `typing.get_type_hints`, which takes its time. Do not change what is returned: it is shared."""
    return typing.get_type_hints(kind)


def check_field(field: dataclasses.Field, value: Any, hint: Any) -> None:
    """Raise ConfigError if `value` cannot be this field's, whatever the others are."""
    name, metadata = field.name, field.metadata
    if metadata["per_replica"] and isinstance(value, tuple):
        if not value:
            raise ConfigError(f"{name} must hold one value per replica, got an empty tuple; give a number")
        for item in value:
            _check_value(name, item, metadata, float)
        return
    _check_value(name, value, metadata, hint)


def _check_value(name: str, value: Any, metadata: Any, hint: Any) -> None:
    if value is None and type(None) in typing.get_args(hint):
        return
    if metadata["choices"] is not None:
        allowed = metadata["choices"]
        wants_tuple = typing.get_origin(hint) is tuple
        if isinstance(value, tuple) != wants_tuple:
            noun = "a tuple of names" if wants_tuple else "one name"
            raise ConfigError(
                f"{name} must be {noun} among {', '.join(map(str, allowed))}, got {short(repr(value))}; write {noun}"
            )
        for item in value if isinstance(value, tuple) else (value,):
            if item not in allowed:
                raise ConfigError(
                    f"{name} must be one of {', '.join(map(str, allowed))}, got {short(repr(item))}; choose one of these"
                )
        return
    wanted = scalar_type(hint)
    if wanted is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{name} must be true or false, got {short(repr(value))}; write true or false")
        return
    if wanted in (int, float):
        _check_number(name, value, metadata, wanted)


def _check_number(name: str, value: Any, metadata: Any, wanted: type) -> None:
    kinds = (int,) if wanted is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        noun = "a whole number" if wanted is int else "a number"
        raise ConfigError(f"{name} must be {noun}, got {short(repr(value))}; write {noun}{bounds_text(metadata, ' ')}")
    low, high = metadata["min"], metadata["max"]
    below = low is not None and (value < low or (metadata["open_min"] and value == low))
    above = high is not None and value > high
    endless = isinstance(value, float) and not math.isfinite(value)  # a whole number may be too large to be asked this
    if below or above or endless:
        raise ConfigError(
            f"{name} must be{bounds_text(metadata, ' ')}, got {short(str(value))}; choose a value within these bounds"
        )


def bounds_text(metadata: Any, lead: str = "") -> str:
    """'between 0 and 1', 'at least 2', … or '' when there is no bound."""
    low, high = metadata["min"], metadata["max"]
    if low is not None and high is not None:
        text = f"above {low} and at most {high}" if metadata["open_min"] else f"between {low} and {high}"
    elif low is not None:
        text = f"above {low}" if metadata["open_min"] else f"at least {low}"
    elif high is not None:
        text = f"at most {high}"
    else:
        return f"{lead}finite" if lead else ""
    return lead + text


def scalar_type(hint: Any) -> Any:
    """The scalar behind `float`, `float | tuple[float, ...]`, `int | None`, …"""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        plain = [a for a in typing.get_args(hint) if a is not type(None) and typing.get_origin(a) is not tuple]
        return plain[0] if plain else str
    return hint
