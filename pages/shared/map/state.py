"""The session state of the page *Map of collapse*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.shared.common.state import Key, KeyFamily, Lifetime, Memo

if TYPE_CHECKING:
    from core.sweep.grid import Grid

ASKED: Key[dict | None] = Key("map:asked")  # the parameters of the address that were read last
CHOSEN: Key[str | None] = Key("map:chosen")  # the name of a shipped map, or OWN
REFUSED: Key[str | None] = Key("map:refused")  # why a sweep was not started, shown once
CELL: Key[tuple | None] = Key("map:cell")  # the cell that is looked at
CLICKED: KeyFamily[tuple | None] = KeyFamily("map:clicked:{}")  # of each chart: the cell that was clicked last
GRID: Memo[Grid] = Memo("map:grid")
FIELD: KeyFamily[str | None] = KeyFamily("map:field:{}", None, Lifetime.LASTING_WIDGET)  # the fields of the form
