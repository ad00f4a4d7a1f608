"""Compare inside another page: `?embed=true&scenario=NAME` gives the board, the buttons of its runs and a link to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from core.analysis.markdown import plain
from core.data.comparison import SCENARIO
from core.data.gallery import picture
from core.settings.fields import ConfigError
from core.settings.links import to_query
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.common.findings import headline_of
from pages.shared.common.keep_focus import keep_focus
from pages.shared.common.live import live_part, phase
from pages.shared.common.process import manager
from pages.shared.common.trouble import plainly, sentence
from pages.shared.compare.buttons import buttons
from pages.shared.compare.current import current_comparison
from pages.shared.compare.edits import present
from pages.shared.compare.gallery import show_picture
from pages.shared.compare.opened import read_address, take_settings_of
from pages.shared.compare.starting import is_wanted, start
from pages.shared.compare.state import REFUSED

STYLE = """<style>
.stMainBlockContainer { padding: 0.5rem 1rem; }
.st-key-keep_focus { position: absolute; }
</style>"""


@plainly
def embedded_page() -> None:
    st.html(STYLE)
    keep_focus()
    heading, controls, live = (st.container() for _ in range(3))
    read_address()
    comparison = current_comparison(offers=False)
    take_settings_of(comparison)
    settings = present()
    try:
        runs = settings.runs()
        manager().check(runs)
    except ConfigError as error:
        st.error(plain(sentence(error)), icon=":material/error:")
        runs = None
    if runs is not None and is_wanted(comparison):
        comparison = start(settings.scenario, runs) or comparison
    now = phase(manager().view(comparison) if comparison else None)
    query = {"comparison": comparison} if comparison else {} if runs is None else to_query(settings.scenario, runs)
    address = (st.context.url or "").split("?")[0]
    shown = settings.scenario if comparison is None else SCENARIOS.get(manager().view(comparison).scenario, settings.scenario)
    shipped = picture(shown.name) if comparison is None and shown.name != SCENARIO else None
    with heading:
        st.markdown(f"**{plain(shown.title)}** · [open in DAPO Lab]({address}?{urlencode(query)})")
        told = (
            _result(comparison) if comparison else what_is_shown(shown, runs, drawn="picture shows" if shipped else "charts show")
        )
        st.caption(f"{plain(shown.parts[1])} {told}")
    with controls, st.container(horizontal=True, gap="small", key="controls"):
        buttons(runs, comparison, now)
    if refused := REFUSED.take():
        st.error(plain(refused), icon=":material/block:")
    with live:
        if shipped is not None:
            show_picture(shown, shipped)
        else:
            live_part(comparison, now, opens=False)  # inside another page there is no way back


def what_is_shown(scenario: Scenario, runs: Mapping[str, RunConfig] | None, drawn: str) -> str:
    """What is `drawn` before anything is run here, and what Run does, in a sentence."""
    whose = "these settings" if runs == scenario.runs() else "the scenario's own settings, which are not those of this page"
    sides = "both sides" if len(scenario.runs() if runs is None else runs) == 2 else "all sides"
    return f"The {drawn} a finished run of {whose}; **Run** trains {sides} now and draws every update live."


def _result(comparison: str) -> str:
    found = headline_of(comparison)
    return f"**Result.** {found}." if found else ""
