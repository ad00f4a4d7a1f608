"""What is trained next, and what trains together.

First the coarse cells (`core.sweep.order`), each with its first few seeds; then their other seeds; then the cells between, those whose
neighbours differ most before the others. Every cell is trained in the end: the order decides only what is seen first.

Units of one family (`core.sweep.unit`) train as one run, as many as do not change each other's bits (`core.engine.merging`), and so that
every worker has something to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from core.engine.merging import most_together
from core.settings.serial import config_to_json
from core.sweep.grid import Cell, Grid
from core.sweep.measured import Measured
from core.sweep.order import CellOrder
from core.sweep.unit import Unit, unit_of

FIRST_SEEDS = 4  # that a coarse cell gets at first
FIRST, SECOND, BETWEEN = range(3)  # levels: first seeds of the coarse cells, their other seeds, the cells between
FIRST_ROOM = 24  # replicas of a shard of the first level
SHARDS_EACH = 3  # that a worker has before it at least, as long as shards can be made small enough
Place = tuple[Cell, str]  # a cell of one side


@dataclass(frozen=True)
class Shard:
    """Units that train as one run on one worker."""

    units: tuple[Unit, ...]

    @cached_property
    def texts(self) -> list[str]:
        return [config_to_json(unit.config) for unit in self.units]

    @property
    def replicas(self) -> int:
        return sum(unit.config.replicas for unit in self.units)

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(unit.key for unit in self.units)


class Plan:
    """What is to be trained for a grid. `merge` False trains every unit by itself, for comparison."""

    def __init__(self, grid: Grid, *, merge: bool = True):
        self.grid, self._merge = grid, merge
        self._order = CellOrder(grid)
        self.coarse = self._order.coarse
        self.units: dict[Place, tuple[Unit, ...]] = {place: self._units(place) for place in grid.configs}
        self.measured: dict[Place, Measured] = {}  # whole cells
        self._numbers: dict[str, Measured] = {}
        self._waiting: dict[Unit, Place] = {unit: place for place, units in self.units.items() for unit in units}

    @property
    def is_empty(self) -> bool:
        """Whether `next` has offered everything."""
        return not self._waiting

    @property
    def todo(self) -> list[Unit]:
        """The units of which there are no numbers yet."""
        return [unit for units in self.units.values() for unit in units if unit.key not in self._numbers]

    @property
    def keys(self) -> list[str]:
        return [unit.key for units in self.units.values() for unit in units]

    def add(self, numbers: Mapping[str, Measured]) -> None:
        """Key -> numbers, from the store or from a worker."""
        self._numbers |= numbers
        self._waiting = {unit: place for unit, place in self._waiting.items() if unit.key not in numbers}
        for place, units in self.units.items():
            if place not in self.measured and all(unit.key in self._numbers for unit in units):
                self.measured[place] = Measured.joined([self._numbers[unit.key] for unit in units])

    def take_back(self, shard: Shard) -> None:
        """Offer these units again: their worker was lost."""
        at = {unit: place for place, units in self.units.items() for unit in units}
        self._waiting = {unit: at[unit] for unit in shard.units if unit.key not in self._numbers} | self._waiting

    def partly(self) -> dict[Place, Measured]:
        """What there is of every cell, be it of some seeds only."""
        out = {}
        for place, units in self.units.items():
            found = [self._numbers[unit.key] for unit in units if unit.key in self._numbers]
            if found:
                out[place] = Measured.joined(found)
        return out

    def next(self, workers: int) -> Shard | None:
        """The next shard, which is not offered again; None if everything was."""
        if not self._waiting:
            return None
        order = self._ordered()
        level, first = order[0]
        family = [unit for at, unit in order if at == level and unit.family == first.family] if self._merge else [first]
        room = min(most_together(first.config), self._room(level, workers))
        chosen = [first]
        for unit in family[1:]:
            if sum(one.config.replicas for one in chosen) + unit.config.replicas > room:
                break
            chosen.append(unit)
        for unit in chosen:
            del self._waiting[unit]
        return Shard(tuple(chosen))

    def _room(self, level: int, workers: int) -> int:
        """Replicas of a shard: at first few, so that the map appears soon; then as many as give each worker several shards."""
        if level == FIRST:
            return FIRST_ROOM
        waiting = sum(unit.config.replicas for unit in self._waiting)
        return max(waiting // (SHARDS_EACH * max(workers, 1)), 1)

    def _units(self, place: Place) -> tuple[Unit, ...]:
        """The units of a cell: its first seeds apart where company changes nothing. It is so in every cell, so that a cell is found in the
        store whichever map it was trained for."""
        config = self.grid.configs[place]
        seeds = config.seeds
        if len(seeds) <= FIRST_SEEDS or len(seeds) % FIRST_SEEDS or most_together(config) <= config.replicas:
            return (unit_of(config, seeds),)
        return unit_of(config, seeds[:FIRST_SEEDS]), unit_of(config, seeds[FIRST_SEEDS:])

    def _ordered(self) -> list[tuple[int, Unit]]:
        """(level, unit), the next one first."""
        out = []
        for unit, place in self._waiting.items():
            if place[0] in self.coarse:
                out.append((FIRST if unit is self.units[place][0] else SECOND, 0.0, unit))
            else:
                out.append((BETWEEN, -self._order.spread(place[0], self.measured), unit))
        out.sort(key=lambda one: one[:2])  # stable: equal ones in the order of the map, sides in turn
        return [(level, unit) for level, _, unit in out]
