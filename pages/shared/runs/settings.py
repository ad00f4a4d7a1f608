"""A run's settings as flat text: what differs from the scenario, and what differs between runs. Independent of Streamlit.

Settings are the plain values that the history keeps (`core.runs.store.store.StoredRun.settings`), so those of another version can be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.engine.tasks import TASKS
from core.settings.diff import ABSENT, difference, differences, flat
from core.settings.fields import value_text
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS

LEFT = "fork.run."  # the settings of the run that a fork has left
UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class Brief:
    """A run's settings as the table shows them."""

    task: str
    score_name: str
    replicas: int | None
    first_seed: int | None
    changes: str  # from the scenario's defaults, in words


NO_BRIEF = Brief("", "", None, None, "")  # of a run that is none of the Lab's


def brief(scenario: str, label: str, settings: Mapping | None) -> Brief:
    """The settings of a run of `scenario` with the side `label`; None = they are damaged or gone."""
    if not settings:
        return Brief("", "", None, None, UNREADABLE)
    values = flat(settings)
    task = str(values.get("task.name", ""))
    score = TASKS[task][1].score_name if task in TASKS else ""
    return Brief(task, score, values.get("replicas"), values.get("first_seed"), changes(scenario, label, settings))


def changes(scenario: str, label: str, settings: Mapping) -> str:
    """'task.noise 0.1, first_seed 40', or 'none'. A side that the scenario does not have is compared with the one of it that is nearest,
    which is named. A setting that is newer than the run is left out."""
    defaults = _defaults(scenario)
    if not defaults:
        return "the scenario is not known here"
    differing = {base: _told(difference(default, settings)) for base, default in defaults.items()}
    base = label if label in defaults else min(differing, key=lambda name: len(differing[name]))
    words = ", ".join(f"{name.removeprefix('algorithm.')} {value_text(now)}" for name, now in differing[base].items()) or "none"
    return words if base == label else f"{words} (from {base})"


def _told(changes: Mapping[str, tuple[object, object]]) -> dict[str, object]:
    """Setting -> its value now. Left out: what the run does not have, and the settings of the run that a fork has left."""
    return {path: now for path, (_, now) in changes.items() if now != ABSENT and not path.startswith(LEFT)}


@cache
def _defaults(scenario: str) -> dict[str, RunConfig]:
    """Label -> default settings; {} for a scenario that is not known."""
    known = SCENARIOS.get(scenario)
    return known.runs() if known else {}


def difference_rows(runs: Mapping[str, Mapping]) -> dict[str, dict[str, str]]:
    """Setting -> {label: value as text} for every setting in which not all of `runs`, label -> settings, agree."""
    table = differences(runs)
    return {path: {k: value_text(v) for k, v in row.items()} for path, row in table.items() if not path.startswith(LEFT)}
