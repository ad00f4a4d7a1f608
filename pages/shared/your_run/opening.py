"""`streamlit run app.py -- --watch PATH` begins with the page Your run, once per tab."""

from __future__ import annotations

import streamlit as st

from pages.shared.your_run.state import GREETED
from pages.shared.your_run.watching import asked_on_the_command_line


def open_what_is_watched() -> None:
    """On the home page: go on to Your run, unless the tab has been there or came with a link to something else."""
    if asked_on_the_command_line() and not GREETED.get() and not st.query_params:
        st.switch_page("pages/your_run.py")
