"""The description of a setting (type, bounds, choices, meaning), read from pydantic's field, for widgets, parsers and sentences."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from core.settings.numbers import bounds_text


@dataclass(frozen=True)
class Setting:
    """The description of a field for widgets, parsers and sentences."""

    name: str
    help: str
    kind: type  # bool, int, float or str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    open_low: bool = False  # the lower bound itself is excluded
    choices: tuple[str, ...] | None = None
    many: bool = False  # a tuple of choices
    per_replica: bool = False  # a tuple with a number for each replica is accepted
    optional: bool = False  # None is accepted

    @property
    def bounds(self) -> str:
        """'between 0 and 1', 'at least 2', … or '' when there is no bound."""
        return bounds_text(self.low, self.high, open_low=self.open_low)


TYPES = {"boolean": bool, "integer": int, "number": float, "string": str}


@functools.cache
def settings_of(kind: type) -> dict[str, Setting]:
    """Name -> setting, in the order of `kind`'s definition: read from pydantic's fields. Nested settings and a task's name are left out."""
    schema = TypeAdapter(kind).json_schema()
    schema = schema["$defs"][kind.__name__] if "$ref" in schema else schema
    return {
        name: _setting(name, schema["properties"][name])
        for name in kind.__pydantic_fields__
        if "description" in schema["properties"][name]
    }


def _setting(name: str, described: dict[str, Any]) -> Setting:
    forms = described.get("anyOf") or described.get("oneOf") or [described]
    plain = [form for form in forms if form["type"] not in ("null", "array")]
    arrays = [form["items"] for form in forms if form["type"] == "array"]
    one = (plain or arrays)[0]
    choices = one.get("enum") or ([one["const"]] if "const" in one else None)
    return Setting(
        name, described["description"], TYPES[one["type"]], described.get("unit", ""),
        low=one.get("minimum", one.get("exclusiveMinimum")), high=one.get("maximum"), open_low="exclusiveMinimum" in one,
        choices=None if choices is None else tuple(choices), many=not plain, per_replica=bool(plain and arrays),
        optional=any(form["type"] == "null" for form in forms))  # fmt: skip
