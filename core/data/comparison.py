"""The finished default comparison that the page shows before anything is run. Computed by this code: `python -m core.data.comparison`."""

from __future__ import annotations

import itertools
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from core.analysis.export import run_id, versions
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import RunResult, Status
from core.engine.types import Distribution, StepRecord
from core.runs.foreground import run_all
from core.settings.scenarios import SCENARIOS

SCENARIO = "collapse"
PATH = Path(__file__).parent / f"{SCENARIO}.npz"
COMMAND = "python -m core.data.comparison"


def write() -> None:
    """Run the default comparison and keep it: single precision, compressed."""
    torch.set_num_threads(1)
    results = run_all(SCENARIOS[SCENARIO].runs())
    arrays: dict[str, np.ndarray] = {}
    about = {"scenario": SCENARIO, "versions": versions(), "runs": {}}
    for label, result in results.items():
        if result.status is not Status.DONE:
            raise RuntimeError(f"{label}: {result.status} {result.error}")
        history = result.history
        about["runs"][label] = run_id(label, result.config)
        arrays[f"{label}/updates"], arrays[f"{label}/rollouts"] = history.updates, history.rollouts
        arrays[f"{label}/samples"], arrays[f"{label}/wall_seconds"] = history.samples, history.wall_seconds.astype(np.float32)
        for name in METRIC_NAMES:
            arrays[f"{label}/{name}"] = history.metric(name).astype(np.float32)
        updates, seen = zip(*history.distributions(), strict=True)
        arrays[f"{label}/distribution_updates"] = np.array(updates)
        arrays[f"{label}/token_probs"] = np.stack([one.token_probs for one in seen])
        arrays[f"{label}/rank_probs"] = np.stack([one.rank_probs for one in seen])
    PATH.parent.mkdir(exist_ok=True)
    np.savez_compressed(PATH, about=np.array(json.dumps(about)), **arrays)


@lru_cache(maxsize=1)
def load() -> dict[str, RunResult]:
    """Label -> the shipped run, with the scenario's present configuration. Do not change what is returned: it is shared."""
    with np.load(PATH, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return {label: _result(label, config, arrays) for label, config in SCENARIOS[SCENARIO].runs().items()}


def about() -> dict:
    """Which configuration and versions the shipped run was made with."""
    with np.load(PATH, allow_pickle=False) as stored:
        return json.loads(str(stored["about"]))


def _result(label: str, config, arrays: dict[str, np.ndarray]) -> RunResult:
    history = History(config.seeds)
    metrics = {name: arrays[f"{label}/{name}"].astype(float) for name in METRIC_NAMES}
    measured = {name: ~np.isnan(values).all(1) for name, values in metrics.items()}
    tables = zip(arrays[f"{label}/token_probs"], arrays[f"{label}/rank_probs"], strict=True)
    seen = dict(zip(arrays[f"{label}/distribution_updates"].tolist(), itertools.starmap(Distribution, tables), strict=True))
    for row, update in enumerate(arrays[f"{label}/updates"]):
        history.append(
            StepRecord(
                int(update),
                int(arrays[f"{label}/rollouts"][row]),
                arrays[f"{label}/samples"][row],
                float(arrays[f"{label}/wall_seconds"][row]),
                {name: values[row] for name, values in metrics.items() if measured[name][row]},
                seen.get(int(update)),
            )
        )
    return RunResult(config, history)


if __name__ == "__main__":
    write()
