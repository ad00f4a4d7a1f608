"""The error for an invalid setting, and values as text for its sentences."""

from __future__ import annotations


class ConfigError(ValueError):
    """A setting is unknown, ill-typed or out of range. The message names field, value, bound and remedy."""


def short(text: str, most: int = 60) -> str:
    """`text` for use in an error sentence: shortened, on one line, invisible characters written as escapes."""
    cut = text if len(text) <= most else text[: most - 3] + "…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)


def value_text(value: object) -> str:
    """A setting's value as text for tables: 'none', 'true', '0.2', '1, 2'."""
    if isinstance(value, list | tuple):
        return ", ".join(map(value_text, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
