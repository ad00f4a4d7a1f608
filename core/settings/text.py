"""Settings as text, the way people write them in links and on the command line."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from core.settings.fields import ConfigError, scalar_type, short
from core.settings.numbers import read_number


def parse_value(name: str, text: str, field: dataclasses.Field, hint: Any) -> Any:
    """A setting's value from the text a person typed. ConfigError if it is not of the field's type."""
    wanted = scalar_type(hint)
    bounds = {"low": field.metadata["min"], "high": field.metadata["max"], "open_low": field.metadata["open_min"]}
    if text.strip().lower() in ("none", "null") and type(None) in typing.get_args(hint):
        return None
    if typing.get_origin(hint) is tuple:
        return tuple(part for part in (p.strip() for p in text.split(",")) if part)
    if field.metadata.get("per_replica") and "," in text:
        return tuple(read_number(name, part, float, **bounds) for part in text.strip().removesuffix(",").split(","))
    if wanted is bool:
        lowered = text.strip().lower()
        if lowered not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
            raise ConfigError(f"{name} must be true or false, got {short(repr(text))}; write true or false")
        return lowered in ("true", "1", "yes", "on")
    if wanted in (int, float):
        return read_number(name, text, wanted, **bounds)
    return text
