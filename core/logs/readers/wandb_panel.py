"""The CSV that W&B exports from a panel: an axis, then per run `RUN - METRIC` with `__MIN` and `__MAX` beside it."""

from __future__ import annotations

from dataclasses import replace

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.reading import Rows
from core.logs.sentences import printable, say

_BETWEEN = " - "
_BANDS = ("__MIN", "__MAX")
_GROUP = "Group: "


def is_panel(header: list[str]) -> bool:
    """The first column is an axis and every other one is `RUN - METRIC`."""
    return len(header) >= 2 and all(_BETWEEN in name for name in header[1:]) and _BETWEEN not in header[0]


class PanelRows:
    """One run per name. A run's own step column (`RUN - _step`) counts log calls and is a column like others where the axis is the
    trainer's step. Empty cells belong to other runs."""

    def __init__(self, header: list[str], file: str, budget: Budget):
        self._places: dict[str, list[tuple[int, str]]] = {}
        for place, name in enumerate(header[1 : budget.bounds.columns], 1):
            if not name.endswith(_BANDS):
                run, _, metric = name.rpartition(_BETWEEN)  # a run's name may hold " - ", a metric's does not
                self._places.setdefault(run, []).append((place, metric))
        self._axis = header[0]
        names = list(self._places)[: budget.bounds.runs]
        self._collectors = {run: Collector(printable(run.removeprefix(_GROUP), 80), budget) for run in names}

    def add(self, cells: list[str]) -> bool:
        kept = True
        for run, collector in self._collectors.items():
            row = {metric: cells[place] for place, metric in self._places[run] if place < len(cells) and cells[place] != ""}
            if any(metric != "_step" for metric in row):
                kept = collector.add({self._axis: cells[0], **row}) and kept
        return kept

    def rows(self, file: str) -> Rows:
        found = Rows([], [say(s.SAMPLED, file=file)])
        for run, collector in self._collectors.items():
            runs, notes = collector.runs(file)
            found.runs.extend(replace(one, partial=True) for one in runs)
            found.notes.extend(note for note in notes if note not in found.notes)
            if run.startswith(_GROUP):
                found.notes.append(say(s.GROUPED, file=file, name=run))
        if len(self._places) > len(self._collectors):
            found.notes.append(say(s.CUT_RUNS, file=file, limit=len(self._collectors)))
        return found
