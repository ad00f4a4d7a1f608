"""What the page *Your run* keeps in a tab."""

from __future__ import annotations

from collections.abc import Sequence

from core.logs import Reading
from core.logs.kept import Correction
from pages.shared.common.state import Key, KeyFamily, Lifetime, Memo

WATCHED: Key[str | None] = Key("your_run:watched")  # the path that is followed
GREETED: Key[bool] = Key("your_run:greeted", False)  # the path of --watch was opened in this tab
JUST_READ: Key[tuple[str, Reading] | None] = Key(
    "your_run:just_read"
)  # (its id, what was read): shown even where it cannot be kept
REFUSED: Key[Sequence[str]] = Key("your_run:refused", ())  # why what was given last is not drawn
GIVEN: Key[int] = Key("your_run:given", 0)  # how often something was given: what was typed or dropped is cleared by a new name
UNDO: Key[tuple[str, str] | None] = Key("your_run:undo")  # (log deleted last, its name)
CORRECTIONS: KeyFamily[Sequence[Correction]] = KeyFamily(
    "your_run:corrections:{}", ()
)  # said in this tab alone, by what is shown
DRAWN: Key = Key("your_run:drawn")  # what the board drew last, a `drawing.Drawn`
EVENTS: Memo[list[dict]] = Memo("your_run:events")
DIAGNOSES: Memo[dict] = Memo("your_run:diagnoses")  # label of a run -> its findings

FILES: KeyFamily[list] = KeyFamily("your_run:files:{}", [], Lifetime.WIDGET)  # by GIVEN
TEXT: KeyFamily[str] = KeyFamily("your_run:text:{}", "", Lifetime.WIDGET)
PATH: Key[str] = Key("your_run:path", "", Lifetime.LASTING_WIDGET)
NAME: KeyFamily[str] = KeyFamily("your_run:name:{}", "", Lifetime.WIDGET)  # by log
RENAMING: KeyFamily[bool] = KeyFamily("your_run:renaming:{}", False, Lifetime.WIDGET)  # whether its field is open, by log
RUNS: KeyFamily[list[str]] = KeyFamily(
    "your_run:runs:{}:{}", [], Lifetime.WIDGET
)  # which are drawn, by what is shown and how many there are
BESIDE: KeyFamily[list[str]] = KeyFamily("your_run:beside:{}", [], Lifetime.WIDGET)  # what is laid beside it
MORE: KeyFamily[list[str]] = KeyFamily("your_run:columns:{}", [], Lifetime.WIDGET)  # which columns are drawn too
DIAGNOSED_RUN: KeyFamily[str] = KeyFamily("your_run:diagnosed:{}", "", Lifetime.WIDGET)  # by what is shown
INCOMPLETE: KeyFamily[bool] = KeyFamily("your_run:incomplete:{}", False)  # the link shows more than is known here, by log
