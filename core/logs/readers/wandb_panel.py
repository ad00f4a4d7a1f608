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


def _of_panel(header: list[str]) -> dict[int, tuple[str, str]]:
    names = {place: name.rpartition(_BETWEEN) for place, name in enumerate(header) if place and not name.endswith(_BANDS)}
    return {place: (run, metric) for place, (run, _, metric) in names.items()}  # a run's name may hold " - ", a metric's does not


class PanelRows:
    """One run per name. A run's own step column (`RUN - _step`) counts log calls and is a column like others where the axis is the
    trainer's step. Empty cells belong to other runs."""

    def __init__(self, header: list[str], file: str, budget: Budget, found: dict[int, tuple[str, str]] | None = None):
        """`found`: run and metric of each column, of a table that is no export of W&B's."""
        self._exported = found is None
        self._places: dict[str, list[tuple[int, str]]] = {}
        for place, (run, metric) in (_of_panel(header) if found is None else found).items():
            if place < budget.bounds.columns:
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
        found = Rows([], [say(s.SAMPLED, file=file)] if self._exported else [])
        for run, collector in self._collectors.items():
            runs, notes = collector.runs(file)
            found.runs.extend(replace(one, partial=self._exported) for one in runs)
            found.notes.extend(note for note in notes if note not in found.notes)
            if run.startswith(_GROUP):
                found.notes.append(say(s.GROUPED, file=file, name=run))
        if len(self._places) > len(self._collectors):
            found.notes.append(say(s.CUT_RUNS, file=file, limit=len(self._collectors)))
        return found
