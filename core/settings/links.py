"""A comparison as a link: every setting that differs from the scenario's default is one parameter, and the link brings it back.

?scenario=collapse&first_seed=100&task.noise=0.1&DAPO.eps_high=0.4&run=1

Sides that the scenario does not have are listed as well: sides=GRPO,DAPO,Mine:DAPO (see core.settings.sides).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from core.settings.diff import difference
from core.settings.fields import ConfigError, short
from core.settings.numbers import read_number
from core.settings.overrides import Changes, changed, read_override
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS, find_scenario
from core.settings.sides import Side, own_sides, parse_sides, side_runs, sides_of, sides_text
from core.settings.start import START
from core.settings.text import setting_text

MOST_PARAMETERS = 200  # twice as many as a comparison of four sides has settings


@dataclass(frozen=True)
class Opened:
    """The comparison that a link describes. `problems` has one sentence for each parameter that was ignored."""

    scenario: Scenario
    runs: dict[str, RunConfig]
    start: bool
    problems: tuple[str, ...]


def to_query(scenario: Scenario, runs: dict[str, RunConfig]) -> dict[str, str]:
    """The parameters of a link to `runs`, which must be `scenario`'s with other settings and sides. Defaults are left out."""
    sides = sides_of(scenario, runs)
    base = side_runs(scenario, sides)
    first, first_base = next(iter(runs.values())), next(iter(base.values()))
    query = {"scenario": scenario.name}
    if sides != own_sides(scenario):
        query["sides"] = sides_text(sides)
    times = scenario.longer.get(sides[0].base, 1)
    for name in START:
        value, default = getattr(first, name), getattr(first_base, name)
        takes_back = name == "updates" and first.samples is None and first_base.samples is not None
        if takes_back or value not in (None, default):
            query[name] = str(value // times if name == "updates" else value)
    for path, (_, value) in difference(first_base, first).items():
        if path not in START and not path.startswith(("algorithm.", "fork.")):
            query[path] = setting_text(value)
    for label, run in runs.items():
        own = difference(base[label].algorithm, run.algorithm)
        query |= {f"{label}.{name}": setting_text(value) for name, (_, value) in own.items()}
    return query


def from_query(params: dict[str, str]) -> Opened:
    """The comparison that a link's parameters describe. An unknown or invalid parameter is named in `problems` and ignored."""
    problems = []
    if len(params) > MOST_PARAMETERS:
        problems.append(
            f"The link has {len(params):,} parameters, of which the first {MOST_PARAMETERS} were read; shorten the link to what is needed."
        )
        params = dict(islice(params.items(), MOST_PARAMETERS))
    scenario = next(iter(SCENARIOS.values()))
    if "scenario" in params:
        try:
            scenario = find_scenario(params["scenario"])
        except ConfigError as error:
            problems.append(_ignored("scenario", error))
    sides = own_sides(scenario)
    if "sides" in params:
        try:
            sides = parse_sides(scenario, params["sides"])
        except ConfigError as error:
            problems.append(_ignored("sides", error))
    runs = _with_start(scenario, sides, params, problems)
    settings = {key: text for key, text in params.items() if key not in ("scenario", "sides", "run", *START)}
    runs = _with_settings(runs, settings, problems)
    return Opened(scenario, runs, params.get("run") == "1", tuple(problems))


def _with_settings(runs: dict[str, RunConfig], settings: dict[str, str], problems: list[str]) -> dict[str, RunConfig]:
    """`runs` with every valid setting. Settings that are invalid by themselves are left out; the others are applied together, because some
    are valid only in combination. If the combination is invalid, they are applied one by one, in order, and those that fail are left
    out."""
    sound: list[tuple[str, Changes]] = []
    for key, text in settings.items():
        try:
            sound.append((key, read_override(runs, key.strip(), text.strip())))
        except ConfigError as error:
            problems.append(_ignored(key, error))
    try:
        return changed(runs, {place: value for _, changes in sound for place, value in changes.items()})
    except ConfigError:
        pass
    kept: Changes = {}
    made = runs
    for key, changes in sound:
        try:
            made = changed(runs, kept | changes)
            kept |= changes
        except ConfigError as error:
            problems.append(_ignored(key, error))
    return made


def _ignored(name: str, error: ConfigError) -> str:
    if not name.strip():
        return "A parameter of the link that has no name was ignored."
    return f"The link's parameter {short(name)} was ignored: {str(error).removeprefix('--set ')}."


def _with_start(scenario: Scenario, sides: tuple[Side, ...], params: dict[str, str], problems: list[str]) -> dict[str, RunConfig]:
    """The sides' runs with the link's counts, each checked alone so that one bad value does not spoil the others."""
    counts: dict[str, int] = {}
    for name in START:
        if name in params:
            try:
                value = read_number(name, params[name])
                side_runs(scenario, sides, **counts, **{name: value})
                counts[name] = value
            except ConfigError as error:
                problems.append(_ignored(name, error))
    return side_runs(scenario, sides, **counts)
