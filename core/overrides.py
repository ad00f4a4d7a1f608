"""`--set KEY=VALUE`: settings by name, checked before anything runs."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from dataclasses import replace

from core.config import AlgorithmConfig, RunConfig
from core.fields import ConfigError, parse_value

OWN_OPTIONS = {
    "updates": "--updates",
    "replicas": "--seeds",
    "first_seed": "--first-seed",
    "task": "task.FIELD",
    "algorithm": "algorithm.FIELD",
    "fork": "`python -m core fork`",
}


def apply_overrides(runs: dict[str, RunConfig], settings: list[str]) -> dict[str, RunConfig]:
    """`runs` with each KEY=VALUE applied, in order. KEY is task.FIELD, algorithm.FIELD (all algorithms), LABEL.FIELD (one
    algorithm), or a field of the run such as learning_rate. ConfigError names what is wrong with the first bad one."""
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set must be KEY=VALUE, got {setting!r}; for example --set task.noise=0.1")
        runs = _apply(runs, key.strip(), text.strip())
    return runs


def _apply(runs: dict[str, RunConfig], key: str, text: str) -> dict[str, RunConfig]:
    owner, dot, name = key.rpartition(".")
    if not dot or owner == "run":
        return {label: _set_run(run, key, name or key, text) for label, run in runs.items()}
    if owner == "task":
        return {label: replace(run, task=_set(run.task, key, name, text)) for label, run in runs.items()}
    if owner == "algorithm":
        return {label: replace(run, algorithm=_set(run.algorithm, key, name, text)) for label, run in runs.items()}
    for label in runs:
        if label.lower() == owner.lower():
            return runs | {label: replace(runs[label], algorithm=_set(runs[label].algorithm, key, name, text))}
    raise ConfigError(
        f"--set {key}: unknown owner {owner!r}; begin with task., algorithm., run. or one of the labels {', '.join(runs)}"
    )


def _set_run(run: RunConfig, key: str, name: str, text: str) -> RunConfig:
    if name in OWN_OPTIONS:
        raise ConfigError(f"--set {key}: {name} is not set this way; use {OWN_OPTIONS[name]}")
    return _set(run, key, name, text)


def _set(config, key: str, name: str, text: str):
    known = {f.name: f for f in dataclasses.fields(config)}
    if name not in known:
        raise ConfigError(f"--set {key}: unknown field {name!r}; {_suggest(name, config, known)}")
    value = parse_value(key, text, known[name], typing.get_type_hints(type(config))[name])
    return replace(config, **{name: value})


def _suggest(name: str, config, known: dict) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    kind = "the algorithm" if isinstance(config, AlgorithmConfig) else "the run" if isinstance(config, RunConfig) else "the task"
    return f"{kind} has {', '.join(n for n in known if n not in ('task', 'algorithm'))}"
