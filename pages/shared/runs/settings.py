"""A run's settings as flat text: what differs from the scenario, and what differs between runs. Independent of Streamlit.

Settings are the plain values that the history keeps (`core.runs.store.store.StoredRun.settings`), so those of another version can be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.engine.tasks import TASKS
from core.settings.diff import differences, flat
from core.settings.fields import value_text
from core.settings.from_scenario import LEFT, changes_text

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
    return Brief(task, score, values.get("replicas"), values.get("first_seed"), changes_text(scenario, label, settings))


def difference_rows(runs: Mapping[str, Mapping]) -> dict[str, dict[str, str]]:
    """Setting -> {label: value as text} for every setting in which not all of `runs`, label -> settings, agree."""
    table = differences(runs)
    return {path: {k: value_text(v) for k, v in row.items()} for path, row in table.items() if not path.startswith(LEFT)}
