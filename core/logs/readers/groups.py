"""Rows that name the run they belong to: a column of runs, as in the Lab's CSV or trackio's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.readers.long_rows import LongRows
from core.logs.reading import Rows
from core.logs.sentences import printable, say

RUN_KEYS = ("run_id", "run_name", "run", "experiment", "experiment_name", "exp_name")
WITH_KEYS = ("algorithm", "seed")  # tell runs apart together with a run's name, or alone


class GroupedRows:
    """A collector per run that rows name, one for rows that name none."""

    def __init__(self, name: str, budget: Budget):
        self._name, self._budget = name, budget
        self._collectors: dict[tuple, Collector] = {}
        self._left_out = False
        self._long = LongRows(name)

    def add(self, row: Mapping[str, object]) -> bool:
        row = self._long.wide(row)
        key = tuple(str(row[k])[:80] for k in (*RUN_KEYS, *WITH_KEYS) if _names(row.get(k)))
        collector = self._collectors.get(key)
        if collector is None:
            if len(self._collectors) >= self._budget.bounds.runs:
                self._left_out = True
                return True
            collector = self._collectors[key] = Collector(self._called(row) if key else self._name, self._budget)
        return collector.add({k: v for k, v in row.items() if not _is_label(k, v)} if key else row)

    def begin_again(self) -> None:
        for collector in self._collectors.values():
            collector.begin_again()

    def _called(self, row: Mapping[str, object]) -> str:
        """The Lab's rows by label and seed; others by the first name that they have."""
        said = {key: str(row[key]) for key in (*RUN_KEYS, *WITH_KEYS) if _names(row.get(key))}
        if "algorithm" in said and "seed" in said:
            return printable(f"{said['algorithm']}, seed {said['seed']}", 60)
        key, name = next(iter(said.items()))
        return printable(f"seed {name}" if key == "seed" else name, 60)

    def rows(self, file: str) -> Rows:
        found = Rows([], [say(s.CUT_RUNS, file=file, limit=self._budget.bounds.runs)] if self._left_out else [])
        for collector in self._collectors.values():
            runs, notes = collector.runs(file)
            if self._long.run:
                runs = [replace(run, name=self._long.run, partial=True) for run in runs]
            found.runs.extend(run for run in runs if run.training.columns or run.evaluation.columns)
            found.notes.extend(note for note in notes if note not in found.notes)
        return found


def _is_label(name: str, value: object) -> bool:
    return name in WITH_KEYS or (name in RUN_KEYS and isinstance(value, str))


def _names(value: object) -> bool:
    """A run is named by a text or a whole number."""
    return (isinstance(value, str) and value != "") or type(value) is int
