"""CSV and TSV: one column per metric; the Lab's own; W&B's history and exported panels (`core.logs.readers.wandb_panel`)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.cells import number
from core.logs.readers.groups import GroupedRows
from core.logs.readers.wandb_panel import is_panel, panel_runs
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source

DELIMITERS = (",", "\t", ";")
_UNNAMED = re.compile(r"|Unnamed: \d+|index", re.IGNORECASE)


def recognises(head: bytes, text: str) -> bool:
    """A header of two or more different names, most of them words, and rows with as many cells."""
    return _delimiter(text) is not None


def _delimiter(text: str) -> str | None:
    lines = text.lstrip("\ufeff").splitlines()[:20]
    for delimiter in DELIMITERS:
        rows = _parsed(lines, delimiter)
        if len(rows) < 2 or not len(rows[0]) >= 2 or len(set(rows[0])) < len(rows[0]) - 1:
            continue
        if sum(number(cell) is None for cell in rows[0]) < len(rows[0]) - len(rows[0]) // 4:
            continue
        if any(len(name) > 300 or "{" in name for name in rows[0]):
            continue
        if len(rows[1]) == len(rows[0]) and any(number(cell) is not None for cell in rows[1]):
            return delimiter
    return None


def _parsed(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


def read(source: Source, budget: Budget) -> Rows:
    delimiter = _delimiter(source_text(source))
    lines = csv.reader(source.lines(budget), delimiter=delimiter)
    header = next(_safely(lines))
    if is_panel(header):
        found = panel_runs(header, _safely(lines), source.name, budget)
    elif _is_runs_table(header):
        raise Refused(say(s.RUNS_TABLE, file=source.name))
    else:
        found = _history(header, _safely(lines), source.name, budget)
    return Rows(found.runs, [*found.notes, *source.left_out(budget)])


def source_text(source: Source) -> str:
    from core.logs.source import decoded

    return decoded(source.head())


def _safely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows that the csv module can take apart; it gives up on a cell of more than 131,072 characters."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            continue


def _history(header: list[str], lines: Iterator[list[str]], file: str, budget: Budget) -> Rows:
    rows = GroupedRows(file, budget)
    names = header[: budget.bounds.columns]
    kept = [(place, name) for place, name in enumerate(names) if not (place == 0 and _UNNAMED.fullmatch(name))]
    broken, first_broken = 0, 0
    for number_of_line, cells in enumerate(lines, 2):
        if len(cells) != len(header):
            if cells:
                broken += 1
                first_broken = first_broken or number_of_line
            if len(cells) < 2:
                continue
        have = len(cells)
        if not rows.add({name: cells[place] for place, name in kept if place < have and cells[place] != ""}):
            break
    found = rows.rows(file)
    if len(header) > len(names):
        found.notes.append(say(s.CUT_COLUMNS, file=file, limit=len(names), count=len(header) - len(names)))
    if broken:
        found.notes.append(say(s.BAD_LINES, file=file, count=broken, line=first_broken))
    return found


def _is_runs_table(header: list[str]) -> bool:
    names = {name.strip().lower() for name in header}
    return {"name", "state"} <= names and bool({"created", "runtime", "user", "sweep"} & names)


FORMAT = Format("a table", recognises, read)
