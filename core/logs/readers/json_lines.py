"""JSON lines: one object per row. ms-swift, verl's file logger ({"step": n, "data": {…}}), prime-rl, tinker, ROLL, trackio's fragments."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.readers.console import ConsoleRows
from core.logs.readers.console_lines import PAIR, is_measured
from core.logs.readers.flat import flat
from core.logs.readers.groups import GroupedRows
from core.logs.readers.json_tables import tables_in
from core.logs.reading import Format, LineRows, Rows, read_lines
from core.logs.sentences import say
from core.logs.source import Refused, Source

_PRINTED = ("log", "message", "msg", "text", "line")  # a printed line, in the logs of containers and of logging libraries
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
    return not tables_in(row) and not any(isinstance(value, list) for value in row.values())


class JsonLineRows(LineRows):
    def __init__(self, name: str, budget: Budget):
        self._name = name
        self._rows = GroupedRows(name, budget)
        self._printed = ConsoleRows(name, budget)  # what a container's log holds line by line
        self._line = self._bad = self._first_bad = 0
        self._cut_off = False
        self._last = ""  # the last line, if it is damaged

    def feed(self, line: str) -> bool:
        self._line += 1
        if not line or line.isspace():
            return True
        row = _object(line)
        self._cut_off = row is None
        if row is None:
            self._bad += 1
            self._last = line
            self._first_bad = self._first_bad or self._line
            return True
        for name in _PRINTED:
            if isinstance(text := row.get(name), str):
                for part in text.splitlines():
                    self._printed.feed(part)
        return self._rows.add(_of_verl(row["data"], row["step"]) if _is_of_verl(row) else flat(row))

    def begin_again(self) -> None:
        self._rows.begin_again()
        self._printed.begin_again()

    def rows(self, *, ends_open: bool) -> Rows:
        if self._cut_off:
            self._rows.add(dict(PAIR.findall(self._last)))
            self._last = ""
        found = self._rows.rows(self._name)
        columns = (name for run in found.runs for name in (*run.training.columns, *run.evaluation.columns))
        if not any(map(is_measured, columns)) and all(note.template != s.SAMPLES for note in found.notes):
            with suppress(Refused):
                found = self._printed.rows(ends_open=False)
        if self._cut_off:
            found.notes.append(say(s.CUT_OFF, file=self._name))
        if self._bad > self._cut_off:
            found.notes.append(say(s.BAD_LINES, file=self._name, count=self._bad - self._cut_off, line=self._first_bad))
        return found


def _is_of_verl(row: dict) -> bool:
    return row.keys() == {"step", "data"} and isinstance(row["data"], dict)


def _of_verl(values: dict, step: object) -> dict:
    """verl's file logger: from 0.9.1 on it writes null for NaN and infinity, which JSON has not; what it did not measure it leaves out."""
    row = flat({"step": step, "data": values})
    return {name: math.nan if value is None else value for name, value in row.items()}


def _object(line: str) -> dict | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def read(source: Source, budget: Budget) -> Rows:
    return read_lines(JsonLineRows, source, budget)


FORMAT = Format("JSON lines", recognises, read, JsonLineRows)
