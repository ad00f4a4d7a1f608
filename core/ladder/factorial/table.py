"""The scores of the 16 cells and their effects, at equal updates and at equal samples generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.analysis.detectors import collapsed_seeds, solved_seeds
from core.analysis.result import RunResult, Status
from core.analysis.stats import Estimate, final_values, interquartile_mean, interval, share, value_at_samples
from core.engine.tasks import TASKS
from core.ladder.factorial.cells import Cell, cells
from core.ladder.factorial.effects import Effect, Names, effects, simple_effects
from core.ladder.table import COUNTS, SCORE, rung_length
from core.settings.scenario import Scenario
from core.settings.techniques import DAPO_TECHNIQUES


@dataclass(frozen=True)
class CellRow:
    """A cell that has been trained. `scores`: count -> (R,) each seed's score."""

    cell: Cell
    status: Status
    scores: Mapping[str, np.ndarray]
    collapsed: Estimate  # share of the seeds at the end of their training, with its Wilson interval
    solved: Estimate
    updates: float  # done, mean over seeds
    samples: float  # generated, mean over seeds

    def score(self, count: str) -> Estimate:
        return interval(self.scores[count])

    def middle(self, count: str) -> float:
        """Interquartile mean of the seeds' scores."""
        return interquartile_mean(self.scores[count])


@dataclass(frozen=True)
class FactorialTable:
    """The factorial of `scenario`, as far as it has been trained. There are effects only where all 16 cells have measured something."""

    scenario: str
    score_name: str
    score_unit: str
    seeds: tuple[int, ...]
    length: str  # what each cell was given: '480 updates' or '230,000 samples per seed'
    at: Mapping[str, float]  # count -> updates or samples at which the cells are compared, mean over seeds
    rows: tuple[CellRow, ...]
    missing: tuple[Cell, ...]

    def effects(self, count: str) -> dict[Names, Effect]:
        """{} while a cell is missing."""
        return {} if self.missing else effects(*self._arrays(count), DAPO_TECHNIQUES)

    def simple_effects(self, count: str, technique: str, given: str) -> tuple[Estimate, Estimate]:
        """What `technique` brings where `given` is off, and where it is on."""
        return simple_effects(*self._arrays(count), DAPO_TECHNIQUES, technique, given)

    def _arrays(self, count: str) -> tuple[np.ndarray, np.ndarray]:
        """(C, R) scores and (C, k) which techniques are on."""
        return np.stack([row.scores[count] for row in self.rows]), np.array([row.cell.on for row in self.rows])


def factorial_table(scenario: Scenario, results: Mapping[str, RunResult]) -> FactorialTable:
    """From label -> result, at least one of the cells. Equal updates: each seed's last 10 %, up to the update at which the first of its
    cells ended. Equal samples: where the first of its cells ended. Definitions: `core.analysis.stats`."""
    every = cells(scenario)
    found = {c.label: results[c.label] for c in every if c.label in results and results[c.label].history.trained}
    histories = [result.history for result in found.values()]
    until = np.min([history.ends for history in histories], axis=0)  # (R,)
    target = np.min([history.samples[-1] for history in histories], axis=0)
    config = next(iter(found.values())).config
    task = TASKS[config.task.name][1]
    return FactorialTable(
        scenario.name, task.score_name, task.score_unit, config.seeds, rung_length(config),
        {"updates": float(until.mean()), "samples": float(target.mean())},
        tuple(_row(cell, found[cell.label], until, target) for cell in every if cell.label in found),
        tuple(cell for cell in every if cell.label not in found),
    )  # fmt: skip


def _row(cell: Cell, result: RunResult, until: np.ndarray, target: np.ndarray) -> CellRow:
    history = result.history
    updates, values, ends = history.updates, history.metric(SCORE), history.ends
    read = (final_values(updates, values, until), value_at_samples(history.samples, values, target))
    collapsed, solved = (share(find(updates, history.metric, ends)) for find in (collapsed_seeds, solved_seeds))
    return CellRow(
        cell, result.status, dict(zip(COUNTS, read, strict=True)), collapsed, solved, float(ends.mean()),
        float(history.samples[-1].mean()),
    )  # fmt: skip
