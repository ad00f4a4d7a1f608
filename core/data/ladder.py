"""The finished default ladder that the page shows before anything is run: of every rung what the tables need."""

from __future__ import annotations

from functools import partial

import numpy as np

from core.analysis.history import History
from core.analysis.stats import FINAL_FRACTION, INITIAL_UPDATES
from core.data.dataset import Dataset, Kept, trained
from core.engine.types import StepRecord
from core.ladder.rungs import SCENARIO, ladder_runs
from core.ladder.table import SCORE
from core.settings.scenarios import SCENARIOS

KEPT = (SCORE, "entropy_nats", "grad_norm", "filter_ratio", "accuracy", "all_wrong_fraction", "all_right_fraction")  # metrics


def thinned(history: History) -> History:
    """`history` with what a ladder needs: the first updates, the evaluations and the last part. Every number of its table is the same."""
    updates = history.updates
    measured = {name: ~np.isnan(history.metric(name)).all(1) for name in KEPT}
    keep = measured[SCORE] | (updates <= INITIAL_UPDATES) | (updates > updates[-1] * (1 - FINAL_FRACTION))
    for rows in measured.values():
        keep[np.flatnonzero(rows)[-1:]] = True  # the last value, where the last part of a short run holds none
    out = History(history.seeds)
    for record, kept in zip(history.after(-1), keep, strict=True):
        if kept:
            metrics = {name: values for name, values in record.metrics.items() if name in KEPT}
            out.append(StepRecord(record.update, record.rollout, record.samples_generated, record.wall_seconds, metrics))
    return out


SHIPPED_LADDER = Dataset(
    "ladder", runs=partial(ladder_runs, SCENARIOS[SCENARIO]), record=lambda _, config: Kept(thinned(trained(config)))
)
