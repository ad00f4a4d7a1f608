"""A part of a page that is drawn only while it is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.shared.common.state import OPEN


@contextmanager
def folded(label: str, *, icon: str, key: str) -> Iterator[bool]:
    """An expander and whether it is open. Callers draw its contents only then: all settings, tables and charts together are two thirds of
    the work of a page, which delays every visitor of a shared server."""
    with st.expander(label, icon=icon, key=OPEN(key).name, on_change="rerun") as part:
        yield part.open
