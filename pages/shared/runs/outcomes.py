"""The outcome of a run in a few numbers, read in small portions so that the page does not wait for a thousand runs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.analysis.events import Event, events
from core.analysis.history import History
from core.analysis.stats import final_values, mean_over_seeds
from core.runs.store.store import Store, StoredRun
from pages.shared.common.cache import Cache

FINAL_METRICS = ("eval_accuracy", "entropy_nats", "grad_norm", "filter_ratio")


@dataclass(frozen=True)
class Outcome:
    """`final` has the FINAL_METRICS as summary.json does: the mean over the last 10 % of the updates, and over seeds; None = not
    measured."""

    final: dict[str, float | None]
    events: tuple[Event, ...]
    seconds: float | None  # of training


NOTHING = Outcome(dict.fromkeys(FINAL_METRICS), (), None)


def outcome_of(history: History) -> Outcome:
    """The outcome of a run that has measured `history`."""
    if not history.trained:
        return NOTHING
    final = {name: final_values(history.updates, history.metric(name)) for name in FINAL_METRICS}
    return Outcome(
        {name: _known(mean_over_seeds(values[None])[0]) for name, values in final.items()},
        tuple(events(history)),
        seconds=float(history.wall_seconds[-1]),
    )


def _known(value: np.floating) -> float | None:
    return float(value) if math.isfinite(value) else None


def read_outcomes(store: Store, rows: Iterable[StoredRun], known: Cache, budget_seconds: float) -> int:
    """Put the outcomes of finished `rows` into `known`, the first rows first, until the time is over: how many are left. At least one
    is read, so that asking again and again comes to an end."""
    missing = [row for row in rows if row.status.finished and key(row) not in known]
    deadline = time.perf_counter() + budget_seconds
    for done, row in enumerate(missing):
        if done and time.perf_counter() >= deadline:
            return len(missing) - done
        try:
            known.put(key(row), outcome_of(store.load_history(row.stored_id)) if row.updates else NOTHING)
        except LookupError:  # removed for good a moment ago, by another tab, or damaged
            known.put(key(row), NOTHING)
    return 0


def key(row: StoredRun) -> tuple[int, int]:
    """Names what a run has measured: it changes when there is more."""
    return row.stored_id, row.updates
