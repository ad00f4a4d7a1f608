"""The names and values of a framework's settings, read with the types that its own fields have."""

from __future__ import annotations

import math
import re

from core.logs.sentences import Sentence, say
from core.recipes.reading import sentences as s
from core.recipes.reading.syntax import COMPUTED, Flat
from core.settings.fields import value_text

MOST_WHOLE = 1e12  # more than any count of prompts or tokens
TRUE, FALSE, NONE = ("true", "1", "yes", "on"), ("false", "0", "no", "off"), ("none", "null", "~", "")


class Values:
    """`flat` with types. A value that cannot be understood counts as absent and is told; so is every name whose default counts."""

    def __init__(self, flat: Flat, framework: str, version: str):
        self.flat, self.framework, self.version = flat, framework, version
        self.notes: list[Sentence] = []
        self.absent: list[str] = []

    def has(self, key: str) -> bool:
        return key in self.flat

    def number(self, key: str, default: float | None) -> float | None:
        return self._read(key, default, _number, optional=default is None)

    def whole(self, key: str, default: int | None) -> int | None:
        return self._read(key, default, _whole, optional=default is None)

    def switch(self, key: str, default: bool) -> bool:
        return self._read(key, default, _switch, optional=False)

    def text(self, key: str, default: str | None) -> str | None:
        """`none` is a value of some settings, so that only a real null counts as one."""
        if self.flat.get(key) == "none":
            return "none"
        return self._read(
            key, default, lambda value: value if isinstance(value, str) else value_text(value), optional=default is None
        )

    def note(self, sentence: str, /, **values: object) -> None:
        self.notes.append(say(sentence, framework=self.framework, version=self.version, **values))

    def tell_absent(self) -> None:
        """The names whose defaults counted, in full: they are the framework's own and short."""
        if self.absent:
            names = ", ".join(dict.fromkeys(self.absent))
            self.notes.append(Sentence(s.DEFAULTS, {"framework": self.framework, "version": self.version, "names": names}))

    def _read(self, key: str, default, convert, optional: bool):
        if key not in self.flat:
            self.absent.append(key)
            return default
        value = self.flat[key]
        if value is COMPUTED:
            self.note(s.NOT_LITERAL, key=key)
            return default
        if isinstance(value, str) and re.search(r"\$\{|\$\w", value):
            self.note(s.UNRESOLVED, key=key, value=value)
            return default
        if value is None or (isinstance(value, str) and value.strip().lower() in NONE):
            return None if optional else default
        found = convert(value)
        if found is None:
            self.note(s.BAD_VALUE, key=key, value=str(value), default=value_text(default))
            return default
        return found


def _number(value: object) -> float | None:
    """None unless it is a finite number, or the text of one."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) and abs(number) <= MOST_WHOLE else None


def _switch(value: object) -> bool | None:
    text = value_text(value).strip().lower()
    return True if text in TRUE else False if text in FALSE else None
