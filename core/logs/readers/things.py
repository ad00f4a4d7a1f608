"""Tables whose rows are no moments of a training: results of models or settings, one row each."""

from __future__ import annotations

import re

from core.logs.cells import number

MOST_ROWS = 1_000  # that are looked at
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]|\d{1,2}:\d{2}")


class Things:
    """Columns of words of which no two rows have the same."""

    def __init__(self, header: list[str]):
        self._header = header
        self._seen: dict[int, set[str]] = {place: set() for place in range(len(header))}
        self._rows = 0

    def add(self, cells: list[str]) -> None:
        if self._rows == MOST_ROWS:
            return
        self._rows += 1
        for place in list(self._seen):
            cell = cells[place].strip() if place < len(cells) else ""
            if not cell or number(cell) is not None or _DATE.match(cell) or cell in self._seen[place]:
                del self._seen[place]
            else:
                self._seen[place].add(cell)

    def named_by(self) -> str:
        """The column that names each row, "" if there is none, or only one row."""
        return next((self._header[place] or "the first column" for place in self._seen), "") if self._rows > 1 else ""
