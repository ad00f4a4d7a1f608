"""What the runs and logs of the history hold, read once for all visitors."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.analysis.history import History
from core.logs import Reading
from core.logs.kept import corrected
from core.runs.store.logs import StoredLog
from core.runs.store.store import StoredRun
from pages.shared.common.cache import Cache
from pages.shared.common.process import manager, store

KEPT_UPDATES = 1_000_000  # updates x seeds of runs that were read
KEPT_POINTS = 4_000_000  # of logs that were read, about 16 bytes each


def run_history(row: StoredRun) -> History:
    """What a run of the Lab has measured, so far if it goes on. LookupError, ConfigError or StoreError if it cannot be read."""
    if not row.status.finished:
        with suppress(LookupError):  # it trains in another process
            return manager().history(row.comparison, row.label)
        return store().load_history(row.stored_id)
    return _histories().made((row.stored_id, row.updates), lambda: store().load_history(row.stored_id))


def log_as_read(log: str) -> Reading:
    """A log without what was said of its columns. LookupError, StoreError or DamagedLog if it cannot be read."""
    return _readings().made(log, lambda: store().logs.read(log))


def log_reading(log: StoredLog) -> Reading:
    """A log with what was said of its columns. LookupError, StoreError or DamagedLog if it cannot be read."""
    return corrected(log_as_read(log.id), log.said)


@st.cache_resource(show_spinner=False)
def _histories() -> Cache[tuple[int, int], History]:
    return Cache(KEPT_UPDATES, size=lambda history: len(history) * len(history.seeds))


@st.cache_resource(show_spinner=False)
def _readings() -> Cache[str, Reading]:
    return Cache(KEPT_POINTS, size=lambda reading: sum(run.training.points + run.evaluation.points for run in reading.runs))
