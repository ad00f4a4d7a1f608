"""Logs as the Lab's CSV, alone or beside runs of the Lab."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.csv_files import csv_text
from core.analysis.metrics import INDEX_COLUMNS, METRIC_NAMES
from core.logs.model import ROLLOUT
from core.logs.names import EXTRA_NAMES
from core.logs.reading import Reading
from core.logs.run import LogRun

if TYPE_CHECKING:
    import pandas as pd

NOT_LOGGED = ("seed", "samples_generated", "wall_seconds", "token_cost")
LAB = (*INDEX_COLUMNS, *METRIC_NAMES)


def lab_csv(reading: Reading) -> str:
    """The runs of a reading, see `frames_csv`."""
    return frames_csv(log_frame(run, run.name) for run in reading.runs)


def frames_csv(frames: Iterable[pd.DataFrame]) -> str:
    """Frames of the Lab's runs (`core.analysis.export.run_frame`) and of logs (`log_frame`) as one table in the columns of the Lab's own CSV,
    then what only other trainers log, then every other column under its own name. What was not measured or not logged is empty, never 0. No
    cell can be taken for a formula."""
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    table = pd.concat(list(frames), ignore_index=True)
    extra = [name for name in EXTRA_NAMES if name in table]
    others = [name for name in table if name not in LAB and name not in extra]
    return csv_text(table[[*LAB, *extra, *others]])


def log_frame(run: LogRun, label: str) -> pd.DataFrame:
    """One row per step of the run, which is called `label`. A column whose name is one of the Lab's, and that does not stand for it, is
    written as "NAME (logged)"; what evaluations logged under the name of a column of the training, as "NAME (evaluation)"."""
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    others = [c for c in (*run.columns, *run.evaluation.columns) if c not in run.taken]
    names = {(f"{c} (logged)" if c in LAB or c in EXTRA_NAMES else c): c for c in dict.fromkeys(others)}
    history = run.history(names)
    frame = history.frame(run_id=run.name, algorithm=label)
    frame[list(NOT_LOGGED)] = np.nan
    if run.step_unit != ROLLOUT:
        frame["rollout"] = np.nan
    more = {name: history.metric(name)[:, 0] for name in (*EXTRA_NAMES, *names) if name in run.metrics or name in names}
    for column in run.evaluation.columns:
        if column in run.training.columns:
            values = pd.Series(run.evaluation.values(column), index=run.evaluation.steps)
            more[f"{column} (evaluation)"] = values.reindex(history.updates).to_numpy()
    return pd.concat([frame, pd.DataFrame(more)], axis=1)
