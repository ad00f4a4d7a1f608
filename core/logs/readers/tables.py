"""Tables in a text: HTML (also the one that a notebook prints), Markdown, and columns set apart by spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from itertools import chain

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.cells import number
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source
from core.logs.steps import rank

Cells = list[list[str]]

_SEPARATOR = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_TAG = re.compile(r"<(/?)(table|tr|td|th)\b[^<>]{0,1000}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{0,1000}>")
_GAP = re.compile(r" {2,}|\t")
_TWO_WORDS = re.compile(r"\b(Training|Validation|Train|No) (Loss|Log)\b")
MOST_TABLES = 1_000
LEAST_ROWS = 2
LONGEST_LINE = 100_000
LONGEST_SEPARATOR = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
LONGEST_CELL = 1_000


def html_tables(text: str, budget: Budget) -> list[Cells]:
    """Rows and cells of every table, in one pass over the tags: html.parser of Python 3.11 takes quadratic time on unclosed comments. A table
    within a table ends the outer one."""
    tables: list[Cells] = []
    begin, left = None, budget.bounds.points
    for tag in _TAG.finditer(text):
        closes, name = tag[1] == "/", tag[2].lower()
        if begin is not None:
            if not tables[-1]:
                tables[-1].append([])
            tables[-1][-1].append(unescape(_ANY_TAG.sub("", text[begin : min(tag.start(), begin + LONGEST_CELL)])).strip())
            begin, left = None, left - 1
        if left <= 0 or len(tables) > MOST_TABLES:
            break
        if name == "table" and not closes:
            tables.append([])
        elif name == "tr" and not closes and tables:
            tables[-1].append([])
        elif name in ("td", "th") and not closes and tables:
            begin = tag.end()
    return tables


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


def _is_separator(line: str) -> bool:
    line = line.strip()
    return "|" in line and len(line) < LONGEST_SEPARATOR and bool(_SEPARATOR.fullmatch(line))


def _split(line: str) -> list[str]:
    return [cell.strip().strip("`*") for cell in line.strip().strip("|").split("|")]


def _split_at_gaps(line: str) -> list[str]:
    return _GAP.split(line.strip())


def _split_at_spaces(line: str) -> list[str]:
    """Of a notebook's table that was pasted: its names and its `No Log` hold spaces themselves."""
    return _TWO_WORDS.sub(r"\1_\2", line.replace(" / ", "/")).split()


def aligned_tables(lines: list[str], split: Callable[[str], list[str]] = _split_at_gaps) -> Iterator[Cells]:
    """Two or more lines of numbers under a line of as many names, set apart by two spaces or a tab (or as `split` tells). A first column
    without a name (the index of a printed DataFrame) is dropped."""
    header: list[str] = []
    rows: Cells = []
    for line in [*lines, ""]:
        cells = split(line) if len(line) < LONGEST_LINE else []
        if header and len(cells) in (len(header), len(header) + 1):
            numbers = sum(number(cell) is not None for cell in cells)
            if numbers and 2 * numbers >= len(cells):
                rows.append(cells[len(cells) - len(header) :])
                continue
        if len(rows) >= LEAST_ROWS:
            yield [header, *rows]
        names = len(cells) >= 2 and all(number(cell) is None for cell in cells)
        header, rows = (cells if names else []), []


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
    return list(markdown_tables(lines)) or list(aligned_tables(lines)) or list(_pasted_tables(lines))


def _pasted_tables(lines: list[str]) -> Iterator[Cells]:
    """Single spaces between the cells: only below a header that begins with a step, since prose looks alike."""
    return (table for table in aligned_tables(lines, _split_at_spaces) if rank(table[0][0]) is not None and len(table[0]) > 2)


def recognises(head: bytes, text: str) -> bool:
    """A table of HTML or Markdown, or aligned columns, with a step in its header."""
    if "<table" in text.lower():
        return True
    lines = text.splitlines()
    tables = chain(markdown_tables(lines), aligned_tables(lines), _pasted_tables(lines))
    return any(rank(name) is not None for table in tables for name in table[0][:3])


def read(source: Source, budget: Budget) -> Rows:
    found = table_rows(text_tables(source.text(budget), budget), source.name, budget)
    if not found.runs:
        raise Refused(say(s.NO_ROWS, file=source.name, format="a table"))
    return found


FORMAT = Format("a table in a text", recognises, read)
