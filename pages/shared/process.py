"""What exists once per server process, and the lease that tells it somebody is looking."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from uuid import uuid4

import streamlit as st

from core.runs import RunManager
from core.store import Store

DATABASE = "runs.sqlite"


def data_directory() -> Path:
    """Where runs are kept: $DAPO_LAB_DATA, or the folder `runs` beside app.py."""
    return Path(os.environ.get("DAPO_LAB_DATA") or Path(__file__).resolve().parents[2] / "runs")


@st.cache_resource(show_spinner=False)
def manager() -> RunManager:
    """The one run manager of this process."""
    folder = data_directory()
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / DATABASE)
    atexit.register(store.close)  # run in reverse order: the manager ends the runs first
    made = RunManager(store)
    atexit.register(made.shutdown)
    return made


def visitor() -> str:
    """A name for this browser tab, for as long as it is open. It owns the runs that it starts."""
    return st.session_state.setdefault("visitor", uuid4().hex)


def watch(comparison: str) -> None:
    """Hold a lease on `comparison` while this tab is connected. Only a dropped connection lets go of it; a page change does not."""
    _lease(comparison, visitor())
    manager().attach(comparison, visitor())  # again on every run of the script: a short outage has let the lease go


def _let_go(lease: tuple[str, str]) -> None:
    manager().detach(*lease)


@st.cache_resource(scope="session", on_release=_let_go, show_spinner=False)
def _lease(comparison: str, name: str) -> tuple[str, str]:
    return comparison, name
