"""Tables that a logger draws in a console, one per step: a title `Step 3`, then a line `│ name │ value │` per metric (tinker-cookbook)."""

from __future__ import annotations

import re

_TITLE = re.compile(r"^\s{0,200}Step (\d{1,12})\s{0,200}$")
_ROW = re.compile(r"^\s{0,20}[│|┃]\s{0,20}(\S[^│|┃]{0,200}?)\s{0,200}[│|┃]\s{0,20}([^│|┃]{0,60}?)\s{0,200}[│|┃]\s{0,20}$")
MOST_ROWS = 5_000


class Boxes:
    """`feed` takes a line and gives the row of the table that ends with it."""

    def __init__(self) -> None:
        self._step = ""
        self._row: dict[str, object] = {}

    def feed(self, line: str) -> dict[str, object] | None:
        if self._step:
            if "│" in line:
                if (found := _ROW.match(line[:600])) and len(self._row) < MOST_ROWS:
                    self._row[found[1]] = found[2]
                return None
            if line.lstrip().startswith("└"):
                return self.end()
        if "Step " in line and (title := _TITLE.match(line[:450])):
            ended, self._step = self.end(), title[1]
            return ended
        return None

    def end(self) -> dict[str, object] | None:
        """The table that has begun, as far as it is there."""
        step, row = self._step, self._row
        self._step, self._row = "", {}
        return {**row, "step": step} if row else None
