"""A run's settings as JSON and back: what the history keeps, so that a run can be started again.

What comes back has been through the same checks as what a person types: nothing unknown or out of range becomes a RunConfig.
"""

from __future__ import annotations

import difflib
import json
import typing
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from core.settings.algorithm import AlgorithmConfig
from core.settings.fields import ConfigError, short, type_hints
from core.settings.run import Fork, RunConfig
from core.settings.task import TASK_CONFIGS, task_name


def config_dict(config: RunConfig) -> dict:
    """A run's configuration as plain values, with the name of its task."""
    values = asdict(config) | {"task": {"name": task_name(config.task), **asdict(config.task)}}
    if config.fork is None:
        del values["fork"]
    else:
        values["fork"] = {"update": config.fork.update, "run": config_dict(config.fork.run)}
    return values


def config_to_json(config: RunConfig) -> str:
    """One line of JSON with every setting; `config_from_json` gives an equal RunConfig."""
    return json.dumps(config_dict(config), sort_keys=True, allow_nan=False)


def config_from_json(text: str) -> RunConfig:
    """The RunConfig that `config_to_json` wrote. ConfigError if the text is not one."""
    try:
        values = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"settings must be JSON, got {short(str(text))} ({short(str(error))}); write a JSON object") from None
    try:
        return config_from_dict(values)
    except RecursionError:
        raise ConfigError("settings must hold few forks of forks, got too many; run them anew") from None


def config_from_dict(values: Any) -> RunConfig:
    """The RunConfig of plain values: {"task": {"name": …, …}, "algorithm": {…}, …}. A field that is absent, because it is newer than
    the values, takes its default. ConfigError names the field that is missing, unknown, ill-typed or out of range."""
    values = dict(_mapping("settings", values))
    for part in ("task", "algorithm"):
        if part not in values:
            raise ConfigError(f"settings must have {part!r}, got only {short(', '.join(map(str, values)))}; add it")
    algorithm = _build(AlgorithmConfig, "algorithm", _mapping("algorithm", values.pop("algorithm")))
    task = dict(_mapping("task", values.pop("task")))
    name = task.pop("name", None)
    if not isinstance(name, str) or name not in TASK_CONFIGS:
        raise ConfigError(
            f"task.name must be one of {', '.join(TASK_CONFIGS)}, got {short(repr(name))}; {_suggest(name, TASK_CONFIGS)}"
        )
    fork = None
    if values.get("fork") is not None:
        origin = dict(_mapping("fork", values["fork"]))
        fork = _build(Fork, "fork", {k: v for k, v in origin.items() if k != "run"}, run=config_from_dict(origin.get("run")))
    values.pop("fork", None)
    return _build(RunConfig, "", values, fork=fork, task=_build(TASK_CONFIGS[name], "task", task), algorithm=algorithm)


def _build(kind: type, owner: str, values: dict, **parts: Any) -> Any:
    """`kind` from plain values and from the parts that are built already."""
    known = {f.name: f for f in fields(kind) if f.name not in ("task", "algorithm", "fork", "run")}
    hints = type_hints(kind)
    for name in values:
        if name not in known:
            full = f"{owner}.{name}" if owner else str(name)
            raise ConfigError(f"{short(full)} is not a setting; {_suggest(name, known)}")
    settings = {
        name: tuple(value) if isinstance(value, list) and _takes_tuple(hints[name]) else value for name, value in values.items()
    }
    try:
        return kind(**settings, **parts)
    except (TypeError, OverflowError) as error:  # values so odd that the checks themselves cannot compare them
        raise ConfigError(f"{owner or 'settings'} must hold numbers, names and true or false ({error}); correct it") from None


def _takes_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple or any(typing.get_origin(part) is tuple for part in typing.get_args(hint))


def _mapping(what: str, value: Any) -> dict:
    if not isinstance(value, dict):
        raise ConfigError(f"{what} must be an object of names and values, got {short(repr(value))}; write {{…}}")
    return value


def _suggest(name: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f"did you mean {near[0]}?" if near else "remove it or correct its name"
