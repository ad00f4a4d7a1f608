"""`--set KEY=VALUE`: settings by name, checked before anything runs."""

from __future__ import annotations

import difflib
from dataclasses import replace

from core.settings.algorithm import AlgorithmConfig
from core.settings.describe import settings_of
from core.settings.fields import ConfigError, short
from core.settings.run import RunConfig
from core.settings.schema import check_value
from core.settings.start import PARTS, START
from core.settings.text import parse_value

OWN_OPTIONS = START | PARTS
Changes = dict[tuple[str, str, str], object]  # (label, "task" | "algorithm" | "run", field) -> value


def apply_overrides(runs: dict[str, RunConfig], settings: list[str]) -> dict[str, RunConfig]:
    """`runs` with each KEY=VALUE applied, all together; if a key is repeated, the last one counts. KEY is task.FIELD, algorithm.FIELD (all
    algorithms), LABEL.FIELD (one algorithm), or a field of the run such as learning_rate. ConfigError for the first invalid one, or for an
    invalid combination."""
    changes: Changes = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set must be KEY=VALUE, got {short(repr(setting))}; for example --set task.noise=0.1")
        changes |= read_override(runs, key.strip(), text.strip())
    return changed(runs, changes)


def changed(runs: dict[str, RunConfig], changes: Changes) -> dict[str, RunConfig]:
    """`runs` with all `changes` at once. ConfigError if the combination is invalid."""
    parts = {label: {"task": {}, "algorithm": {}, "run": {}} for label in runs}
    for (label, part, name), value in changes.items():
        parts[label][part][name] = value
    return {label: _changed(run, **parts[label]) for label, run in runs.items()}


def read_override(runs: dict[str, RunConfig], key: str, text: str) -> Changes:
    """The change that KEY=VALUE makes to each run that it applies to. ConfigError if it applies to none, or is invalid regardless of the
    other settings."""
    owner, dot, name = key.rpartition(".")
    if not dot or owner == "run":
        if name in OWN_OPTIONS:
            raise ConfigError(f"--set {short(key)}: {name} is not set this way; use {OWN_OPTIONS[name]}")
        return {(label, "run", name): _value(run, key, name, text) for label, run in runs.items()}
    if owner in ("task", "algorithm"):
        return {(label, owner, name): _value(getattr(run, owner), key, name, text) for label, run in runs.items()}
    for label, run in runs.items():
        if label.lower() == owner.lower():
            return {(label, "algorithm", name): _value(run.algorithm, key, name, text)}
    raise ConfigError(
        f"--set {short(key)}: unknown owner {short(repr(owner))}; begin with task., algorithm., run. or one of the labels "
        f"{', '.join(runs)}"
    )


def _changed(config: RunConfig, *, task: dict, algorithm: dict, run: dict) -> RunConfig:
    return replace(config, task=replace(config.task, **task), algorithm=replace(config.algorithm, **algorithm), **run)


def _value(config, key: str, name: str, text: str) -> object:
    known = settings_of(type(config))
    if name not in known:
        raise ConfigError(f"--set {short(key)}: unknown field {short(repr(name))}; {_suggest(name, config, known)}")
    value = parse_value(key, text, known[name])
    check_value(type(config), name, value, called=key)
    return value


def _suggest(name: str, config, known: dict) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    kind = "the algorithm" if isinstance(config, AlgorithmConfig) else "the run" if isinstance(config, RunConfig) else "the task"
    return f"{kind} has {', '.join(known)}"
