"""A container for a table that is wider than a phone: the table scrolls sideways and the page does not."""

from __future__ import annotations

import streamlit as st


def wide(key: str):
    """A container of that key; `key` must be one word."""
    st.html(f"<style>.st-key-{key} {{ overflow-x: auto; }} .st-key-{key} table {{ min-width: 32rem; }}</style>")
    return st.container(key=key)
