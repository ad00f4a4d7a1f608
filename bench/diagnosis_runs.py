"""A run of the Lab that the diagnosis is tried on, healthy or made sick by one setting, and how it is trained once and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.analysis.metrics import METRIC_NAMES
from core.runs.foreground import run_one
from core.settings.run import RunConfig
from core.settings.serial import config_to_json

SEEDS = 8
TUNED, FRESH = "tuned", "fresh"
FIRST_SEED = {TUNED: 300, FRESH: 900}  # no scenario was searched on these


@dataclass(frozen=True)
class KnownRun:
    """`SEEDS` seeds at once. `family` is TUNED or FRESH; `cause` says what was made wrong, "" for nothing."""

    name: str
    family: str
    cause: str
    config: RunConfig

    @property
    def seeded(self) -> RunConfig:
        return replace(self.config, replicas=SEEDS, first_seed=FIRST_SEED[self.family], eval_every=5)


def trained(run: KnownRun, cache: Path) -> dict[str, np.ndarray]:
    """Metric -> (U, SEEDS), and "updates" (U,): of the cache, else trained and put there. A run whose settings have changed is another."""
    key = hashlib.sha256(config_to_json(run.seeded).encode()).hexdigest()[:12]
    path = cache / f"{run.name}-{key}.npz"
    if not path.exists():
        torch.set_num_threads(1)
        result = run_one(run.seeded)
        history = result.history
        if not len(history):
            raise SystemExit(f"{run.name} trained nothing: {result.error}")
        values = {name: history.metric(name) for name in METRIC_NAMES}
        cache.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, updates=history.updates, failed=np.array(result.error or ""), **values)
    with np.load(path) as held:
        return {name: held[name] for name in held.files}
