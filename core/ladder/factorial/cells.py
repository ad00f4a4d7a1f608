"""The 16 algorithms of the factorial: every combination of DAPO's four techniques, from GRPO to DAPO."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from core.ladder.rungs import ends_of, label_of
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.techniques import DAPO_TECHNIQUES, TECHNIQUES

SCENARIO = "collapse"


@dataclass(frozen=True)
class Cell:
    """One combination. `label` is the label that this algorithm has in the ladders of the scenario, too."""

    label: str
    on: tuple[bool, ...]  # for each of DAPO_TECHNIQUES, whether it is switched on
    algorithm: AlgorithmConfig

    @property
    def techniques(self) -> tuple[str, ...]:
        """Those that are switched on."""
        return tuple(name for name, on in zip(DAPO_TECHNIQUES, self.on, strict=True) if on)


def cells(scenario: Scenario) -> tuple[Cell, ...]:
    """The 16 combinations, the last technique changing fastest: GRPO first, DAPO last. A technique has the strength that it has in the
    scenario's own algorithm with all four, or in DAPO if the scenario has none."""
    base, full = ends_of(scenario)
    out = []
    for on in product((False, True), repeat=len(DAPO_TECHNIQUES)):
        algorithm = base
        for name, is_on in zip(DAPO_TECHNIQUES, on, strict=True):
            if is_on:
                algorithm = TECHNIQUES[name].added_to(algorithm, full)
        out.append(Cell(label_of(algorithm, scenario), on, algorithm))
    return tuple(out)


def factorial_runs(
    scenario: Scenario,
    *,
    updates: int | None = None,
    samples: int | None = None,
    replicas: int | None = None,
    first_seed: int | None = None,
) -> dict[str, RunConfig]:
    """Label -> run of every cell, all with the scenario's task and settings. Without `updates` and `samples` the budget is the scenario's
    number of samples if it has one, else its updates. ConfigError if a value is out of range."""
    if updates is None and samples is None:
        samples = scenario.samples
    changed = replace(scenario, algorithms={cell.label: cell.algorithm for cell in cells(scenario)}, longer={})
    return changed.runs(updates=updates, samples=samples, replicas=replicas, first_seed=first_seed)
