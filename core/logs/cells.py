"""One logged value as a number, whatever way it was written."""

from __future__ import annotations

import math
import re

_WRAPPED = re.compile(
    r"(?:np|numpy|torch|jnp)?\.?(?:float|int|uint|bfloat|tensor|array|Array)\d{0,3}\(\s*([^()\s,]{1,40})\s*(?:,[^()]{0,80})?\)"
)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\s*[-+]?(?:\d{1,3}(?:\.\d{3})+|\d{1,40}),\d{1,40}(?:[eE][-+]?\d{1,5})?\s*%?\s*")
_CHARACTERS = frozenset("0123456789+-.eEnNaAiIfFtTyY")


def number(value: object) -> float | None:
    """A float, NaN and infinity included; None for what is missing or no number. Booleans, lists and objects are no numbers.

    A text may be a number, a quoted number, `np.float64(0.5)`, `tensor(0.5)`, `12 %` (0.12), `1,234.5`, `nan`, `Infinity`.
    """
    kind = type(value)
    if kind is float:
        return value
    if kind is int:
        return _whole(value)
    if kind is str:
        return _text(value)
    if value is None or kind is bool or isinstance(value, (list, dict, tuple)):
        return None
    try:  # a numpy or decimal number
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _whole(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _text(text: str) -> float | None:
    if len(text) > 120:
        return None
    text = text.strip().strip("'\"").strip()
    if _CHARACTERS.issuperset(text):  # of float()'s spellings only those without an underscore
        try:
            return float(text)
        except ValueError:
            return None
    if text.endswith("%"):
        part = _text(text[:-1])
        return None if part is None else part / 100
    if text.endswith(")") and (wrapped := _WRAPPED.fullmatch(text)):
        return _text(wrapped[1])
    if "," in text and _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    return None


def with_point(cell: str) -> str:
    """A number that is written with a decimal comma (`0,5`, `1.234,5`), with a decimal point; any other text as it is."""
    return cell.replace(".", "").replace(",", ".") if "," in cell and _DECIMAL_COMMA.fullmatch(cell) else cell


def whole(value: object) -> int | None:
    """A step: a whole number from 0 to 10^12, also written `10.0`, `"10"` or `"10/4389"`; None for anything else."""
    if type(value) is int:
        return value if 0 <= value <= 10**12 else None
    if isinstance(value, str) and "/" in value:
        value = value.partition("/")[0]
    step = number(value)
    if step is None or not math.isfinite(step) or step != int(step) or not 0 <= step <= 10**12:
        return None
    return int(step)
