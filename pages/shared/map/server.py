"""The sweeps of this process, and the file that keeps their results."""

from __future__ import annotations

import atexit

import streamlit as st

from core.runs.sweeps import SweepManager
from core.sweep.store import SweepStore
from pages.shared.common.process import data_directory, manager

RESULTS = "sweeps.sqlite"


@st.cache_resource(show_spinner=False, on_release=lambda made: made.shutdown())
def sweeps() -> SweepManager:
    """The one sweep manager of this process. SweepStoreError if its file cannot be opened; it is tried again on the next run of a page."""
    made = SweepManager(SweepStore(data_directory() / RESULTS), lambda: manager().busy, manager().limits)
    atexit.register(made.shutdown)
    return made
