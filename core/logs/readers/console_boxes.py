"""Blocks of lines that a logger prints per step: a title `Step 3` or `=== Step 3/100 ===`, then per metric a line of a drawn table,
`│ name │ value │` (tinker-cookbook), or an item, `• name: value` (NeMo-RL)."""

from __future__ import annotations

import re

_TITLE = re.compile(r"^[\s=#*-]{0,200}Step (\d{1,12})(?:\s?/\s?\d{1,12})?[\s=#*:-]{0,200}$")
_ROW = re.compile(r"^\s{0,20}[│|┃]\s{0,20}(\S[^│|┃]{0,200}?)\s{0,200}[│|┃]\s{0,20}([^│|┃]{0,60}?)\s{0,200}[│|┃]\s{0,20}$")
_ITEM = re.compile(r"^(?:\s{0,20}[•*-]\s{1,4}|\s{2,20})([A-Za-z][^:]{0,100}?)\s?:\s{1,20}(\S{1,40})\s{0,20}$")
MOST_ROWS = 5_000


class Boxes:
    """`feed` takes a line and gives the row of the block that ends with it, `begun` the row of the one that has begun."""

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
            if ":" in line and (found := _ITEM.match(line[:300])) and len(self._row) < MOST_ROWS:
                self._row.setdefault(found[1], found[2])
        if "Step " in line and (title := _TITLE.match(line[:450])):
            ended, self._step = self.end(), title[1]
            return ended
        return None

    def begun(self) -> dict[str, object] | None:
        return {**self._row, "step": self._step} if self._row else None

    def end(self) -> dict[str, object] | None:
        """The block that has begun, as far as it is there."""
        row = self.begun()
        self._step, self._row = "", {}
        return row
