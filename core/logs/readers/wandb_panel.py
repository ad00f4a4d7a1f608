"""The CSV that W&B exports from a panel: an axis, then per run `RUN - METRIC` with `__MIN` and `__MAX` beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.reading import Rows
from core.logs.sentences import printable, say

AXES = ("step", "train/global_step", "epoch", "relative time (process)", "relative time (wall)", "wall time", "_step")
_BETWEEN = " - "
_BANDS = ("__MIN", "__MAX")
_GROUP = "Group: "


def is_panel(header: list[str]) -> bool:
    """The first column is an axis and every other one is `RUN - METRIC`."""
    return len(header) >= 2 and all(_BETWEEN in name for name in header[1:]) and _BETWEEN not in header[0]


def panel_runs(header: list[str], lines: Iterator[list[str]], file: str, budget: Budget) -> Rows:
    """One run per name. A run's own step column (`RUN - _step`) counts log calls and is a column like others where the axis is the
    trainer's step. Empty cells belong to other runs."""
    places: dict[str, list[tuple[int, str]]] = {}
    for place, name in enumerate(header[1 : budget.bounds.columns], 1):
        if not name.endswith(_BANDS):
            run, _, metric = name.rpartition(_BETWEEN)  # a run's name may hold " - ", a metric's does not
            places.setdefault(run, []).append((place, metric))
    names = list(places)[: budget.bounds.runs]
    collectors = {run: Collector(printable(run.removeprefix(_GROUP), 80), budget) for run in names}
    axis = header[0]
    for cells in lines:
        for run, collector in collectors.items():
            row = {metric: cells[place] for place, metric in places[run] if place < len(cells) and cells[place] != ""}
            if any(metric != "_step" for metric in row):
                collector.add({axis: cells[0], **row})
    found = Rows([], [say(s.SAMPLED, file=file)])
    for run, collector in collectors.items():
        runs, notes = collector.runs(file)
        found.runs.extend(replace(one, partial=True) for one in runs)
        found.notes.extend(note for note in notes if note not in found.notes)
        if run.startswith(_GROUP):
            found.notes.append(say(s.GROUPED, file=file, name=run))
    if len(places) > len(names):
        found.notes.append(say(s.CUT_RUNS, file=file, limit=len(names)))
    return found
