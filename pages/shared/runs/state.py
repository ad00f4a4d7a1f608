"""The session state of the Runs page."""

from __future__ import annotations

from collections.abc import Sequence

from pages.shared.common.state import Key, KeyFamily, Lifetime, Memo
from pages.shared.runs.listed import RunId

BUSY: Key[bool] = Key("runs:busy", False)  # a run is unfinished, or an outcome is still to be read
SELECTED: Key[Sequence[RunId]] = Key("runs:selected", ())  # in the order of selection
SHOWN: Key[Sequence[RunId]] = Key("runs:shown", ())  # the rows of the table
UNDO: Key[tuple[tuple[str, ...], str] | None] = Key("runs:undo")  # (comparisons and logs deleted last, a sentence)
REFUSED: Key[tuple[str, str] | None] = Key("runs:refused")  # (comparison, why it was not run again)
STYLE_OF_RUN: Key[dict[RunId, int]] = Key("runs:styles", {})  # number of its style
EVENTS: Memo[list[dict]] = Memo("runs:events")
TABLE: Key[dict | None] = Key("runs:table", None, Lifetime.WIDGET)
FIELD: Key[list[RunId]] = Key("runs:field", [], Lifetime.WIDGET)
DELETED: Key[list[str]] = Key("runs:deleted", [], Lifetime.WIDGET)  # what is chosen among the deleted comparisons and logs
SEARCH: Key[str] = Key("runs:text", "", Lifetime.LASTING_WIDGET)
SOURCES: Key[list[str]] = Key("runs:sources", [], Lifetime.LASTING_WIDGET)
SCENARIOS: Key[list[str]] = Key("runs:scenarios", [], Lifetime.LASTING_WIDGET)
SIDES: Key[list[str]] = Key("runs:sides", [], Lifetime.LASTING_WIDGET)
STATUSES: Key[list[str]] = Key("runs:statuses", [], Lifetime.LASTING_WIDGET)
NAME: KeyFamily[str] = KeyFamily("runs:name:{}", "", Lifetime.WIDGET)  # by comparison or log
RENAMING: KeyFamily[bool] = KeyFamily("runs:renaming:{}", False, Lifetime.WIDGET)  # whether the field for it is open, by the same
