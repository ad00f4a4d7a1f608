"""JSON lines: one object per row. ms-swift, verl's file logger ({"step": n, "data": {…}}), prime-rl, tinker, ROLL, trackio's fragments."""

from __future__ import annotations

import json
import re

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers.flat import flat
from core.logs.readers.groups import GroupedRows
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Source

_BEGINS = re.compile(r"\s*\{\s*\"")


def recognises(head: bytes, text: str) -> bool:
    """The first line is an object of its own, or the file's only line is one without a list of rows in it."""
    if not _BEGINS.match(text):
        return False
    first, line_break, rest = text.lstrip().partition("\n")
    row = _object(first)
    if row is None:
        return False
    if line_break and rest.strip():
        return True
    return not any(isinstance(value, list) for value in row.values())


def read(source: Source, budget: Budget) -> Rows:
    rows = GroupedRows(source.name, budget)
    bad, first_bad, cut_off, line_number = 0, 0, False, 0
    for line_number, line in enumerate(source.lines(budget), 1):
        if not line or line.isspace():
            continue
        row = _object(line)
        if row is None:
            bad += 1
            first_bad = first_bad or line_number
            cut_off = True
            continue
        cut_off = False
        if not rows.add(flat(row)):
            break
    found = rows.rows(source.name)
    if cut_off:  # the last line: a file that is being written
        found.notes.append(say(s.CUT_OFF, file=source.name))
        bad -= 1
    if bad:
        found.notes.append(say(s.BAD_LINES, file=source.name, count=bad, line=first_bad))
    return Rows(found.runs, [*found.notes, *source.left_out(budget)])


def _object(line: str) -> dict | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


FORMAT = Format("JSON lines", recognises, read)
