"""Rows between two places at which the steps go back, in growing arrays; and what they are as a table."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from core.logs.model import Column, Table
from core.logs.steps import fold

TIMES = re.compile(r"(?:^|[/_ ])(?:time|times|timestamp|runtime|elapsed|created)(?:$|[/_ ])|^time", re.IGNORECASE)


class Segment:
    """Rows whose steps do not go back, of one kind; columns as growing arrays."""

    def __init__(self) -> None:
        self.steps = array("q")
        self.columns: dict[str, tuple[array, array]] = {}

    def add(self, step: int, values: list[tuple[str, float]]) -> None:
        row = len(self.steps)
        self.steps.append(step)
        for name, value in values:
            column = self.columns.get(name)
            if column is None:
                column = self.columns[name] = (array("q"), array("d"))
            column[0].append(row)
            column[1].append(value)

    def goes_back(self, step: int, values: list[tuple[str, float]]) -> bool:
        """Whether a row at `step` comes before what most of its names said last: a new start, and not another process's rows."""
        if not self.steps or step >= self.steps[-1]:
            return False
        later = 0
        for name, _ in values:
            column = self.columns.get(name)
            later += column is not None and self.steps[column[0][-1]] >= step
        return 2 * later > len(values)

    def table(self) -> tuple[Table, list[int]]:
        """Sorted by step, rows of one step merged, the later value kept; and the steps at which a name had two different values."""
        steps = np.array(self.steps, dtype=np.int64)
        if np.all(steps[1:] > steps[:-1]):
            columns = {n: Column(np.array(rows, dtype=np.int64), np.array(values)) for n, (rows, values) in self.columns.items()}
            return Table(steps, columns), []
        distinct, place = np.unique(steps, return_inverse=True)
        again: set[int] = set()
        columns = {}
        for name, (rows, values) in self.columns.items():
            where = place[np.frombuffer(rows, dtype=np.int64)]
            numbers = np.frombuffer(values, dtype=np.float64)
            if len(where) > 1 and not np.all(np.diff(where) > 0):
                order = np.argsort(where, kind="stable")
                where, numbers = where[order], numbers[order]
                same = where[1:] == where[:-1]
                differ = same & ~((numbers[1:] == numbers[:-1]) | (np.isnan(numbers[1:]) & np.isnan(numbers[:-1])))
                if not is_bookkeeping(name):
                    again.update(distinct[where[1:][differ]].tolist())
                last = np.append(~same, True)
                where, numbers = where[last], numbers[last]
            columns[name] = Column(np.array(where), np.array(numbers))
        return Table(distinct, columns), sorted(again)


class Start:
    """What was logged between two places at which the steps go back."""

    def __init__(self) -> None:
        self.training, self.other, self.evaluation = Segment(), Segment(), Segment()
        self.summary: dict[str, float] = {}
        self.ended = False


def base(name: str) -> str:
    """The last part of a name, which is a metric's in every framework's naming."""
    return name.rpartition("/")[2].lower()


@lru_cache(maxsize=10_000)
def is_bookkeeping(name: str) -> bool:
    """A counter or a time, which an evaluation row carries too."""
    return fold(base(name)) in ("epoch", "num_tokens", "step", "global_step") or bool(TIMES.search(name))


def only_bookkeeping(values: Iterable[tuple[str, object]]) -> bool:
    return all(is_bookkeeping(name) for name, _ in values)
