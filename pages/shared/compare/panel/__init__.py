"""The technique table and the sliders of the essential settings: one component, drawn by the browser.

The payload:

    sides       [{"label", "color", "color_dark"}]
    techniques  [{"label", "help", "differs": bool, "cells": [{"on": bool, "variant": text, "fixed": bool,
                 "number": {"field", "name", "value", "text", "min", "max", "step"} | null}]}], a cell per side
    also        [{"label", "texts": [text, …]}]: what else differs between the sides, a text per side
    essentials  [{"field", "owner", "label", "help", "options": [number, …], "texts": [text, …], "value", "text", "mark": the scenario's
                 value, "mark_text", "min", "max", "whole": bool}]
    done        the number of the last change that was made

The browser answers with the trigger `change`: {"changes": [{"number": ascending, and either "technique", "side", "on" or "owner", "field",
"value"}]}, all that it has not been told `done`, so that none is lost when two come at once.
"""

from __future__ import annotations

from core.analysis.charts.palette import side_styles
from core.settings.algorithm import AlgorithmConfig
from core.settings.fields import ConfigError
from core.settings.schema import check_value
from core.settings.sides import bases
from core.settings.switches import SWITCHES, Switch, differs
from core.settings.words import in_words
from pages.shared.common.browser import component
from pages.shared.compare.edits import RUN, TASK, Settings, change, edit, present
from pages.shared.compare.panel.cells import also, number_cell, side_algorithms
from pages.shared.compare.panel.sliders import essentials
from pages.shared.compare.state import PANEL, PANEL_DONE, PANEL_REFUSED

MOST_CHANGES = 100  # of one answer


def settings_panel(settings: Settings) -> None:
    panel = component("settings-panel", "settings_panel.js", "settings_panel.css")
    panel(key=PANEL.name, data=payload(settings), width="stretch", height="content", on_change_change=_take_changes)


def payload(settings: Settings) -> dict:
    algorithms = side_algorithms(settings)
    styles = side_styles(algorithms)
    return {
        "sides": [{name: style[name] for name in ("label", "color", "color_dark")} for style in styles],
        "techniques": [_technique(switch, algorithms) for switch in SWITCHES],
        "also": also(settings),
        "essentials": essentials(settings),
        "done": PANEL_DONE.get(),
    }


def _technique(switch: Switch, algorithms: dict[str, AlgorithmConfig]) -> dict:
    cells = [
        {
            "on": switch.is_on(algorithm),
            "variant": switch.variant(algorithm),
            "fixed": isinstance(getattr(algorithm, switch.field), tuple),
            "number": number_cell(switch, algorithm),
        }
        for algorithm in algorithms.values()
    ]
    return {"label": switch.label, "help": switch.help, "differs": differs(switch, algorithms), "cells": cells}


def _take_changes() -> None:
    """Make the changes that were not made yet. The browser's answer may hold anything, so what is not a setting is refused in words."""
    answer = PANEL.get()
    asked = (answer.get("change") or {}).get("changes") if answer else None
    for one in (asked or [])[:MOST_CHANGES]:
        if one.get("number", 0) <= PANEL_DONE.get():
            continue
        PANEL_DONE.set(one["number"])
        try:
            make_change(one)
        except (ConfigError, KeyError, TypeError) as error:
            PANEL_REFUSED.set(str(error) if isinstance(error, ConfigError) else "this is not a setting of these sides")


def make_change(one: dict) -> None:
    """Make one change of the payload's form. ConfigError for a value out of bounds, KeyError for what there is not."""
    settings = present()
    if "technique" in one:
        switch = {switch.label: switch for switch in SWITCHES}[one["technique"]]
        side = {side.label: side for side in settings.sides}[one["side"]]
        base = bases(settings.scenario)[side.base]
        values = switch.turned(bool(one["on"]), side_algorithms(settings)[side.label], base)
        change(settings.with_values(side.label, values), f"{switch.label} of {side.label} {'on' if one['on'] else 'off'}")
        return
    owner, field, value = one["owner"], one["field"], one["value"]
    if owner not in (TASK, RUN) and owner not in settings.first:
        raise KeyError(owner)
    run = settings.first.get(owner) or next(iter(settings.first.values()))
    config = run if owner == RUN else run.task if owner == TASK else run.algorithm
    now = settings.value(owner, field)
    if isinstance(now, float) and isinstance(value, int):
        value = float(value)
    if isinstance(now, int) and isinstance(value, float) and value.is_integer():
        value = int(value)
    check_value(type(config), field, value, called=field)
    edit(owner, field, value, in_words(field))
