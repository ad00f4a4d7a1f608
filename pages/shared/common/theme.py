"""Whether the browser shows the dark theme, asked by what draws figures in colours of its own."""

from __future__ import annotations

from functools import cache

import streamlit as st

# Streamlit tells the theme with each run of a page and starts none when the theme changes, be it by the system or in the menu. The colour of
# the page is a variable of Streamlit's that this element's own colour follows: its transition is the event that a change of theme has.
CSS = "i { color: var(--st-background-color); transition: color 1ms; }"
SCRIPT = """export default ({ parentElement, setTriggerValue }) => {
  parentElement.querySelector("i").ontransitionend = () => setTriggerValue("changed", true);
};
"""
KEY = "theme_watch"  # frame.py takes its element out of the flow


def dark_theme() -> bool:
    """True on the dark theme. The page, or the fragment, that asks is run again when the theme changes. Ask once per page."""
    _component()(key=KEY, on_changed_change=lambda: None)
    return st.context.theme.type == "dark"


@cache
def _component():
    """The mounted component, registered once per process."""
    return st.components.v2.component("dapo_lab_theme_watch", html="<i></i>", css=CSS, js=SCRIPT)
