"""The numbers that are kept of a unit: one per seed and measure, and curves for the reader who asks for a cell."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.analysis.detectors import collapsed_seeds, entropy_low_update, solved_seeds
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.stats import final_values
from core.engine.types import StepRecord

COLLAPSED, SOLVED, COLLAPSE_UPDATE, SAMPLES = "collapsed", "solved", "collapse_update", "samples_generated"
OUTCOMES = (COLLAPSED, SOLVED, COLLAPSE_UPDATE, SAMPLES)
MEASURES = (*METRIC_NAMES, *OUTCOMES)
CURVES = ("eval_accuracy", "entropy_nats", "grad_norm", "all_wrong_fraction")
POINTS = 24  # of a curve


@dataclass(frozen=True)
class SeedCurves:
    """One metric over the updates: `updates` (M,), `values` (M, R)."""

    updates: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Measured:
    """`values[name]` (R,) float64 for every name in MEASURES, NaN where it was not measured. Metrics are means over the last 10 % of the
    updates, as everywhere. `diverged` is the update at which a number became NaN or infinite, of which seeds; None if none did. What diverged
    has no values."""

    seeds: tuple[int, ...]
    updates: int
    values: Mapping[str, np.ndarray]
    curves: Mapping[str, SeedCurves] = field(default_factory=dict)
    diverged: int | None = None
    diverged_seeds: tuple[int, ...] = ()

    def to_bytes(self) -> bytes:
        """The same numbers always give the same bytes."""
        arrays = {f"value/{name}": values for name, values in self.values.items()}
        for name, curve in self.curves.items():
            arrays |= {f"updates/{name}": curve.updates.astype(np.int32), f"curve/{name}": curve.values.astype(np.float32)}
        arrays |= {"seeds": np.array(self.seeds), "updates": np.array(self.updates)}
        if self.diverged is not None:
            arrays |= {"diverged": np.array(self.diverged), "diverged_seeds": np.array(self.diverged_seeds)}
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)
        return out.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> Measured:
        """What `to_bytes` wrote; curves in single precision. ValueError or OSError if it is damaged."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            values = {name.removeprefix("value/"): arrays[name] for name in arrays.files if name.startswith("value/")}
            names = [name.removeprefix("curve/") for name in arrays.files if name.startswith("curve/")]
            curves = {name: SeedCurves(arrays[f"updates/{name}"], arrays[f"curve/{name}"]) for name in names}
            diverged = int(arrays["diverged"]) if "diverged" in arrays.files else None
            hit = tuple(arrays["diverged_seeds"].tolist()) if diverged is not None else ()
            return Measured(tuple(arrays["seeds"].tolist()), int(arrays["updates"]), values, curves, diverged, hit)

    @staticmethod
    def joined(parts: Sequence[Measured]) -> Measured:
        """Those of successive seeds of one cell as one. If one of them diverged, the whole did, at the earliest update."""
        if len(parts) == 1:
            return parts[0]
        seeds = tuple(seed for part in parts for seed in part.seeds)
        hit = [part for part in parts if part.diverged is not None]
        if hit:
            at = min(part.diverged for part in hit)
            which = tuple(seed for part in hit if part.diverged == at for seed in part.diverged_seeds)
            return diverged(seeds, at, which)
        values = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
        curves = {
            name: SeedCurves(curve.updates, np.concatenate([part.curves[name].values for part in parts], 1))
            for name, curve in parts[0].curves.items()
            if all(name in part.curves and np.array_equal(part.curves[name].updates, curve.updates) for part in parts)
        }
        return Measured(seeds, max(part.updates for part in parts), values, curves)


def diverged(seeds: Sequence[int], update: int, which: Sequence[int]) -> Measured:
    """What is kept of a unit whose seeds `which` became NaN or infinite at `update`."""
    return Measured(tuple(seeds), update - 1, {name: np.full(len(seeds), np.nan) for name in MEASURES}, {}, update, tuple(which))


def measure(history: History) -> Measured:
    """Everything that is kept of a finished run."""
    updates, ends = history.updates, history.ends
    values = {name: final_values(updates, history.metric(name), ends) for name in METRIC_NAMES}
    fell, solved = (find(updates, history.metric, ends) for find in (collapsed_seeds, solved_seeds))
    values |= {COLLAPSED: fell.astype(float), SOLVED: solved.astype(float)}
    values[COLLAPSE_UPDATE] = _when(updates, history.metric("entropy_nats"), fell)
    values[SAMPLES] = history.samples[-1].astype(float)
    curves = {name: curve for name in CURVES if (curve := _thinned(history, name)) is not None}
    return Measured(history.seeds, history.last_update, values, curves)


def _when(updates: np.ndarray, entropy: np.ndarray, fell: np.ndarray) -> np.ndarray:
    """(R,) the update at which each seed that ended collapsed had first lost its entropy; NaN for the others."""
    out = np.full(len(fell), np.nan)
    for seed in np.flatnonzero(fell):
        found = entropy_low_update(updates, entropy[:, seed])
        out[seed] = np.nan if found is None else found
    return out


def _thinned(history: History, name: str) -> SeedCurves | None:
    """At most POINTS points: each seed's mean over as many stretches of the run. None if it was never measured."""
    table = history.metric(name)
    measured = np.isfinite(table)
    rows = np.flatnonzero(measured.any(1))
    if not len(rows):
        return None
    points = np.array_split(rows, min(POINTS, len(rows)))
    with np.errstate(invalid="ignore"):
        sums = np.array([np.where(measured[part], table[part], 0.0).sum(0) for part in points])
        counts = np.array([measured[part].sum(0) for part in points])
        values = sums / counts
    return SeedCurves(np.array([round(history.updates[part].mean()) for part in points]), values)


def part_of(records: Sequence[StepRecord], rows: slice, seeds: Sequence[int]) -> History:
    """The history of the replicas `rows` of a merged run."""
    out = History(seeds)
    for record in records:
        metrics = {name: values[rows] for name, values in record.metrics.items()}
        out.append(StepRecord(record.update, record.rollout, record.samples_generated[rows], record.wall_seconds, metrics))
    return out
