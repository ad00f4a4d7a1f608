"""CSV and TSV: one column per metric; the Lab's own; W&B's history and exported panels (`core.logs.readers.wandb_panel`)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.cells import number, with_point
from core.logs.readers.groups import GroupedRows
from core.logs.readers.prefixed import side_by_side
from core.logs.readers.things import Things
from core.logs.readers.wandb_panel import PanelRows, is_panel
from core.logs.reading import Format, LineRows, Rows, read_lines
from core.logs.segments import is_bookkeeping
from core.logs.sentences import say
from core.logs.source import Refused, Source
from core.logs.steps import rank

DELIMITERS = (",", "\t", ";")
_UNNAMED = re.compile(r"|Unnamed: \d+|index", re.IGNORECASE)


def recognises(head: bytes, text: str) -> bool:
    """A header of two or more different names, most of them words, and rows with as many cells."""
    return _delimiter(_uncommented(text.lstrip("\ufeff").splitlines())[:20]) is not None


def _uncommented(lines: list[str]) -> list[str]:
    """Without the comments before the header; one above a row of numbers is the header itself (`numpy.savetxt`)."""
    first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    if first == len(lines) or first == 0:
        return lines[first:]
    above = lines[first - 1].lstrip("# ")
    for delimiter in DELIMITERS:
        cells = lines[first].split(delimiter)
        if len(cells) > 1 and len(above.split(delimiter)) == len(cells) and all(number(cell) is not None for cell in cells):
            return [above, *lines[first:]]
    return lines[first:]


def _delimiter(lines: list[str]) -> str | None:
    for delimiter in DELIMITERS:
        rows = _parsed(lines, delimiter)
        if len(rows) < 2 or len(rows[0]) < 2 or len(set(rows[0])) < len(rows[0]) - 1:
            continue
        if sum(number(cell) is None for cell in rows[0]) < len(rows[0]) - len(rows[0]) // 4:
            continue
        if any(len(name) > 300 or "{" in name for name in rows[0]):
            continue
        if len(rows[1]) == len(rows[0]) and any(number(cell) is not None for cell in rows[1]):
            return delimiter
    return None


def _is_axis(name: str) -> bool:
    return rank(name) is not None or is_bookkeeping(name)


def _parsed(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


class DelimitedRows(LineRows):
    """The delimiter is known with the second line: until then lines are kept."""

    def __init__(self, name: str, budget: Budget):
        self._name, self._budget = name, budget
        self._first: list[str] = []
        self._delimiter: str | None = None
        self._width = 0
        self._columns: list[tuple[int, str]] = []
        self._rows: GroupedRows | PanelRows = GroupedRows(name, budget)
        self._line = self._bad = self._first_bad = self._lost = 0
        self._last_bad = self._decimal_comma = False
        self._things: Things | None = None

    def feed(self, line: str) -> bool:
        self._line += 1
        if self._delimiter is None:
            if line.startswith("#") and len(self._first) == 1 and self._first[0].startswith("#"):
                self._first = []  # of the comments only the last may be the header
            self._first.append(line.lstrip("\ufeff") if not self._first else line)
            first = _uncommented(self._first)[-20:]
            self._delimiter = _delimiter(first)
            if self._delimiter is None:
                return True
            header, *lines = _parsed(first, self._delimiter)
            self._begin(header, lines)
            kept = [self._take(cells) for cells in lines]
            return all(kept)
        try:
            (cells,) = csv.reader([line], delimiter=self._delimiter) if line else ([],)
        except (csv.Error, ValueError):  # a cell of more than 131,072 characters
            cells = [line]
        return self._take(cells)

    def _begin(self, header: list[str], lines: list[list[str]]) -> None:
        names = {name.strip().lower() for name in header}
        if {"name", "state"} <= names and names & {"created", "runtime", "user", "sweep"}:
            raise Refused(say(s.RUNS_TABLE, file=self._name))
        written = [cell for line in lines for cell in line]
        self._decimal_comma = self._delimiter == ";" or (
            self._delimiter == "\t" and any(number(cell) is None and with_point(cell) != cell for cell in written)
        )
        kept = header[: self._budget.bounds.columns]
        self._lost, self._width = len(header) - len(kept), len(header)
        self._columns = [(place, name) for place, name in enumerate(kept) if place or not _UNNAMED.fullmatch(name)]
        if is_panel(header):
            self._rows = PanelRows(header, self._name, self._budget)
        elif (runs := side_by_side(header)) is not None:
            self._rows = PanelRows(header, self._name, self._budget, runs)
        self._things = None if any(_is_axis(name) for name in header) else Things(header)

    def _take(self, cells: list[str]) -> bool:
        have = len(cells)
        self._last_bad = bool(have) and have != self._width
        if self._last_bad:
            self._bad += 1
            self._first_bad = self._first_bad or self._line
        if have < 2:
            return True
        if self._decimal_comma:
            cells = [with_point(cell) for cell in cells]
        if self._things is not None:
            self._things.add(cells)
        if isinstance(self._rows, PanelRows):
            return self._rows.add(cells)
        return self._rows.add({name: cells[place] for place, name in self._columns if place < have and cells[place] != ""})

    def begin_again(self) -> None:
        """A new file has a header of its own."""
        self._first, self._delimiter = [], None
        if isinstance(self._rows, GroupedRows):
            self._rows.begin_again()

    def rows(self, *, ends_open: bool) -> Rows:
        if self._things is not None and (name := self._things.named_by()):
            raise Refused(say(s.RESULTS_TABLE, file=self._name, name=name))
        found = self._rows.rows(self._name)
        cut_off = ends_open and self._last_bad
        if self._lost:
            found.notes.append(say(s.CUT_COLUMNS, file=self._name, limit=self._budget.bounds.columns, count=self._lost))
        if cut_off:
            found.notes.append(say(s.CUT_OFF, file=self._name))
        if self._bad > cut_off:
            found.notes.append(say(s.BAD_LINES, file=self._name, count=self._bad - cut_off, line=self._first_bad))
        return found


def read(source: Source, budget: Budget) -> Rows:
    return read_lines(DelimitedRows, source, budget)


FORMAT = Format("a table", recognises, read, DelimitedRows)
