"""Tables in a text: HTML (also the one that a notebook prints), Markdown, and columns set apart by spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.cells import number
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source
from core.logs.steps import rank

Cells = list[list[str]]

_SEPARATOR = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*$")
_GAP = re.compile(r" {2,}|\t")
MOST_TABLES = 1_000
LEAST_ROWS = 2
LONGEST_LINE = 100_000


class _Tables(HTMLParser):
    """Collects the cells of every table; a table within a table counts as one of its own."""

    def __init__(self, most_cells: int):
        super().__init__(convert_charrefs=True)
        self.tables: list[Cells] = []
        self._open: list[Cells] = []
        self._cell: list[str] | None = None
        self._left = most_cells

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "table" and len(self.tables) < MOST_TABLES:
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open and self._left > 0:
            self._left -= 1
            self._close_cell()
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is not None and self._open:
            if not self._open[-1]:
                self._open[-1].append([])
            self._open[-1][-1].append("".join(self._cell).strip())
        self._cell = None


def html_tables(text: str, budget: Budget) -> list[Cells]:
    parser = _Tables(most_cells=budget.bounds.points)
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, ValueError):  # html.parser on broken declarations; what came before is kept
        pass
    return parser.tables


def markdown_tables(lines: list[str]) -> Iterator[Cells]:
    """Header, a line of dashes, rows."""
    place = 1
    while place < len(lines):
        if (
            len(lines[place]) < LONGEST_LINE
            and "|" in lines[place]
            and _SEPARATOR.match(lines[place])
            and "|" in lines[place - 1]
        ):
            rows = [_split(lines[place - 1])]
            place += 1
            while place < len(lines) and "|" in lines[place]:
                rows.append(_split(lines[place]))
                place += 1
            yield rows
        place += 1


def _split(line: str) -> list[str]:
    return [cell.strip().strip("`*") for cell in line.strip().strip("|").split("|")]


def aligned_tables(lines: list[str]) -> Iterator[Cells]:
    """Two or more lines of numbers under a line of as many names, set apart by two spaces or a tab. A first column without a name (the
    index of a printed DataFrame) is dropped."""
    header: list[str] = []
    rows: Cells = []
    for line in [*lines, ""]:
        cells = _GAP.split(line.strip()) if len(line) < LONGEST_LINE else []
        numbers = sum(number(cell) is not None for cell in cells)
        if header and numbers and 2 * numbers >= len(cells) and len(cells) in (len(header), len(header) + 1):
            rows.append(cells[len(cells) - len(header) :])
            continue
        if len(rows) >= LEAST_ROWS:
            yield [header, *rows]
        header, rows = (cells if len(cells) >= 2 and not numbers else []), []


def table_rows(tables: list[Cells], file: str, budget: Budget) -> Rows:
    """A run per table whose header names a step or a metric; a table that goes on under the same header belongs to the one before."""
    found = Rows([])
    collectors: dict[tuple[str, ...], Collector] = {}
    for table in tables:
        table = [row for row in table if row]
        if len(table) < LEAST_ROWS or not any(rank(name) is not None for name in table[0][:3]):
            continue
        header = tuple(table[0][: budget.bounds.columns])
        if header not in collectors:
            if len(collectors) >= budget.bounds.runs:
                found.notes.append(say(s.CUT_RUNS, file=file, limit=budget.bounds.runs))
                break
            collectors[header] = Collector(file, budget)
        for row in table[1:]:
            if not collectors[header].add({name: cell for name, cell in zip(header, row, strict=False) if cell}):
                break
    for collector in collectors.values():
        runs, notes = collector.runs(file)
        found.runs.extend(run for run in runs if run.training.columns or run.evaluation.columns)
        found.notes.extend(note for note in notes if note not in found.notes)
    return found


def text_tables(text: str, budget: Budget) -> list[Cells]:
    if "<table" in text.lower():
        return html_tables(text, budget)
    lines = text.splitlines()
    return list(markdown_tables(lines)) or list(aligned_tables(lines))


def recognises(head: bytes, text: str) -> bool:
    """A table of HTML or Markdown, or aligned columns, with a step in its header."""
    if "<table" in text.lower():
        return True
    lines = text.splitlines()
    tables = [*markdown_tables(lines), *aligned_tables(lines)]
    return any(rank(name) is not None for table in tables for name in table[0][:3])


def read(source: Source, budget: Budget) -> Rows:
    found = table_rows(text_tables(source.text(budget), budget), source.name, budget)
    if not found.runs:
        raise Refused(say(s.NO_ROWS, file=source.name, format="a table"))
    return found


FORMAT = Format("a table in a text", recognises, read)
