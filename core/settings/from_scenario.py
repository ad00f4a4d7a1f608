"""What a run's settings differ in from those that its scenario has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from core.settings.diff import ABSENT, difference
from core.settings.fields import value_text
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS

LEFT = "fork.run."  # the settings of the run that a fork has left


def changes_from(scenario: str, label: str, settings: RunConfig | Mapping) -> tuple[dict[str, object], str]:
    """Setting -> its value now, for every one that is not as the scenario `scenario` has it; and the side of the scenario that this was
    compared with: `label`, or for a side that the scenario does not have the nearest one. KeyError for a scenario that is not known. A
    setting that is newer than the run, and those of the run that a fork has left, are left out."""
    found = {base: _now(difference(default, settings)) for base, default in _defaults(scenario).items()}
    base = label if label in found else min(found, key=lambda name: len(found[name]))
    return found[base], base


def changes_text(scenario: str, label: str, settings: RunConfig | Mapping) -> str:
    """The same in words: 'task.noise 0.1, first_seed 40', or 'none', and the side of the scenario where it has not this one."""
    if scenario not in SCENARIOS:
        return "the scenario is not known here"
    changes, base = changes_from(scenario, label, settings)
    words = ", ".join(f"{name.removeprefix('algorithm.')} {value_text(now)}" for name, now in changes.items()) or "none"
    return words if base == label else f"{words} (from {base})"


def _now(changes: Mapping[str, tuple[object, object]]) -> dict[str, object]:
    return {path: now for path, (_, now) in changes.items() if now != ABSENT and not path.startswith(LEFT)}


@cache
def _defaults(scenario: str) -> dict[str, RunConfig]:
    return SCENARIOS[scenario].runs()
