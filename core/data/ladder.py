"""The finished default ladder that the page shows before anything is run. Computed by this code: `python -m core.data.ladder`."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from core.analysis.export import run_id, versions
from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.analysis.stats import FINAL_FRACTION, INITIAL_UPDATES
from core.engine.types import StepRecord
from core.ladder.rungs import SCENARIO, ladder_runs
from core.ladder.table import SCORE
from core.runs.foreground import run_one
from core.settings.scenarios import SCENARIOS

PATH = Path(__file__).parent / "ladder.npz"
COMMAND = "python -m core.data.ladder"
KEPT = (SCORE, "entropy_nats", "grad_norm", "filter_ratio")  # metrics


def thinned(history: History) -> History:
    """`history` with what a ladder needs: the first updates, the evaluations and the last part. Every number of its table is the same."""
    updates = history.updates
    measured = {name: ~np.isnan(history.metric(name)).all(1) for name in KEPT}
    keep = measured[SCORE] | (updates <= INITIAL_UPDATES) | (updates > updates[-1] * (1 - FINAL_FRACTION))
    for rows in measured.values():
        keep[np.flatnonzero(rows)[-1:]] = True  # the last value, where the last part of a short run holds none
    out = History(history.seeds)
    for record, kept in zip(history.after(0), keep, strict=True):
        if kept:
            metrics = {name: values for name, values in record.metrics.items() if name in KEPT}
            out.append(StepRecord(record.update, record.rollout, record.samples_generated, record.wall_seconds, metrics))
    return out


def write(path: Path = PATH, **counts: int) -> None:
    """Run the whole ladder and keep it: thinned, single precision, compressed. `counts` are those of `ladder_runs`."""
    torch.set_num_threads(1)
    arrays: dict[str, np.ndarray] = {}
    about = {"scenario": SCENARIO, "versions": versions(), "counts": counts, "runs": {}, "seconds": {}}
    for label, config in ladder_runs(SCENARIOS[SCENARIO], **counts).items():
        begin = time.process_time()  # one run after the other, so that this is its own
        result = run_one(config)
        about["seconds"][label] = round(time.process_time() - begin, 2)
        if result.status is not Status.DONE:
            raise RuntimeError(f"{label}: {result.status} {result.error}")
        about["runs"][label] = run_id(label, config)
        history = thinned(result.history)
        arrays[f"{label}/updates"], arrays[f"{label}/rollouts"] = history.updates, history.rollouts
        arrays[f"{label}/samples"] = history.samples
        for name in KEPT:
            arrays[f"{label}/{name}"] = history.metric(name).astype(np.float32)
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> dict[str, RunResult]:
    """Label -> the shipped run, thinned, with the scenario's present configuration. Do not change what is returned: it is shared."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    runs = ladder_runs(SCENARIOS[SCENARIO], **json.loads(str(arrays["about"]))["counts"])
    return {label: _result(label, config, arrays) for label, config in runs.items()}


def about(path: Path = PATH) -> dict:
    """Which configurations and versions the shipped ladder was made with, and the processor seconds of each run."""
    with np.load(path, allow_pickle=False) as stored:
        return json.loads(str(stored["about"]))


def _result(label: str, config, arrays: dict[str, np.ndarray]) -> RunResult:
    history = History(config.seeds)
    metrics = {name: arrays[f"{label}/{name}"].astype(float) for name in KEPT}
    for row, update in enumerate(arrays[f"{label}/updates"]):
        measured = {name: values[row] for name, values in metrics.items() if not np.isnan(values[row]).all()}
        samples, rollout = arrays[f"{label}/samples"][row], int(arrays[f"{label}/rollouts"][row])
        history.append(StepRecord(int(update), rollout, samples, 0.0, measured))
    return RunResult(config, history)


if __name__ == "__main__":
    write()
