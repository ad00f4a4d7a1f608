"""What a reader gives back: runs, each a table of training rows, one of evaluation rows, and sentences on what it is.

S is the number of rows of a table; a column is kept sparse, since a framework logs most names on some rows only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from core.logs.sentences import Sentence

UPDATE, ROLLOUT = "update", "rollout"


@dataclass(frozen=True)
class Column:
    """The values of one name in the order of the rows. NaN and infinity are as logged; a row that is not in `rows` logged nothing."""

    rows: np.ndarray  # (n,) int64, rising
    values: np.ndarray  # (n,) float64


@dataclass(frozen=True)
class Table:
    """S rows with rising steps."""

    steps: np.ndarray  # (S,) int64
    columns: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.steps)

    def values(self, name: str) -> np.ndarray:
        """(S,) float64, NaN where the name was not logged or was logged as NaN. KeyError for an unknown name."""
        dense = np.full(len(self.steps), np.nan)
        column = self.columns[name]
        dense[column.rows] = column.values
        return dense

    def logged(self, name: str) -> np.ndarray:
        """(S,) bool: the row says something about the name, be it NaN."""
        present = np.zeros(len(self.steps), dtype=bool)
        present[self.columns[name].rows] = True
        return present

    def where(self, keep: np.ndarray) -> Table:
        """The rows on which `keep`, (S,) bool, is true; columns without a value there are dropped."""
        place = np.cumsum(keep) - 1
        columns = {}
        for name, column in self.columns.items():
            stays = keep[column.rows]
            if stays.any():
                columns[name] = Column(place[column.rows[stays]], column.values[stays])
        return Table(self.steps[keep], columns)

    def split(self, names: list[str]) -> tuple[Table, Table]:
        """The table without the columns `names`, and a table of these alone on the rows that have one of them."""
        without = Table(self.steps, {n: c for n, c in self.columns.items() if n not in names})
        alone = Table(self.steps, {n: self.columns[n] for n in names})
        keep = np.zeros(len(self.steps), dtype=bool)
        for column in alone.columns.values():
            keep[column.rows] = True
        return without, alone.where(keep)

    def before(self, step: int) -> Table:
        return self.where(self.steps < step)

    def then(self, other: Table) -> Table:
        """These rows and, after them, those of `other`, whose steps are all later."""
        shift = len(self.steps)
        columns = dict(self.columns)
        for name, column in other.columns.items():
            mine = columns.get(name)
            rows, values = column.rows + shift, column.values
            columns[name] = (
                Column(rows, values)
                if mine is None
                else Column(np.concatenate([mine.rows, rows]), np.concatenate([mine.values, values]))
            )
        return Table(np.concatenate([self.steps, other.steps]), columns)

    @property
    def points(self) -> int:
        return sum(len(c.rows) for c in self.columns.values())


EMPTY_TABLE = Table(np.empty(0, dtype=np.int64), MappingProxyType({}))


@dataclass(frozen=True)
class Guess:
    """Which framework wrote a log. `sure` is "sure", "likely" or "unknown"; `because` the names that speak for it."""

    name: str
    sure: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """What a column was taken for: a metric of the Lab (or of `core.logs.names.EXTRA`), how its values become that metric's, and how the
    definition differs from the Lab's."""

    metric: str
    conversion: str = "same"
    note: str = ""


@dataclass(frozen=True)
class RawRun:
    """One run as it stands in a file, before its names are understood."""

    name: str
    training: Table
    evaluation: Table = EMPTY_TABLE
    summary: Mapping[str, float] = field(default_factory=dict)
    step_key: str = ""  # the name of the step column, "" if the rows were counted
    step_unit: str = ""  # what a step counts where the format says it; "" = the framework tells
    partial: bool = False  # one panel of a run: that a metric is absent says nothing
    notes: tuple[Sentence, ...] = ()
