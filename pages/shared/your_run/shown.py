"""What the page shows: a log that is kept, or a path that is followed, with what was said of its columns."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.logs import LogRun, Reading
from core.logs.kept import Correction, DamagedLog, corrected
from core.runs.store.logs import StoredLog
from core.runs.store.store import StoreError
from pages.shared.common.labels import chart_text, distinct
from pages.shared.common.measured import log_as_read
from pages.shared.common.process import store, visitor
from pages.shared.your_run.state import CORRECTIONS, JUST_READ, WATCHED
from pages.shared.your_run.watching import Watched, watched


@dataclass(frozen=True)
class Shown:
    """`mark` names what is shown, `version` its state: equal ones hold the same."""

    mark: str
    version: tuple
    name: str
    reading: Reading
    log: StoredLog | None = None  # None = it is not kept
    watched: Watched | None = None

    @property
    def own(self) -> bool:
        return self.log is not None and self.log.owner == visitor()

    @property
    def labels(self) -> dict[str, LogRun]:
        """Every run under a name of its own, in order."""
        names = [chart_text(run.name)[:60] or "run" for run in self.reading.runs]
        return dict(zip(distinct(names), self.reading.runs, strict=True))

    @property
    def other_columns(self) -> list[str]:
        """What was logged and stands for nothing of the Lab's."""
        runs = self.reading.runs
        return list(dict.fromkeys(c for run in runs for c in (*run.columns, *run.evaluation.columns) if c not in run.taken))


def shown() -> Shown | None:
    """None = nothing was given yet. LookupError, StoreError or DamagedLog if the link's log cannot be shown."""
    if path := WATCHED.get():
        found = watched(path)
        return Shown(f"watch:{path}", (found.version, found.said), path, corrected(found.reading, found.said), watched=found)
    if log := st.query_params.get("log"):
        return _kept(log)
    return None


def still_shown() -> Shown | None:
    """The same in a fragment. What is gone by now, because its owner deleted it, is told by the whole page, which is drawn anew."""
    try:
        return shown()
    except (LookupError, StoreError, DamagedLog):
        st.rerun()


def _kept(log: str) -> Shown:
    try:
        row = store().logs.find(log)
        JUST_READ.forget()  # it is large, and kept now
        said = (*row.said, *CORRECTIONS(log).get())
        return Shown(log, (said,), row.name, corrected(log_as_read(log), said), row)
    except (LookupError, StoreError):
        if (just := JUST_READ.get()) is None or just[0] != log:
            raise
        said = tuple(CORRECTIONS(log).get())
        return Shown(log, (said,), "not kept", corrected(just[1], said))


def say(what: Shown, correction: Correction) -> None:
    """Say what a column stands for: kept with the log by whom it belongs to, of a path as long as the program runs, otherwise in this tab.
    StoreError if it cannot be kept."""
    if what.watched is not None:
        what.watched.said = (*what.watched.said, correction)
    elif what.own:
        store().logs.correct(what.log.id, (*what.log.said, correction))
    else:
        CORRECTIONS(what.mark).set((*CORRECTIONS(what.mark).get(), correction))


__all__ = ["DamagedLog", "Shown", "say", "shown", "still_shown"]
