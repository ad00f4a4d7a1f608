"""Parses numbers from links, page addresses and the command line, with a bound on their length."""

from __future__ import annotations

from core.settings.fields import ConfigError, short

MOST_CHARACTERS = 100  # of one number; Python refuses whole numbers of more than 4,300 digits with a message about its internals
NOUNS = {int: "a whole number", float: "a number"}


def read_number(name: str, text: str, kind: type = int, *, low: float | None = None, high: float | None = None, open_low=False):
    """The number of `kind`, int or float, that `text` holds. ConfigError, which names it `name`, if the text is not a number or the number
    is out of bounds."""
    wanted = f"{NOUNS[kind]}{bounds_text(low, high, open_low=open_low, lead=' ')}"
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(f"{name} must have at most {MOST_CHARACTERS} characters, got {short(repr(text))}; write {wanted}")
    try:
        value = kind(text)
    except ValueError:
        raise ConfigError(f"{name} must be {NOUNS[kind]}, got {short(repr(text))}; write {wanted}") from None
    if not _within(value, low, high, open_low):
        raise ConfigError(
            f"{name} must be {bounds_text(low, high, open_low=open_low)}, got {short(text.strip())}; choose a value within these bounds"
        )
    return value


def _within(value: float, low: float | None, high: float | None, open_low: bool) -> bool:
    """Whether the value is within the bounds; NaN never is."""
    above = low is None or (value > low if open_low else value >= low)
    return above and (high is None or value <= high)


def bounds_text(low: float | None, high: float | None, *, open_low: bool = False, lead: str = "") -> str:
    """'between 0 and 1', 'at least 2', … after `lead`; '' when there is no bound. `open_low` excludes the lower bound itself."""
    if low is None and high is None:
        return ""
    if low is None:
        return f"{lead}at most {high}"
    if high is None:
        return f"{lead}above {low}" if open_low else f"{lead}at least {low}"
    return f"{lead}above {low} and at most {high}" if open_low else f"{lead}between {low} and {high}"
