"""Settings as text, in the form that links and the command line use."""

from __future__ import annotations

from core.settings.describe import Setting
from core.settings.fields import ConfigError, short, value_text
from core.settings.numbers import read_number

SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def setting_text(value: object) -> str:
    """A setting's value as text that `parse_value` reads back."""
    if isinstance(value, tuple):
        single = len(value) == 1 and not isinstance(value[0], str)
        return ",".join(map(str, value)) + ("," if single else "")  # without the comma it would be read as a number
    return value_text(value)


def parse_value(name: str, text: str, setting: Setting) -> object:
    """A setting's value from text. ConfigError, which names it `name`, if it is not of the setting's type."""
    plain = text.strip()
    if setting.optional and plain.lower() in ("none", "null"):
        return None
    if setting.many:
        return tuple(part for part in (p.strip() for p in text.split(",")) if part)
    if setting.kind is bool:
        if plain.lower() not in SWITCHES:
            raise ConfigError(f"{name} must be true or false, got {short(repr(text))}; write true or false")
        return SWITCHES[plain.lower()]
    if setting.kind is str:
        return text
    bounds = {"low": setting.low, "high": setting.high, "open_low": setting.open_low}
    if setting.per_replica and "," in text:
        return tuple(read_number(name, part, setting.kind, **bounds) for part in plain.removesuffix(",").split(","))
    return read_number(name, text, setting.kind, **bounds)
