"""A part of a page that costs nothing until somebody opens it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def folded(label: str, *, icon: str, key: str) -> Iterator[bool]:
    """An expander: whether it is open. What is closed had better not be drawn: all settings, tables and charts together are two thirds of
    the work of a page, and on a shared server everybody waits for it."""
    with st.expander(label, icon=icon, key=f"open:{key}", on_change="rerun") as part:
        yield part.open
