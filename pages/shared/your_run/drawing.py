"""From what is shown to what the board draws: histories by label, which may only grow under one picture."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.analysis.history import History
from core.logs import LogRun
from core.logs.kept import has
from pages.shared.common.cache import Cache
from pages.shared.common.labels import distinct
from pages.shared.common.log_charts import COLUMN
from pages.shared.your_run.state import DRAWN

KEPT_VALUES = 1_000_000  # of histories that visitors share, about 150 bytes each


@dataclass(frozen=True)
class Drawn:
    """`epoch` rises when what was drawn is not only continued: the browser then begins a new picture."""

    mark: tuple
    histories: dict[str, History]
    epoch: int = 0


def drawn(
    mark: tuple, runs: Mapping[str, LogRun], columns: Sequence[str], beside: Mapping[str, History], *, grows: bool
) -> Drawn:
    """The histories of `runs` with `columns`, and those `beside` them, made anew only for another mark, which names all that they depend
    on. Those of a log that is kept are shared by all who look at it; what `grows` is each tab's own."""
    if not grows:
        return _shared().made(mark, lambda: Drawn(mark, _histories(runs, columns, beside), zlib.crc32(repr(mark).encode())))
    last: Drawn | None = DRAWN.get()
    if last is None or last.mark != mark:
        histories = _histories(runs, columns, beside)
        last = Drawn(mark, histories, 0 if last is None else last.epoch + (not _continues(last.histories, histories)))
        DRAWN.set(last)
    return last


@st.cache_resource(show_spinner=False)
def _shared() -> Cache[tuple, Drawn]:
    return Cache(KEPT_VALUES, size=lambda made: sum(history.values for history in made.histories.values()))


def _histories(runs: Mapping[str, LogRun], columns: Sequence[str], beside: Mapping[str, History]) -> dict[str, History]:
    own = {label: run.history({COLUMN + c: c for c in columns if has(run, c)}) for label, run in runs.items()}
    return dict(zip(distinct([*own, *beside]), (*own.values(), *beside.values()), strict=True))


def _continues(before: Mapping[str, History], now: Mapping[str, History]) -> bool:
    """Whether all rows of before are there, so that only new ones need be sent."""
    for label, history in before.items():
        if label not in now or len(now[label]) < len(history):
            return False
        if not np.array_equal(history.updates, now[label].updates[: len(history)]):
            return False
        if history is not now[label] and len(history) and not _alike(history, now[label]):
            return False
    return True


def _alike(before: History, now: History) -> bool:
    """The same values in what the two have in common: a run that began again, or a column taken for something else, has others."""
    return before.agrees(now, len(before) - 1)
