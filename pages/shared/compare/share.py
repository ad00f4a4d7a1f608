"""Links to the settings of Compare and to the comparison that is shown."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import streamlit as st

from core.settings.links import to_query
from core.settings.run import RunConfig
from core.settings.scenario import Scenario


def frame_code(address: str, query: dict[str, str], title: str) -> str:
    """HTML that shows the board of these settings in another page. `title`: what a screen reader calls the frame, beside *DAPO Lab*."""
    source = escape(f"{address}?{urlencode({'embed': 'true'} | query)}")
    return f'<iframe src="{source}" title="DAPO Lab: {escape(title)}" width="100%" height="900"></iframe>'


def share(scenario: Scenario, runs: dict[str, RunConfig] | None) -> None:
    with st.popover("Share", icon=":material/share:", disabled=runs is None):
        if runs is not None:
            address = (st.context.url or "").split("?")[0]
            query = to_query(scenario, runs)
            st.markdown("**These settings**, seeds included. Whoever opens the link gets the same curves.")
            st.code(f"{address}?{urlencode(query)}", language=None, wrap_lines=True)
            st.markdown("The same, started at once:")
            st.code(f"{address}?{urlencode(query | {'run': '1'})}", language=None, wrap_lines=True)
            st.markdown("**The board alone**, for a course page or a blog:")
            st.code(frame_code(address, query, scenario.title), language=None, wrap_lines=True)
            if comparison := st.query_params.get("comparison"):
                st.markdown("**This very run.** Whoever has this link can watch it, change its settings, pause it and stop it.")
                st.code(f"{address}?{urlencode({'comparison': comparison})}", language=None, wrap_lines=True)
