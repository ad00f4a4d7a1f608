"""What has been measured of a grid, as tables: ends, shares, updates of collapse, differences between sides, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.analysis.metrics import METRICS
from core.analysis.stats import Estimate, contrast, interval, share
from core.sweep.grid import Cell, Grid
from core.sweep.measured import COLLAPSE_UPDATE, COLLAPSED, MEASURES, SAMPLES, SOLVED, Measured
from core.sweep.plan import Place

SHARES = (COLLAPSED, SOLVED)
NOTHING = Estimate(float("nan"))
OUTCOME_WORDS = {
    COLLAPSED: ("share of seeds that collapsed", "fraction"),
    SOLVED: ("share of seeds that solved their prompts", "fraction"),
    COLLAPSE_UPDATE: ("update at which the entropy of those that collapsed fell", "updates"),
    SAMPLES: ("completions generated per seed", "completions"),
}
METRIC_WORDS = {
    "eval_accuracy": "score at the end",
    "entropy_nats": "entropy at the end",
    "grad_norm": "gradient norm at the end",
    "filter_ratio": "filter ratio at the end",
    "accuracy": "share of right completions at the end",
}
UNITS = {metric.name: metric.unit for metric in METRICS} | {name: unit for name, (_, unit) in OUTCOME_WORDS.items()}


def measure_words(name: str) -> str:
    """A measure for a reader."""
    if name in OUTCOME_WORDS:
        return OUTCOME_WORDS[name][0]
    return METRIC_WORDS.get(name, f"{name} at the end")


@dataclass(frozen=True)
class SweepMap:
    """`cells` has what is measured so far, (cell, side) -> numbers; a cell may have some of its seeds only."""

    grid: Grid
    cells: Mapping[Place, Measured]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.grid.runs)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(ours, theirs) of every difference: each other side minus the first."""
        first, *others = self.labels
        return tuple((other, first) for other in others)

    def estimate(self, cell: Cell, label: str, measure: str) -> Estimate:
        """The mean over seeds with its interval, a share with Wilson's; NaN where nothing was measured, or the cell diverged."""
        found = self.cells.get((cell, label))
        if found is None or found.diverged is not None:
            return NOTHING
        values = found.values[measure]
        return share(values > 0.5) if measure in SHARES else interval(values)

    def difference(self, cell: Cell, ours: str, theirs: str, measure: str) -> Estimate:
        """Paired by seed, over the seeds that both have."""
        pair = [self.cells.get((cell, label)) for label in (ours, theirs)]
        if any(found is None or found.diverged is not None for found in pair):
            return NOTHING
        count = min(len(found.seeds) for found in pair)
        return contrast(*(found.values[measure][:count] for found in pair))

    def table(self, label: str, measure: str, at: int | None = None) -> np.ndarray:
        """(ny, nx) means of one side; `at` is the position on a third axis."""
        return self._table(lambda cell: self.estimate(cell, label, measure).mean, at)

    def differences(self, ours: str, theirs: str, measure: str, at: int | None = None) -> np.ndarray:
        """(ny, nx) means of the paired differences."""
        return self._table(lambda cell: self.difference(cell, ours, theirs, measure).mean, at)

    def fallen(self, label: str, at: int | None = None) -> np.ndarray:
        """(ny, nx) share of seeds that collapsed, 1 where the cell diverged, NaN where nothing was measured."""
        return self._table(lambda cell: self.share_fallen(cell, label), at)

    def share_fallen(self, cell: Cell, label: str) -> float:
        found = self.cells.get((cell, label))
        if found is None:
            return float("nan")
        return 1.0 if found.diverged is not None else float((found.values[COLLAPSED] > 0.5).mean())

    def diverged(self, label: str, at: int | None = None) -> list[Cell]:
        return [cell for cell in self.plane(at) if (found := self.cells.get((cell, label))) and found.diverged is not None]

    def plane(self, at: int | None = None) -> list[Cell]:
        """The cells of a position on the third axis, x fastest."""
        return [cell for cell in self.grid.cells if at is None or len(cell) < 3 or cell[2] == at]

    def _table(self, value, at: int | None) -> np.ndarray:
        shape = self.grid.shape
        out = np.full((shape[1], shape[0]), np.nan)
        for cell in self.plane(at):
            out[cell[1], cell[0]] = value(cell)
        return out

    @cached_property
    def rows(self) -> list[dict]:
        """One flat row per cell, side (or difference) and measure that was measured, as map.csv has it."""
        out = []
        for cell in self.grid.cells:
            place = {axis.name: axis.texts[at] for axis, at in zip(self.grid.axes, cell, strict=True)}
            for label in self.labels:
                found = self.cells.get((cell, label))
                if found is None:
                    continue
                state = {"side": label, "seeds": len(found.seeds), "diverged_update": found.diverged}
                if found.diverged is not None:
                    out.append(place | state | {"measure": "", "mean": None, "low": None, "high": None})
                else:
                    out += [place | state | _flat(name, self.estimate(cell, label, name)) for name in MEASURES]
            for ours, theirs in self.pairs:
                found = [self.cells.get((cell, label)) for label in (ours, theirs)]
                if all(one is not None and one.diverged is None for one in found):
                    state = {"side": f"{ours} - {theirs}", "seeds": min(len(one.seeds) for one in found), "diverged_update": None}
                    out += [place | state | _flat(name, self.difference(cell, ours, theirs, name)) for name in MEASURES]
        return [row for row in out if row["mean"] is not None or not row["measure"]]


def _flat(name: str, value: Estimate) -> dict:
    low, high = value.ci95 or (None, None)
    return {"measure": name, "mean": None if value.mean != value.mean else value.mean, "low": low, "high": high}
