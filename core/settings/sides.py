"""The sides of a comparison: a scenario's own algorithms, GRPO, DAPO, and copies of them with other settings, each under its own label.

As text, for links and the command line: `GRPO,DAPO,Mine:DAPO` is the two and one called Mine that begins as DAPO.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.diff import difference
from core.settings.fields import ConfigError, short
from core.settings.labels import check_distinct, check_label
from core.settings.run import RunConfig
from core.settings.scenario import Scenario

MAX_SIDES = 4  # more lines in one chart cannot be told apart; a scenario that has more keeps them


@dataclass(frozen=True)
class Side:
    """One algorithm of a comparison: its label, and the algorithm whose settings it starts from."""

    label: str
    base: str


def bases(scenario: Scenario) -> dict[str, AlgorithmConfig]:
    """The algorithms that a side can start from: the scenario's, and GRPO and DAPO if the scenario has none of that name."""
    return {"GRPO": GRPO, "DAPO": DAPO} | scenario.algorithms


def own_sides(scenario: Scenario) -> tuple[Side, ...]:
    return tuple(Side(label, label) for label in scenario.algorithms)


def side_runs(scenario: Scenario, sides: tuple[Side, ...], **counts: int | None) -> dict[str, RunConfig]:
    """Label -> run, as `Scenario.runs` with other sides. ConfigError for an invalid label or base, or too many sides."""
    check_sides(scenario, sides)
    algorithms = bases(scenario)
    longer = {side.label: scenario.longer[side.base] for side in sides if side.base in scenario.longer}
    changed = Scenario(
        scenario.name, scenario.title, scenario.look_for, scenario.afterwards, scenario.run,
        {side.label: algorithms[side.base] for side in sides}, longer)  # fmt: skip
    return changed.runs(**counts)


def check_sides(scenario: Scenario, sides: tuple[Side, ...]) -> None:
    """ConfigError for an invalid label or base, two labels that could be confused, or a wrong number of sides."""
    most = max(MAX_SIDES, len(scenario.algorithms))
    if not 1 <= len(sides) <= most:
        raise ConfigError(f"sides must be between 1 and {most}, got {len(sides)}; leave some out")
    check_distinct(side.label for side in sides)
    for side in sides:
        if side.label not in scenario.algorithms:
            check_label(side.label)
        if side.base not in bases(scenario):
            raise ConfigError(
                f"a side must begin as one of {', '.join(bases(scenario))}, got {short(repr(side.base))}; choose one of these"
            )


def parse_sides(scenario: Scenario, text: str) -> tuple[Side, ...]:
    """The sides that `LABEL,LABEL:BASE,…` describes. ConfigError if they are invalid."""
    sides = []
    for part in text.split(","):
        label, colon, base = (piece.strip() for piece in part.partition(":"))
        sides.append(Side(label, base if colon else label))
    check_sides(scenario, tuple(sides))
    return tuple(sides)


def sides_text(sides: tuple[Side, ...]) -> str:
    return ",".join(side.label if side.label == side.base else f"{side.label}:{side.base}" for side in sides)


def sides_of(scenario: Scenario, runs: dict[str, RunConfig]) -> tuple[Side, ...]:
    """The sides that describe `runs`: the base of an unknown label is the one it differs from in the fewest settings. Bases that are
    trained for the same number of updates are preferred."""
    named = [run.updates // scenario.longer.get(label, 1) for label, run in runs.items() if label in bases(scenario)]
    once = named[0] if named else min(run.updates for run in runs.values())  # updates of a base without extra

    def distance(run: RunConfig, base: str) -> tuple[bool, int]:
        times = scenario.longer.get(base, 1)
        return run.updates != once * times, len(difference(run.algorithm, bases(scenario)[base]))

    return tuple(
        Side(label, label if label in bases(scenario) else min(bases(scenario), key=lambda base, run=run: distance(run, base)))
        for label, run in runs.items()
    )
