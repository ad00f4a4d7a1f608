"""The session state of the page *Ablation ladder*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.shared.common.state import Key, Memo

if TYPE_CHECKING:
    from pages.shared.ladder.finished import Finished

LADDER: Key[str | None] = Key("ladder:comparison")  # the ladder shown on this page; Compare has a key of its own
REFUSED: Key[str | None] = Key("ladder:refused")  # why a ladder was not started, shown once
UNBOUND: Key[set[str]] = Key("ladder:unbound")  # widgets whose value in the address was not a number
FINISHED: Memo[Finished] = Memo("ladder:finished")
