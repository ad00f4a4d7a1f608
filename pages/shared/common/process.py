"""What exists once per server process, who is visiting, and the lease that tells the manager that somebody is looking."""

from __future__ import annotations

import atexit
import gc
import os
import re
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import streamlit as st

from core.runs.manager import RunManager
from core.runs.store.store import Store, StoreError
from core.settings.limits import NONE, limits_from
from pages.shared.common.state import TAB, VISITOR

DATABASE = "runs.sqlite"
COOKIE = "dapo_lab_visitor"
YEAR_SECONDS = 365 * 24 * 3600


def data_directory() -> Path:
    """Where runs are kept: $DAPO_LAB_DATA, or the folder `runs` beside app.py."""
    return Path(os.environ.get("DAPO_LAB_DATA") or Path(__file__).resolve().parents[3] / "runs")


class History:
    """The one history of this process, or why there is none yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.store: Store | None = None
        self.error: StoreError | None = None
        atexit.register(self.close)  # exits are run in reverse order: the manager, made later, ends the runs first
        with suppress(StoreError):
            self.open()

    def open(self) -> Store:
        """The store, opened now if it is not open. StoreError, which is also `error`, if it cannot be."""
        with self._lock:
            if self.store is None:
                try:
                    self.store = Store(data_directory() / DATABASE)
                except StoreError as error:
                    self.error = error
                    raise
            return self.store

    def close(self) -> None:
        if self.store is not None:
            self.store.close()


@st.cache_resource(show_spinner=False)
def _history() -> History:
    return History()


def store() -> Store:
    """The one history of this process. StoreError while it cannot be opened."""
    history = _history()
    if history.store is None:
        raise history.error.with_traceback(None)
    return history.store


@cache
def _spare_the_collector() -> None:
    """What is imported by now stays. With torch among it a full collection takes a fifth of a second and stops every thread, unless it is
    told not to look there."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def manager() -> RunManager:
    """The one run manager of this process. It trains whether there is a history or not; one that can be opened later is caught up."""
    _spare_the_collector()
    history = _history()
    made = RunManager(history.store, open_store=history.open, limits=limits_from(os.environ))
    atexit.register(made.shutdown)
    return made


def hosted() -> bool:
    """Whether this is a server that strangers share."""
    return manager().limits != NONE


def told(error: object) -> str:
    """`error` in words for the page: on a server that strangers share, without the place of its files."""
    text = str(error)
    return text if not hosted() else text.replace(f"history {data_directory() / DATABASE}", "history of this server")


def history_missing() -> str:
    """Why there is no history to write to yet, in a line for people; '' when there is one."""
    manager()  # the first visitor's: it opens the history
    history = _history()
    return "" if history.store is not None else told(history.error)


def history_problem() -> str:
    """What a thread that serves all visitors has met: why measurements wait in memory to be written, or are lost. In a line for people;
    '' when all is well."""
    history = _history()
    written = history.store.problem if history.store is not None else ""
    return told("; ".join(filter(None, (written, manager().problem))))


def visitor() -> str:
    """A name that nobody can guess for the person at this browser: the same in all its tabs and after a reload. It owns the runs that
    it starts. Where cookies are refused it lasts as long as the tab is connected."""
    known = sent_name()
    return VISITOR.made(lambda: known if re.fullmatch("[0-9a-f]{32}", known) else uuid4().hex)


def sent_name() -> str:
    """The visitor's name as the browser sent it, '' if it did not. Anything may stand in a cookie."""
    return str(st.context.cookies.get(COOKIE, ""))


def remember_visitor() -> None:
    """Let the browser keep the visitor's name, so that the next tab brings it along. Call once on every page, always at the same place."""
    if sent_name() != visitor():
        cookie = f"{COOKIE}={visitor()}; path=/; max-age={YEAR_SECONDS}; samesite=lax"
        st.html(f"<script>document.cookie = '{cookie}'</script>", unsafe_allow_javascript=True)


def tab() -> str:
    """A name for this browser tab, for as long as it is connected. It holds the leases."""
    return TAB.made(lambda: uuid4().hex)


def watch(comparison: str) -> None:
    """Hold a lease on `comparison` while this tab is connected. Only a dropped connection lets go of it; a page change does not."""
    _lease(comparison, tab())
    manager().attach(comparison, tab())  # again on every run of the script: a short outage has let the lease go


def _let_go(lease: tuple[str, str]) -> None:
    manager().detach(*lease)


@st.cache_resource(scope="session", on_release=_let_go, show_spinner=False)
def _lease(comparison: str, name: str) -> tuple[str, str]:
    return comparison, name
