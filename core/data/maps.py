"""The finished maps that are shipped, one per pair of settings that people ask for: of every cell its numbers per seed, and its curves."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.analysis.export import versions
from core.settings.scenarios import DEFAULT, SCENARIOS
from core.settings.serial import config_to_json
from core.sweep.executor.processes import Processes
from core.sweep.grid import Grid, make_grid
from core.sweep.map import SweepMap
from core.sweep.measured import CURVES, MEASURES, Measured, SeedCurves, diverged
from core.sweep.run import Sweep
from core.sweep.store import SweepStore

FOLDER = Path(__file__).parent / "maps"
SCENARIO = DEFAULT
SEEDS, FIRST_SEED = 16, 1000  # seeds that no setting was searched with


@dataclass(frozen=True)
class ShippedMap:
    """One finished map. Everything that is read is shared: do not change it."""

    name: str
    title: str
    specs: tuple[str, str]  # x and y, as after --x and --y

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.npz"

    @property
    def command(self) -> str:
        """What computes the file."""
        return f"python -m core.data {self.name}"

    @property
    def sweep_command(self) -> str:
        """What trains the same map, and writes it as tables and pictures."""
        x, y = self.specs
        counts = f"--seeds {SEEDS} --first-seed {FIRST_SEED}"
        return f"python -m core sweep --scenario {SCENARIO} --x {x} --y {y} {counts} --out out/{self.name}"

    @cached_property
    def grid(self) -> Grid:
        scenario = SCENARIOS[SCENARIO]
        return make_grid(scenario, scenario.runs(replicas=SEEDS, first_seed=FIRST_SEED), self.specs)

    @property
    def settings(self) -> str:
        """A hash of the settings of every cell, which tells whether the file is of the present scenario."""
        text = "\n".join(config_to_json(config) for config in self.grid.configs.values())
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def write(self, results: Path | None = None) -> None:
        """Train the map, on every core, and keep it. `results`: a file of a sweep that was interrupted, or is done."""
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(SweepStore(results or Path(folder) / "results.sqlite")) as store,
            Processes() as executor,
        ):
            sweep = Sweep(self.grid, store)
            progress = sweep.run(executor)
        if not progress.done or progress.failed:
            raise RuntimeError(f"{self.name}: {progress.cells} of {progress.total} cells: {' '.join(progress.troubles)}")
        seconds = {"all": round(progress.worker_seconds, 1)}
        about = {"versions": versions(), "settings": self.settings, "seconds": seconds}
        FOLDER.mkdir(exist_ok=True)
        np.savez_compressed(self.path, about=np.array(json.dumps(about)), **_arrays(self.grid, sweep.plan.measured))

    @cached_property
    def about(self) -> dict:
        """The settings that it was made with, as a hash, processor seconds, and the versions."""
        with np.load(self.path, allow_pickle=False) as stored:
            return json.loads(str(stored["about"]))

    @cached_property
    def map(self) -> SweepMap:
        with np.load(self.path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files if name != "about"}
        return SweepMap(self.grid, _cells(self.grid, arrays))


def _arrays(grid: Grid, measured: Mapping) -> dict[str, np.ndarray]:
    """Rows are cells and sides in the order of the grid, in single precision; curves in half precision: a picture shows no more."""
    rows = [measured[place] for place in grid.configs]
    out = {f"value/{name}": np.array([row.values[name] for row in rows], np.float32) for name in MEASURES}
    out["updates"] = np.array([row.updates for row in rows])
    out["diverged"] = np.array([-1 if row.diverged is None else row.diverged for row in rows])
    for name in CURVES:
        for at, row in enumerate(rows):
            if name in row.curves:
                out[f"curve/{name}/{at}"] = row.curves[name].values.astype(np.float16)
                out[f"updates/{name}/{at}"] = row.curves[name].updates.astype(np.int32)
    return _packed(out)


def _packed(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The curves of one metric as one array where all rows have equally many points: hundreds of small arrays would take more room."""
    out = {name: array for name, array in arrays.items() if not name.startswith(("curve/", "updates/"))}
    for name in CURVES:
        curves = {int(key.rpartition("/")[2]): array for key, array in arrays.items() if key.startswith(f"curve/{name}/")}
        if not curves:
            continue
        most = max(len(array) for array in curves.values())
        rows, seeds = len(arrays["updates"]), next(iter(curves.values())).shape[1]
        table, updates = np.full((rows, most, seeds), np.nan, np.float16), np.full((rows, most), -1, np.int32)
        for at, array in curves.items():
            table[at, : len(array)] = array
            updates[at, : len(array)] = arrays[f"updates/{name}/{at}"]
        out |= {f"curve/{name}": table, f"at/{name}": updates}
    return out


def _cells(grid: Grid, arrays: Mapping[str, np.ndarray]) -> dict:
    out = {}
    for at, place in enumerate(grid.configs):
        if arrays["diverged"][at] >= 0:
            out[place] = diverged(grid.seeds, int(arrays["diverged"][at]), ())
            continue
        values = {name: arrays[f"value/{name}"][at].astype(float) for name in MEASURES}
        curves = {}
        for name in CURVES:
            if f"curve/{name}" in arrays:
                there = arrays[f"at/{name}"][at] >= 0
                curves[name] = SeedCurves(arrays[f"at/{name}"][at][there], arrays[f"curve/{name}"][at][there].astype(np.float32))
        found = Measured(grid.seeds, int(arrays["updates"][at]), values)
        out[place] = replace(found, curves={name: curve for name, curve in curves.items() if len(curve.updates)})
    return out


SHIPPED_MAPS = {
    shipped.name: shipped
    for shipped in (
        ShippedMap(
            "learning-rate-eps-high",
            "learning rate × ε_high",
            ("learning_rate=1e-4:1e-1:log13", "algorithm.eps_high=0.1,0.2,0.28,0.4,0.8"),
        ),
        ShippedMap(
            "group-size-hard-prompts",
            "group size × share of hard prompts",
            ("group_size=4,8,16,32", "task.hard_fraction=0.1,0.4,0.7,0.9"),
        ),
        ShippedMap(
            "noise-learning-rate", "learning rate × reward noise", ("learning_rate=1e-3:1e-1:log7", "task.noise=0,0.1,0.3,0.9")
        ),
        ShippedMap(
            "updates-per-rollout-eps-high",
            "updates per rollout × ε_high",
            ("updates_per_rollout=2,4,8,16", "algorithm.eps_high=0.1,0.2,0.28,0.4,0.8"),
        ),
    )
}


def finished_maps() -> dict[str, ShippedMap]:
    """Name -> map, of those whose file is there."""
    return {name: shipped for name, shipped in SHIPPED_MAPS.items() if shipped.path.exists()}
