"""The session state of the page *Inspect a step*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.shared.common.state import Key, KeyFamily, Lifetime, Memo

if TYPE_CHECKING:
    from pages.shared.inspect_step.place import Place

PLACE: Key[Place | None] = Key("inspect_place")
PROBLEMS: Key[list[str]] = Key("inspect_problems")  # what was wrong with the address, a sentence each
WRITTEN: Key[dict[str, str] | None] = Key("inspect_written")  # the address as this page has written it last
LANDMARKS: Memo[dict[str, int]] = Memo("inspect_landmarks")  # words -> update
GROUP: Key[int] = Key("inspect:group", None, Lifetime.WIDGET)
BATCH: Key[dict] = Key("inspect:batch", None, Lifetime.WIDGET)  # the selection in the picture of the batch
CONTROL: KeyFamily = KeyFamily("inspect:{}", None, Lifetime.WIDGET)  # by name: run, seed, update, slider
