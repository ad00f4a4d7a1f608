"""What the page *Ablation ladder* keeps in a tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.shared.common.state import Key, Memo

if TYPE_CHECKING:
    from pages.shared.ladder.finished import Finished

LADDER: Key[str | None] = Key("ladder:comparison")  # this page's own: what Compare looks at is another matter
REFUSED: Key[str | None] = Key("ladder:refused")  # why a ladder was not started, told once
UNBOUND: Key[set[str]] = Key("ladder:unbound")  # widgets for which the address had no number
FINISHED: Memo[Finished] = Memo("ladder:finished")
