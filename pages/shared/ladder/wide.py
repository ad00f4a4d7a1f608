"""A container for a table that is wider than a phone: the table scrolls sideways and the page does not."""

from __future__ import annotations

import streamlit as st

# What scrolls must be within the keyboard's reach (WCAG 2.1.1).
REACHED = """<script>for (const node of document.querySelectorAll(".st-key-KEY")) {
  node.tabIndex = 0; node.setAttribute("role", "region"); node.ariaLabel = "A wide table: it scrolls sideways";
}</script>"""


def wide(key: str):
    """A container of that key; `key` must be one word."""
    st.html(f"<style>.st-key-{key} {{ overflow-x: auto; }} .st-key-{key} table {{ min-width: 32rem; }}</style>")
    container = st.container(key=key)
    container.html(REACHED.replace("KEY", key), unsafe_allow_javascript=True)
    return container
