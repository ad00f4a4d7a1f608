"""Rows that hold one value each and say its name (MLflow's and Comet's exports, melted tables); files of one metric whose name is the file's
(TensorBoard's download, Neptune's export)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from core.logs.cells import number
from core.logs.steps import fold, rank

_NAMES = ("metric", "metric_name", "metricname", "key", "tag", "variable", "name")
_VALUES = ("value", "metric_value", "metricvalue")
_BESIDE = frozenset(("wall_time", "step", "value", "index", "timestamp", "time", "unnamed_0"))  # in a file of one metric
_DOWNLOAD = re.compile(r"run-(?P<run>.*?)[-_]tag-(?P<tag>.+)")


class LongRows:
    """`wide` gives a row under the name that it says, or that the file's name says, as the first row told. `run` is the run's name where the
    file holds one metric, else ""."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._keys: tuple[str, str] | None = None
        self._alone: tuple[str, str] | None = None  # metric, key of its values
        self._looked = False
        self.run = ""

    def wide(self, row: Mapping[str, object]) -> Mapping[str, object]:
        if not self._looked:
            self._looked, self._keys = True, _keys(row)
            if found := one_metric(self._file, row):
                self.run, *self._alone = found
        if self._alone is not None:
            metric, values = self._alone
            return {"step": next(cell for name, cell in row.items() if fold(name) == "step"), metric: row.get(values)}
        if self._keys is None:
            return row
        name, value = self._keys
        said = row.get(name)
        if not isinstance(said, str) or value not in row:
            return row
        return {**{k: v for k, v in row.items() if k not in self._keys}, said: row[value]}


def _keys(row: Mapping[str, object]) -> tuple[str, str] | None:
    """(the key of the names, the key of the values), None where a row holds several values."""
    by_fold = {fold(key): key for key in row}
    name = next((by_fold[n] for n in _NAMES if n in by_fold), None)
    value = next((by_fold[n] for n in _VALUES if n in by_fold), None)
    if name is None or value is None or not any(rank(key) is not None for key in row):
        return None
    said = row[name]
    return (name, value) if isinstance(said, str) and number(said) is None and number(row[value]) is not None else None


def one_metric(file: str, columns: Collection[str]) -> tuple[str, str, str] | None:
    """(run, metric, column of its values) of a file that holds one metric, whose name only the file's name says; None for any other."""
    folded = {fold(column): column for column in columns}
    if "value" not in folded or "step" not in folded or not folded.keys() <= _BESIDE:
        return None
    path = PurePosixPath(file)
    named = _DOWNLOAD.fullmatch(path.stem)
    folder = path.parent.as_posix()
    run = named["run"] if named and named["run"] != "." else "" if folder == "." else folder
    return run or "one metric per file", named["tag"] if named else path.stem, folded["value"]
