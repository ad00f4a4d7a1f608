"""The session state of the Compare page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.settings.run import RunConfig
from pages.shared.common.state import Key, KeyFamily, Lifetime

if TYPE_CHECKING:
    from pages.shared.compare.more_charts import DrawnCharts
    from pages.shared.compare.opened import Beginning

BEGINNING: Key[Beginning] = Key("beginning")
ADDRESS: Key[dict[str, str]] = Key("address")  # the settings in the address when it was read last
AUTO_STARTED: Key[bool] = Key("auto_started", False)  # the run requested by the address was started
SETTINGS_VERSION: Key[int] = Key(
    "settings_version", 0
)  # part of every setting's key: raising it resets all of them to new first values
SETTINGS_OF: Key[str | None] = Key("settings_of")  # the comparison whose settings the sidebar holds
SCENARIO: Key[str] = Key("scenario", None, Lifetime.LASTING_WIDGET)
EDITED: Key[dict[str, RunConfig]] = Key("edited")  # the runs as they were last drawn, label -> settings
SAID: Key[dict] = Key("said")  # key of a setting -> the last value of its widget
REFUSED: Key[str | None] = Key("refused")  # why an action was refused, shown once
MORE_CHARTS: Key[DrawnCharts | None] = Key("more_charts")
RUN: Key[bool] = Key("run", False, Lifetime.WIDGET)
DRAW_ANEW: Key[bool] = Key("draw_anew", False, Lifetime.WIDGET)
# By version of the settings, scenario, label of the side, and what of it.
SIDE: KeyFamily[str] = KeyFamily("{}:{}:{}:side:{}", None, Lifetime.WIDGET)
ADD_SIDE: KeyFamily[str | None] = KeyFamily("{}:{}:add", None, Lifetime.WIDGET)
SIDE_REFUSED: KeyFamily[str | None] = KeyFamily("told:{}")  # by label: why it could not be renamed
