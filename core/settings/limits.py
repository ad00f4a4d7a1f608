"""Limits on what one visitor, and all visitors together, may request from a public server. On a private machine there are none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.settings.fields import ConfigError
from core.settings.run import RunConfig

HOSTED_VARIABLE = "DAPO_LAB_HOSTED"
PREFIX = "DAPO_LAB_LIMIT_"  # DAPO_LAB_LIMIT_REPLICAS=8 changes one limit of a hosted server


def limit(text: str) -> int | None:
    """A limit that is off unless it is given; `text` describes it for the page, with {} for the number."""
    return field(default=None, metadata={"text": text})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every field: a whole number of at least 1, or None for no limit. ConfigError otherwise."""

    comparisons_per_visitor: int | None = limit("{} of your comparisons at a time")
    comparisons: int | None = limit("{} comparisons of all visitors at a time")
    sides: int | None = limit("{} runs in a comparison")
    replicas: int | None = limit("{} seeds")
    updates: int | None = limit("{} updates per run")
    completions: int | None = limit("{} completions per rollout (prompts x group size)")
    width: int | None = limit("a model of width {}")
    memory_mb: int | None = limit("{} MB of memory per run")
    rollout_work: int | None = limit("{} billion multiply-adds per rollout")
    evaluation_work: int | None = limit("{} billion multiply-adds per evaluation")
    preparation_work: int | None = limit("{} billion multiply-adds to prepare a base model")
    run_seconds: int | None = limit("{} seconds of training per run")
    paused_seconds: int | None = limit("a comparison ends when it has been paused for {} seconds")
    retention_hours: int | None = limit("results are deleted after {} hours")
    logs_mb: int | None = limit("{} MB of logs of all visitors; the oldest are deleted first")
    sweeps: int | None = limit("{} sweeps of all visitors at a time, one of each")
    sweep_cells: int | None = limit("{} cells in a map, counted for each side")
    sweep_seconds: int | None = limit("{} seconds of processor time per sweep")

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise ConfigError(f"limit {f.name} must be a whole number of at least 1, got {value!r}; correct it")

    def check(self, runs: Mapping[str, RunConfig]) -> None:
        """ConfigError if these runs ask for more than one comparison may. Memory and work are checked by `core.engine.cost.check`, which
        estimates them."""
        self._within("sides", len(runs), "leave some out")
        for run in runs.values():
            self._within("replicas", run.replicas, "choose fewer seeds")
            self._within("updates", run.most_updates, "choose fewer updates" if run.samples is None else "choose fewer samples")
            self._within("completions", run.num_prompts * run.group_size, "choose fewer prompts or smaller groups")
            self._within("width", getattr(run.task, "width", 1), "choose a smaller model")

    def texts(self) -> list[str]:
        """The limits that are on, each as a short phrase."""
        found = ((f.metadata["text"], getattr(self, f.name)) for f in dataclasses.fields(self))
        return [text.format(f"{value:,}") for text, value in found if value is not None]

    def _within(self, name: str, value: int, remedy: str) -> None:
        bound = getattr(self, name)
        if bound is not None and value > bound:
            raise ConfigError(
                f"{name} must be at most {bound} on this shared server, got {value}; {remedy}, or run it on your own machine"
            )


NONE = Limits()
HOSTED = Limits(
    comparisons_per_visitor=3,
    comparisons=40,
    sides=12,
    replicas=64,
    updates=6000,
    completions=1024,
    width=64,
    memory_mb=400,
    rollout_work=200,
    evaluation_work=200,
    preparation_work=1000,
    run_seconds=240,
    paused_seconds=900,
    retention_hours=72,
    logs_mb=500,
    sweeps=8,
    sweep_cells=120,
    sweep_seconds=900,
)


def limits_from(environment: Mapping[str, str]) -> Limits:
    """The limits that the environment variables set. ConfigError for an invalid value."""
    switch = environment.get(HOSTED_VARIABLE, "").strip().lower()
    if switch in ("", "0", "false", "no", "off"):
        return NONE
    if switch not in ("1", "true", "yes", "on"):
        raise ConfigError(f"{HOSTED_VARIABLE} must be 1 or 0, got {switch!r}; set one of them")
    changes = {}
    for f in dataclasses.fields(Limits):
        text = environment.get(PREFIX + f.name.upper())
        if text is not None:
            try:
                changes[f.name] = None if text.strip().lower() == "none" else int(text)
            except ValueError:
                raise ConfigError(f"{PREFIX}{f.name.upper()} must be a whole number or none, got {text!r}; correct it") from None
    return replace(HOSTED, **changes)
