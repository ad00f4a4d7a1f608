"""Forks ("rescues"): runs that continue from another run's state with other settings, while the original continues unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.settings.diff import difference
from core.settings.run import Fork, RunConfig


def fork_points(config: RunConfig, last_update: int) -> list[int]:
    """The updates after which `config`'s run, trained up to `last_update`, can be forked: the ends of its rollouts, oldest first. A fork of
    a fork cannot begin before the fork did."""
    each = config.effective_updates_per_rollout
    return list(range(config.start + each, last_update + 1, each))


def make_fork(config: RunConfig, at: int, *, updates: int | None = None, **changes: object) -> RunConfig:
    """A run that continues `config`'s from its state after update `at`. `changes` are fields of the run, `algorithm` and `task` among them;
    `updates` is the last update (default: the original's budget; if the fork begins where that is spent, half as much again). ConfigError
    if the result is invalid."""
    budget: dict[str, int | None] = {} if updates is None else {"updates": updates, "samples": None}
    if updates is None and at >= config.most_updates:
        each = config.effective_updates_per_rollout
        budget = {"updates": at + max(1, at // 2 // each) * each}
        if config.samples is not None:
            budget = {"samples": config.samples * 3 // 2}
    return replace(config, **budget, fork=Fork(run=config, update=at), **changes)


def fork_changes(config: RunConfig) -> dict[str, object]:
    """The settings that a fork changed, by the names that `--set` takes. Empty for a run that is not a fork, or an unchanged one."""
    if config.fork is None:
        return {}
    changes = difference(config.fork.run, config)
    return {
        path: now for path, (_, now) in changes.items() if path not in ("updates", "samples") and not path.startswith("fork.")
    }


def stages(config: RunConfig, first_update: int) -> list[RunConfig]:
    """The settings of a run one after the other, whose history begins with `first_update`: more than one if they were changed in its course.
    Each later one is a fork of the one before. A fork beside its original, whose history begins where it left it, has one."""
    found = [config]
    while found[0].fork is not None and first_update <= found[0].fork.update:
        found.insert(0, found[0].fork.run)
    return found


def stage_at(config: RunConfig, first_update: int, update: int) -> RunConfig:
    """The settings that `update` of such a run was trained with."""
    return next((part for part in reversed(stages(config, first_update)) if update > part.start), config)


def originals(configs: Mapping[str, RunConfig]) -> dict[str, str]:
    """Label of a fork -> label of the run that it comes from, for those whose original is there too. The original may since have been
    given more updates, or fewer."""
    found = {}
    for label, config in configs.items():
        if config.fork is not None:
            known = (k for k, c in configs.items() if k != label and _same_budget(c, config.fork.run) == config.fork.run)
            if (original := next(known, None)) is not None:
                found[label] = original
    return found


def _same_budget(config: RunConfig, other: RunConfig) -> RunConfig:
    return replace(config, updates=other.updates, samples=other.samples)
