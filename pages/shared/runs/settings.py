"""A run's settings as flat text: what differs from the scenario, and what differs between runs. Nothing here knows Streamlit.

Settings are the plain values that the history keeps (`core.runs.store.store.StoredRun.settings`), so those of another version can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.engine.tasks import TASKS
from core.settings.fields import value_text
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_to_json

ABSENT = "–"  # a task does not have the setting
UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class Brief:
    """What the table says about a run's settings."""

    task: str
    score_name: str
    replicas: int | None
    first_seed: int | None
    changes: str  # from the scenario's defaults, in words


def brief(scenario: str, label: str, settings: Mapping | None) -> Brief:
    """The settings of a run of `scenario` with the side `label`; None = they are damaged or gone."""
    if not settings:
        return Brief("", "", None, None, UNREADABLE)
    flat = flatten(settings)
    task = str(flat.get("task.name", ""))
    score = TASKS[task][1].score_name if task in TASKS else ""
    return Brief(task, score, flat.get("replicas"), flat.get("first_seed"), changes(scenario, label, flat))


def flatten(settings: Mapping) -> dict[str, object]:
    """{"task": {"noise": 0.1}, "updates": 9} -> {"task.noise": 0.1, "updates": 9}: names as the command line and links have them, but
    for the algorithm's, which there carry its label."""
    flat: dict[str, object] = {}
    for name, value in settings.items():
        flat |= {f"{name}.{part}": v for part, v in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def changes(scenario: str, label: str, flat: Mapping[str, object]) -> str:
    """'task.noise 0.1, first_seed 40', or 'none'. A side that the scenario does not have is compared with the one of it that is nearest,
    which is named. A setting that is newer than the run is left out."""
    defaults = _defaults(scenario)
    if not defaults:
        return "the scenario is not known here"
    differing = {base: [n for n, v in flat.items() if v != default.get(n, ABSENT)] for base, default in defaults.items()}
    base = label if label in defaults else min(differing, key=lambda name: len(differing[name]))
    words = ", ".join(f"{name.removeprefix('algorithm.')} {value_text(flat[name])}" for name in differing[base]) or "none"
    return words if base == label else f"{words} (from {base})"


@cache
def _defaults(scenario: str) -> dict[str, dict[str, object]]:
    """Label -> flat default settings; {} for a scenario that is not known."""
    known = SCENARIOS.get(scenario)
    runs = known.runs() if known else {}
    return {label: flatten(json.loads(config_to_json(run))) for label, run in runs.items()}


def differences(runs: Mapping[str, Mapping]) -> dict[str, dict[str, str]]:
    """Setting -> {label: value as text} for every setting in which not all of `runs`, label -> settings, agree."""
    flat = {label: flatten(settings) for label, settings in runs.items()}
    names = dict.fromkeys(name for values in flat.values() for name in values)
    table = {n: {label: value_text(values[n]) if n in values else ABSENT for label, values in flat.items()} for n in names}
    return {name: row for name, row in table.items() if len(set(row.values())) > 1}
