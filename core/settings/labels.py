"""Valid labels of the runs of a comparison: a label appears in links, file names and columns, so no two may be confused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.settings.fields import ConfigError, short

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 +()._-]{0,23}")
RESERVED = ("task", "algorithm", "run")  # prefixes of settings in links and on the command line


def check_label(label: str, taken: Iterable[str] = ()) -> None:
    """ConfigError unless `label` is valid and differs from those `taken` in more than capitals and spaces."""
    if not LABEL.fullmatch(label):
        raise ConfigError(
            "a side's label must be 1 to 24 letters, digits, spaces or any of + ( ) . _ - and begin with a letter or digit, "
            f"got {short(repr(label))}; shorten or change it"
        )
    if _key(label) in RESERVED:
        raise ConfigError(f"a side's label must not be one of {', '.join(RESERVED)}, got {short(repr(label))}; choose another")
    check_free(label, taken)


def check_free(label: str, taken: Iterable[str]) -> None:
    """ConfigError if `label` is one of those `taken`, or differs from it in nothing but capitals and spaces."""
    known = next((other for other in taken if _key(other) == _key(label)), None)
    if known is not None:
        raise ConfigError(
            f"labels must differ in more than capitals and spaces, got {short(repr(label))} beside {short(repr(known))}; "
            "choose another label"
        )


def check_distinct(labels: Iterable[str]) -> None:
    """ConfigError if two of these are equal but for capitals and spaces."""
    seen: list[str] = []
    for label in labels:
        check_free(label, seen)
        seen.append(label)


def free_label(wish: str, taken: Iterable[str]) -> str:
    """`wish`, followed by the smallest number that makes it differ from all that are `taken`."""
    keys = {_key(label) for label in taken}
    label, number = wish, 1
    while _key(label) in keys:
        number += 1
        label = f"{wish} {number}"
    return label


def _key(label: str) -> str:
    return " ".join(label.casefold().split())
