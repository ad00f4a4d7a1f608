"""Turns pydantic's list of errors into error sentences that name field, value, bound and remedy."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable
from dataclasses import is_dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.settings.describe import Setting, settings_of
from core.settings.fields import ConfigError, short

MOST_TOLD = 3  # of the errors of one object


def refusal(error: ValidationError, kind: type, *, only: str | None = None, called: str | None = None) -> ConfigError:
    """The ConfigError for what pydantic rejected in a `kind`: the first few errors, a sentence each. With `only`, errors of other fields
    are left out; `called` is the name of that field in the sentence."""
    problems = [p for p in error.errors(include_url=False) if only is None or p["loc"][:1] == (only,)]
    sentences = list(dict.fromkeys(_sentence(problem, kind, called) for problem in problems))
    text = ". Also, ".join(sentences[:MOST_TOLD])
    return ConfigError(text + (f". There are {len(sentences) - MOST_TOLD} more of these" if len(sentences) > MOST_TOLD else ""))


def _sentence(problem: ErrorDetails, kind: type, called: str | None) -> str:
    what, given = problem["type"], problem["input"]
    if what == "value_error":  # a check across fields raises its own sentence
        return str(problem["ctx"]["error"])
    if what == "json_invalid":
        return f"settings must be JSON, got {short(given)} ({short(problem['ctx']['error'])}); write a JSON object"
    owner, path, name = _place(kind, problem["loc"])
    full = called or ".".join((*path, name) if name else path)
    if what == "unexpected_keyword_argument":
        return f"{short(full)} is not a setting; {suggestion(name, owner.__pydantic_fields__)}"
    if what == "missing":
        return f"{'.'.join(path) or 'settings'} must have {name!r}, got nothing by that name; add it"
    if what in ("union_tag_invalid", "union_tag_not_found"):
        tags = [kind.__pydantic_fields__["name"].default for kind in _parts(owner, name)]
        tag = given.get("name") if isinstance(given, dict) else getattr(given, "name", None)
        return f"{full}.name must be one of {', '.join(tags)}, got {shown(tag)}; {suggestion(tag, tags)}"
    setting = settings_of(owner).get(name)
    if setting is None:
        return f"{full or 'settings'} must be an object of names and values, got {shown(given)}; write {{…}}"
    if setting.choices is not None:
        return _choice(full, given, setting, what == "tuple_type")
    if setting.kind is bool:
        return f"{full} must be true or false, got {shown(given)}; write true or false"
    if what == "too_short":
        return f"{full} must hold one value per replica, got an empty tuple; give a number"
    return _number(full, given, setting)


def _choice(name: str, given: object, setting: Setting, is_one: bool) -> str:
    allowed = ", ".join(setting.choices)
    if is_one or (not setting.many and isinstance(given, tuple | list)):
        noun = "a tuple of names" if setting.many else "one name"
        return f"{name} must be {noun} among {allowed}, got {shown(given)}; write {noun}"
    return f"{name} must be one of {allowed}, got {shown(given)}; choose one of these"


def _number(name: str, given: object, setting: Setting) -> str:
    wanted = (int,) if setting.kind is int else (int, float)
    if isinstance(given, bool) or not isinstance(given, wanted):
        noun = "a whole number" if setting.kind is int else "a number"
        return f"{name} must be {noun}, got {shown(given)}; write {noun}{setting.bounds and ' ' + setting.bounds}"
    return f"{name} must be {setting.bounds or 'finite'}, got {shown(given)}; choose a value within these bounds"


def _place(kind: type, loc: tuple[int | str, ...]) -> tuple[type, list[str], str]:
    """Where an error is: the settings it is in, the names that lead to them, and the field; '' = the settings themselves. Left out of
    pydantic's path: positions in a tuple, and the tags that tell kinds apart."""
    path: list[str] = []
    name = ""
    for at, part in enumerate(loc):
        fields = kind.__pydantic_fields__
        if name and (parts := _parts(kind, name)):
            path.append(name)
            tagged = len(parts) > 1
            kind = next((p for p in parts if p.__pydantic_fields__["name"].default == part), parts[0]) if tagged else parts[0]
            name = "" if tagged else str(part)
        elif not name and (str(part) in fields or at == len(loc) - 1):
            name = str(part)
    return kind, path, name


def _parts(kind: type, name: str) -> list[type]:
    """The settings that field `name` of `kind` may hold; none for a plain value."""
    if name not in kind.__pydantic_fields__:
        return []
    annotation = kind.__pydantic_fields__[name].annotation
    return [part for part in (typing.get_args(annotation) or (annotation,)) if is_dataclass(part)]


def suggestion(name: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f"did you mean {near[0]}?" if near else "remove it or correct its name"


def shown(value: object) -> str:
    """A value as it was given, shortened."""
    try:
        return short(str(value) if isinstance(value, float | int) and not isinstance(value, bool) else repr(value))
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
