"""The finished factorials that the page shows before anything is run: of every cell what the tables need."""

from __future__ import annotations

import numpy as np

from core.analysis.history import History
from core.analysis.result import RunResult
from core.analysis.stats import FINAL_FRACTION, INITIAL_UPDATES
from core.data.dataset import Dataset, Kept, trained
from core.engine.types import StepRecord
from core.ladder.factorial.studies import STUDIES
from core.ladder.table import SCORE
from core.settings.run import RunConfig

STATE = ("entropy_nats", "accuracy", "all_wrong_fraction", "all_right_fraction")  # what *collapsed* and *solved* are made of
ENDS = "grad_norm"  # tells which update was a seed's last


def study_runs(**counts: int) -> dict[str, RunConfig]:
    """`STUDY/LABEL` -> run; `counts` in place of each study's own."""
    return {f"{name}/{label}": run for name, study in STUDIES.items() for label, run in study.runs(**counts).items()}


def thinned(history: History) -> History:
    """`history` with what a factorial needs: the first updates, the evaluations, what each seed's last part measured, and the last update of
    each. Every number of its table is the same."""
    updates, ends = history.updates, history.ends
    scored = ~np.isnan(history.metric(SCORE)).all(1)
    state = ~np.isnan(history.metric(STATE[0])).all(1)
    first = updates <= INITIAL_UPDATES
    late = state & (updates > ends.min() * (1 - FINAL_FRACTION))
    late[[np.flatnonzero(state & (updates <= end))[-1] for end in ends]] = True  # where the last part of a short run holds none
    last = np.isin(updates, [*ends, updates[-1]])
    out = History(history.seeds)
    for place, record in enumerate(history.after(-1)):
        names = [SCORE] * bool(scored[place])
        names += [*STATE] * bool(first[place] or late[place])
        names += [ENDS] * bool(last[place])
        if names or first[place]:
            metrics = {name: record.metrics[name] for name in names if name in record.metrics}
            out.append(StepRecord(record.update, record.rollout, record.samples_generated, record.wall_seconds, metrics))
    return out


SHIPPED_FACTORIALS = Dataset("factorial", runs=study_runs, record=lambda _, config: Kept(thinned(trained(config))))


def shipped_results(study: str) -> dict[str, RunResult]:
    """Label -> shipped run of the cells of one study."""
    begin = f"{study}/"
    return {label.removeprefix(begin): run for label, run in SHIPPED_FACTORIALS.results.items() if label.startswith(begin)}
