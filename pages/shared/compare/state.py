"""The session state of the Compare page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.shared.common.state import Key, KeyFamily, Lifetime

if TYPE_CHECKING:
    from pages.shared.compare.edits import Settings
    from pages.shared.compare.more_charts import DrawnCharts
    from pages.shared.compare.opened import Beginning

BEGINNING: Key[Beginning] = Key("beginning")
ADDRESS: Key[dict[str, str]] = Key("address")  # the settings in the address when it was read last
AUTO_STARTED: Key[bool] = Key("auto_started", False)  # the run requested by the address was started
PRESENT: Key[Settings] = Key("settings")  # as this tab has changed them
UNDO: Key[tuple[tuple[Settings, str], ...]] = Key("undo", ())  # the settings before each change, and what it was
PANEL_DONE: Key[int] = Key("panel_done", 0)  # the number of the last change of the panel that was made
PANEL_REFUSED: Key[str | None] = Key("panel_refused")  # why a change of the panel was refused, shown once
PANEL: Key[dict | None] = Key("settings_panel", None, Lifetime.WIDGET)
SETTINGS_OF: Key[str | None] = Key("settings_of")  # the comparison whose settings the sidebar holds
AHEAD: Key[tuple[str, dict] | None] = Key(
    "ahead"
)  # a comparison, and the settings that its runs were to go on with when last looked at
SCENARIO: Key[str] = Key("scenario", None, Lifetime.WIDGET)
REFUSED: Key[str | None] = Key("refused")  # why an action was refused, shown once
MORE_CHARTS: Key[DrawnCharts | None] = Key("more_charts")
RUN: Key[bool] = Key("run", False, Lifetime.WIDGET)
DRAW_ANEW: Key[bool] = Key("draw_anew", False, Lifetime.WIDGET)
PRESETS: Key[dict | None] = Key("presets", None, Lifetime.WIDGET)
FIND: Key[str] = Key("find_setting", "", Lifetime.WIDGET)
SIDE: KeyFamily[str] = KeyFamily("{}:side:{}", None, Lifetime.WIDGET)  # by label of the side, and what of it
ADD_SIDE: Key[str | None] = Key("sides:add", None, Lifetime.WIDGET)
SIDE_REFUSED: KeyFamily[str | None] = KeyFamily("told:{}")  # by label: why it could not be renamed
