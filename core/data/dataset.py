"""The one format of what is shipped: trained runs, and tables beside them, in a compressed file of arrays; written and read here alone."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from core.analysis.export import run_id, versions
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import RunResult, Status
from core.engine.types import Distribution, StepRecord
from core.runs.foreground import run_one
from core.settings.run import RunConfig

FOLDER = Path(__file__).parent
TABLE, METRIC = "table", "metric"


@dataclass(frozen=True)
class Kept:
    """What is shipped of a run: its history, or the part of it that is needed, and tables (name -> array) that no history holds."""

    history: History
    tables: Mapping[str, np.ndarray] = field(default_factory=dict)


def trained(config: RunConfig) -> History:
    """Everything that a run measures. RuntimeError if it does not come to its end."""
    result = run_one(config)
    if result.status is not Status.DONE:
        raise RuntimeError(f"{result.status}: {result.error}")
    return result.history


@dataclass(frozen=True)
class Dataset:
    """One shipped file. `runs` gives label -> settings, `record` trains one and says what is kept. Everything that is read is shared:
    do not change it."""

    name: str
    runs: Callable[..., dict[str, RunConfig]]
    record: Callable[[str, RunConfig], Kept]
    folder: Path = FOLDER

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.npz"

    @property
    def command(self) -> str:
        """What computes the file."""
        return f"python -m core.data {self.name}"

    def write(self, **counts: int) -> None:
        """Train every run, one after the other, and keep it in single precision. `counts` are arguments of `runs`."""
        torch.set_num_threads(1)
        arrays: dict[str, np.ndarray] = {}
        about: dict = {"versions": versions(), "counts": counts, "runs": {}, "seconds": {}}
        for label, config in self.runs(**counts).items():
            begin = time.process_time()
            kept = self.record(label, config)
            about["seconds"][label] = round(time.process_time() - begin, 2)
            about["runs"][label] = run_id(label, config)
            arrays |= {f"{label}/{name}": array for name, array in _arrays(kept).items()}
        # Written beside its place, so that an interruption leaves the file that was there.
        part = self.path.with_suffix(".part.npz")
        np.savez_compressed(part, about=np.array(json.dumps(about)), **arrays)
        part.replace(self.path)

    @cached_property
    def about(self) -> dict:
        """Per run its id, which tells the settings it was made with, and its processor seconds; and the versions."""
        return json.loads(str(self._arrays["about"]))

    @cached_property
    def results(self) -> dict[str, RunResult]:
        """Label -> the shipped run, with its present settings."""
        runs = self.runs(**self.about["counts"])
        return {label: RunResult(config, _history(config, self._of(label))) for label, config in runs.items()}

    def tables(self, label: str) -> dict[str, np.ndarray]:
        """Name -> what was kept of a run beside its history."""
        return {name.removeprefix(f"{TABLE}/"): array for name, array in self._of(label).items() if name.startswith(f"{TABLE}/")}

    def _of(self, label: str) -> dict[str, np.ndarray]:
        begin = f"{label}/"
        return {name.removeprefix(begin): array for name, array in self._arrays.items() if name.startswith(begin)}

    @cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        with np.load(self.path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}


def _arrays(kept: Kept) -> dict[str, np.ndarray]:
    history = kept.history
    out = {"updates": history.updates, "rollouts": history.rollouts, "samples": history.samples}
    out["wall_seconds"] = history.wall_seconds.astype(np.float32)
    for name in METRIC_NAMES:
        values = history.metric(name)
        if not np.isnan(values).all():
            out[f"{METRIC}/{name}"] = values.astype(np.float32)
    if seen := history.distributions():
        out["distribution/updates"] = np.array([update for update, _ in seen])
        for name in ("token_probs", "rank_probs"):
            out[f"distribution/{name}"] = np.stack([getattr(one, name) for _, one in seen])
    return out | {f"{TABLE}/{name}": table for name, table in kept.tables.items()}


def _history(config: RunConfig, arrays: Mapping[str, np.ndarray]) -> History:
    history = History(config.seeds)
    metrics = {name: arrays[f"{METRIC}/{name}"].astype(float) for name in METRIC_NAMES if f"{METRIC}/{name}" in arrays}
    measured = {name: ~np.isnan(values).all(1) for name, values in metrics.items()}
    tables = (arrays.get(f"distribution/{name}", ()) for name in ("token_probs", "rank_probs"))
    looks = itertools.starmap(Distribution, zip(*tables, strict=True))
    seen = dict(zip(arrays.get("distribution/updates", np.empty(0)).tolist(), looks, strict=True))
    index = zip(
        arrays["updates"].tolist(), arrays["rollouts"].tolist(), arrays["samples"], arrays["wall_seconds"].tolist(), strict=True
    )
    for row, (update, rollout, samples, seconds) in enumerate(index):
        found = {name: values[row] for name, values in metrics.items() if measured[name][row]}
        history.append(StepRecord(update, rollout, samples, seconds, found, seen.get(update)))
    return history
