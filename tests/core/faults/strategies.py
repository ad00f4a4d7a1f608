"""Any settings that a person could choose, from the fields' own types and bounds."""

from __future__ import annotations

import typing
from contextlib import suppress
from dataclasses import fields, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.settings.algorithm import AlgorithmConfig
from core.settings.fields import ConfigError, scalar_type
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS, Scenario
from core.settings.sides import Side, bases, check_sides, side_runs
from core.settings.task import TaskConfig

MOST_REPLICAS = 4  # of those with a value for each
NOT_DRAWN = ("task", "algorithm", "fork", "updates", "replicas", "first_seed")
LABELS = ("Mine", "x", "A B", "1.5 (twice)", "with_lines", "a+b", "Dapo 2", "no. 3")

few = settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(max_examples=3000, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def values(field, hint, replicas: int):
    """Any value within the field's bounds, None and tuples where they are allowed."""
    metadata, kind = field.metadata, scalar_type(hint)
    if metadata["choices"] is not None:
        one = st.sampled_from(metadata["choices"])
        return st.lists(one, unique=True).map(tuple) if typing.get_origin(hint) is tuple else one
    if kind is bool:
        return st.booleans()
    if kind is int:
        drawn = st.integers(metadata["min"], metadata["max"])
    else:
        open_min = metadata["open_min"]
        drawn = st.floats(metadata["min"], metadata["max"], allow_nan=False, exclude_min=open_min).map(lambda x: x + 0.0)
    if metadata["per_replica"]:
        drawn |= st.tuples(*[drawn] * replicas)
    return drawn | st.none() if type(None) in typing.get_args(hint) else drawn


def changed(draw, config, replicas: int):
    """`config` with a few of its fields changed, those that go together."""
    hints = typing.get_type_hints(type(config))
    known = {f.name: f for f in fields(config) if f.name not in NOT_DRAWN}
    for name in draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True)):
        with suppress(ConfigError):
            config = replace(config, **{name: draw(values(known[name], hints[name], replicas))})
    return config


@st.composite
def comparisons(draw) -> tuple[Scenario, dict[str, RunConfig]]:
    """A scenario and runs that the sidebar could hold: sides of it, shared settings, algorithms of their own."""
    scenario = SCENARIOS[draw(st.sampled_from(sorted(SCENARIOS)))]
    counts = draw(st.fixed_dictionaries({}, optional={
        "updates": st.integers(1, 100_000), "replicas": st.integers(1, MOST_REPLICAS), "first_seed": st.integers(0, 2**31 - 1)}))  # fmt: skip
    runs = side_runs(scenario, draw(sides(scenario)), **counts)
    first = next(iter(runs.values()))
    shared = changed(draw, first, first.replicas)
    task: TaskConfig = changed(draw, shared.task, first.replicas)
    return scenario, {
        label: replace(shared, task=task, updates=run.updates, algorithm=changed(draw, run.algorithm, first.replicas))
        for label, run in runs.items()
    }


@st.composite
def sides(draw, scenario: Scenario) -> tuple[Side, ...]:
    """The scenario's own sides, or others that it may have."""
    own = tuple(Side(label, label) for label in scenario.algorithms)
    if draw(st.booleans()):
        return own
    names = st.sampled_from(sorted(bases(scenario)))
    drawn = draw(
        st.lists(st.builds(Side, st.sampled_from(LABELS), names) | names.map(lambda n: Side(n, n)), min_size=1, max_size=4)
    )
    try:
        check_sides(scenario, tuple(drawn))
    except ConfigError:
        return own
    return tuple(drawn)


algorithms = st.composite(lambda draw: changed(draw, AlgorithmConfig(), 2))
