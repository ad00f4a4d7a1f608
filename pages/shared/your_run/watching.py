"""Paths that grow, each followed once per process however many tabs look at it."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import streamlit as st

from core.logs import HOME, PatientWatcher, Reading, Sentence
from core.logs.kept import Correction
from pages.shared.common.cache import Cache

POLL_SECONDS = 0.9  # tabs that look within this time see the same
KEPT = 8  # paths
OPTION = "--watch"


class Watched:
    """One path. `version` rises when something of it changed."""

    def __init__(self, path: str):
        self.path = path
        self.version, self.changed = 0, time.time()
        self.reading = Reading(())
        self.notes: tuple[Sentence, ...] = ()  # what cannot be read now
        self.said: tuple[Correction, ...] = ()  # of its columns, by whoever looks at it
        self._watcher = PatientWatcher(path, HOME)
        self._waiting = False  # for the disk
        self._lock, self._looked = threading.Lock(), 0.0

    def look(self) -> None:
        """See what is new. Never raises for what is on the disk."""
        with self._lock:
            now = time.monotonic()
            if self._looked and now - self._looked < POLL_SECONDS:
                return
            self._looked = now
            changes = self._watcher.poll()
            if changes.notes or self._waiting:
                self.notes = changes.notes
            self._waiting = changes.waiting
            if changes.logs:
                self.reading = self._watcher.reading
                self.version += 1
                self.changed = time.time()
                self.notes = changes.notes


@st.cache_resource(show_spinner=False)
def _watched() -> Cache[str, Watched]:
    return Cache(KEPT)


def watched(path: str) -> Watched:
    """What is known of `path`, as new as POLL_SECONDS."""
    found = _watched().made(path, lambda: Watched(path))
    found.look()
    return found


def asked_on_the_command_line() -> str | None:
    """PATH of `streamlit run app.py -- --watch PATH`."""
    arguments = sys.argv[1:]
    if OPTION in arguments[:-1]:
        return str(Path(arguments[arguments.index(OPTION) + 1]).expanduser())
    return None
