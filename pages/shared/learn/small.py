"""Settings of a smaller run of a scenario, for a few seconds on a page."""

from __future__ import annotations

from collections.abc import Iterable

from core.settings.overrides import apply_overrides
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario
from core.settings.sides import own_sides, parse_sides, side_runs


def small(
    scenario: str,
    *,
    sides: Iterable[str] | None = None,
    updates: int | None = None,
    replicas: int | None = None,
    settings: Iterable[str] = (),
) -> dict[str, RunConfig]:
    """Label -> settings of `scenario` with fewer updates or seeds, only the `sides` asked for ("DAPO", or "Mine:DAPO" for another one
    that begins as DAPO), and `settings` as the command line takes them ("task.noise=0.1", "Mine.eps_high=0.4"). ConfigError for what
    the scenario does not have."""
    found = find_scenario(scenario)
    chosen = own_sides(found) if sides is None else parse_sides(found, ",".join(sides))
    return apply_overrides(side_runs(found, chosen, updates=updates, replicas=replicas), list(settings))
