"""A grid: two or three axes, the sides of a comparison, and every cell as settings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.settings.fields import ConfigError
from core.settings.overrides import apply_overrides
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.sweep.axis import Axis, parse_axis

MOST_CELLS = 2_000
OPTIONS = ("--x", "--y", "--z")
Cell = tuple[int, ...]  # a position on each axis


@dataclass(frozen=True)
class Grid:
    """`runs` are the sides, label -> settings, which every cell changes in the settings of the axes alone."""

    scenario: Scenario
    runs: Mapping[str, RunConfig]
    axes: tuple[Axis, ...]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, x fastest."""
        return tuple(place[::-1] for place in itertools.product(*(range(len(axis)) for axis in reversed(self.axes))))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis) for axis in self.axes)

    @property
    def seeds(self) -> tuple[int, ...]:
        return next(iter(self.runs.values())).seeds

    @cached_property
    def configs(self) -> dict[tuple[Cell, str], RunConfig]:
        """(cell, side) -> its settings."""
        return {(cell, label): run for cell in self.cells for label, run in self.at(cell).items()}

    def at(self, cell: Cell) -> dict[str, RunConfig]:
        """Side -> the settings of one cell. ConfigError for a combination that is invalid."""
        return apply_overrides(dict(self.runs), self.texts(cell))

    def texts(self, cell: Cell) -> list[str]:
        """A cell as ['learning_rate=0.001', …]."""
        return [f"{axis.name}={axis.texts[at]}" for axis, at in zip(self.axes, cell, strict=True)]

    def mark(self, label: str) -> tuple[float | None, ...]:
        """Where the side's own settings lie on each axis; None outside of it."""
        return tuple(axis.place(value_of(self.runs[label], axis.name)) for axis in self.axes)


def make_grid(scenario: Scenario, runs: dict[str, RunConfig], specs: Sequence[str], most_cells: int = MOST_CELLS) -> Grid:
    """The grid of `specs`, the texts of two or three axes. ConfigError in one line if one of them, or any of its cells, is invalid."""
    if not 2 <= len(specs) <= 3:
        raise ConfigError(f"a map must have 2 or 3 axes, got {len(specs)}; give --x and --y")
    axes = tuple(parse_axis(spec, runs, option) for spec, option in zip(specs, OPTIONS, strict=False))
    fields = [axis.name.removeprefix("run.").lower() for axis in axes]
    if len(set(fields)) < len(fields):
        raise ConfigError(f"axes must be of different settings, got {' and '.join(fields)}; change one of them")
    count = math.prod(len(axis) for axis in axes)
    if count > most_cells:
        sizes = " x ".join(str(len(axis)) for axis in axes)
        raise ConfigError(f"a map must have at most {most_cells:,} cells, got {sizes} = {count:,}; choose fewer values")
    if any(run.fork is not None for run in runs.values()):
        raise ConfigError("a map must be of runs that begin at the base policy, got a fork; leave it out")
    if any(run.per_replica for run in runs.values()):
        raise ConfigError(
            "learning_rate, eps_low and eps_high of a map must be one number for all replicas, got a tuple; give a number"
        )
    grid = Grid(scenario, runs, axes)
    for cell in grid.cells:
        try:
            grid.at(cell)
        except ConfigError as error:
            raise ConfigError(f"the cell {', '.join(grid.texts(cell))} cannot be trained: {error}") from None
    return grid


def value_of(run: RunConfig, name: str) -> object:
    """The value of the setting `name`, as after --set, in `run`."""
    owner, _, field = name.rpartition(".")
    part = run.task if owner == "task" else run if owner in ("", "run") else run.algorithm
    return getattr(part, field)
