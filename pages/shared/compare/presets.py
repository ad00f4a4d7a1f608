"""Settings that a visitor has saved under a name. The browser keeps them, as the links that they are; the server never sees the list.

The component's data: {"query": the present settings as a link's query, "" while they are invalid}. It answers with the trigger `load`:
{"name", "query"}.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import streamlit as st

from core.settings.links import from_query, to_query
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from pages.shared.common.browser import component
from pages.shared.compare.edits import Settings, change
from pages.shared.compare.opened import with_problems
from pages.shared.compare.state import PRESETS

MOST_LETTERS = 60  # of a name


def presets(scenario: Scenario, runs: dict[str, RunConfig] | None) -> None:
    query = "" if runs is None else urlencode(to_query(scenario, runs))
    with st.popover("Presets", icon=":material/bookmark:", help="Settings of your own, saved by name in this browser."):
        component("presets", "presets.js")(
            key=PRESETS.name, data={"query": query}, width="stretch", height="content", on_load_change=_load
        )


def _load() -> None:
    asked = (PRESETS.get() or {}).get("load")
    if isinstance(asked, dict):
        take(str(asked.get("name", "")), str(asked.get("query", "")))


def take(name: str, query: str) -> None:
    """Take the settings of a preset; what is invalid by now is said and left out."""
    opened = from_query(dict(parse_qsl(query)))
    change(Settings(opened.scenario, opened.runs), f"the preset {name[:MOST_LETTERS]}")
    with_problems(opened.problems)
