"""The session state of the Runs page."""

from __future__ import annotations

from collections.abc import Sequence

from pages.shared.common.state import Key, KeyFamily, Lifetime, Memo

BUSY: Key[bool] = Key("runs:busy", False)  # a run is unfinished, or an outcome is still to be read
SELECTED: Key[Sequence[int]] = Key("runs:selected", ())  # run ids in the order of selection
SHOWN: Key[Sequence[int]] = Key("runs:shown", ())  # run ids, the rows of the table
UNDO: Key[tuple[tuple[str, ...], str] | None] = Key("runs:undo")  # (comparisons deleted last, a sentence)
REFUSED: Key[tuple[str, str] | None] = Key("runs:refused")  # (comparison, why it was not run again)
STYLE_OF_RUN: Key[dict[int, int]] = Key("runs:styles", {})  # run id -> number of its style
EVENTS: Memo[list[dict]] = Memo("runs:events")
TABLE: Key[dict | None] = Key("runs:table", None, Lifetime.WIDGET)
FIELD: Key[list[int]] = Key("runs:field", [], Lifetime.WIDGET)
DELETED: Key[list[str]] = Key("runs:deleted", [], Lifetime.WIDGET)  # comparisons chosen among the deleted
SEARCH: Key[str] = Key("runs:text", "", Lifetime.LASTING_WIDGET)
SCENARIOS: Key[list[str]] = Key("runs:scenarios", [], Lifetime.LASTING_WIDGET)
SIDES: Key[list[str]] = Key("runs:sides", [], Lifetime.LASTING_WIDGET)
STATUSES: Key[list] = Key("runs:statuses", [], Lifetime.LASTING_WIDGET)
NAME: KeyFamily[str] = KeyFamily("runs:name:{}", "", Lifetime.WIDGET)  # by comparison
LOG_NAME: KeyFamily[str] = KeyFamily("runs:log:name:{}", "", Lifetime.WIDGET)  # by log
LOG_UNDO: Key[str | None] = Key("runs:log:deleted_last")
LOGS_SHOWN: Key[int] = Key("runs:logs:shown", 10)
