"""The objects that exist once per server process, the visitor's name, and the leases that tell the manager who is watching."""

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


class OpenStore:
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
def _open_store() -> OpenStore:
    return OpenStore()


def store() -> Store:
    """The one history of this process. StoreError while it cannot be opened."""
    opened = _open_store()
    if opened.store is None:
        raise opened.error.with_traceback(None)
    return opened.store


@cache
def _spare_the_collector() -> None:
    """Exclude all objects that exist by now from garbage collection: with torch imported a full collection takes a fifth of a second and
    stops every thread."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def manager() -> RunManager:
    """The one run manager of this process. It trains whether there is a history or not; one that is opened later receives what was measured
    meanwhile."""
    _spare_the_collector()
    opened = _open_store()
    made = RunManager(opened.store, open_store=opened.open, limits=limits_from(os.environ))
    atexit.register(made.shutdown)
    return made


def hosted() -> bool:
    """Whether this is a public server, with limits."""
    return manager().limits != NONE


def told(error: object) -> str:
    """`error` as text for the page: on a public server without the path of its files."""
    text = str(error)
    return text if not hosted() else text.replace(f"history {data_directory() / DATABASE}", "history of this server")


def history_missing() -> str:
    """Why there is no history to write to yet, as one line for the page; '' when there is one."""
    manager()  # the first call opens the history
    opened = _open_store()
    return "" if opened.store is not None else told(opened.error)


def history_problem() -> str:
    """Why a thread that serves all visitors fails, so that measurements wait in memory or are lost, as one line for the page; '' = no
    problem."""
    opened = _open_store()
    written = opened.store.problem if opened.store is not None else ""
    return told("; ".join(filter(None, (written, manager().problem))))


def visitor() -> str:
    """An unguessable name for the visitor: the same in all tabs of a browser and after a reload. It is the owner of the runs that the
    visitor starts. Where cookies are refused it lasts as long as the tab is connected."""
    known = sent_name()
    return VISITOR.made(lambda: known if re.fullmatch("[0-9a-f]{32}", known) else uuid4().hex)


def sent_name() -> str:
    """The visitor's name as the browser sent it, '' if it did not. A cookie may hold any text."""
    return str(st.context.cookies.get(COOKIE, ""))


def remember_visitor() -> None:
    """Store the visitor's name in a cookie, so that the next tab sends it. Call once on every page, always at the same place."""
    if sent_name() != visitor():
        cookie = f"{COOKIE}={visitor()}; path=/; max-age={YEAR_SECONDS}; samesite=lax"
        st.html(f"<script>document.cookie = '{cookie}'</script>", unsafe_allow_javascript=True)


def tab() -> str:
    """A name for this browser tab, for as long as it is connected. Leases are held under it."""
    return TAB.made(lambda: uuid4().hex)


def watch(comparison: str) -> None:
    """Hold a lease on `comparison` while this tab is connected. Only a dropped connection lets go of it; a page change does not."""
    _lease(comparison, tab())
    manager().attach(comparison, tab())  # again on every run of the script: a short outage may have ended the lease


def _let_go(lease: tuple[str, str]) -> None:
    manager().detach(*lease)


@st.cache_resource(scope="session", on_release=_let_go, show_spinner=False)
def _lease(comparison: str, name: str) -> tuple[str, str]:
    return comparison, name
