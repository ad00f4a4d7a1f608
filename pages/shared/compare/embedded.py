"""Compare inside another page: `?embed=true&scenario=NAME` gives the board, the buttons of its runs and a link to the whole."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from core.analysis.markdown import plain
from core.data.comparison import SCENARIO
from core.data.gallery import picture
from core.settings.fields import ConfigError
from core.settings.links import to_query
from core.settings.scenarios import SCENARIOS
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
    with heading:
        st.markdown(f"**{plain(shown.title)}** · [open in DAPO Lab]({address}?{urlencode(query)})")
    with controls, st.container(horizontal=True, gap="small", key="controls"):
        buttons(runs, comparison, now)
    if refused := REFUSED.take():
        st.error(plain(refused), icon=":material/block:")
    with live:
        if comparison is None and shown.name != SCENARIO:
            shipped = picture(shown.name)
            if shipped is not None:
                show_picture(shipped)
            st.caption(f"{plain(shown.parts[1])} The picture is of a finished run. Press Run to train your own, live.")
        else:
            live_part(comparison, now)
