"""Any settings that a person could choose, from the fields' own types and bounds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.settings.algorithm import AlgorithmConfig
from core.settings.describe import Setting, settings_of
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from core.settings.sides import Side, bases, check_sides, side_runs
from core.settings.start import START
from core.settings.task import TaskConfig

MOST_REPLICAS = 4  # of those with a value for each
LABELS = ("Mine", "x", "A B", "1.5 (twice)", "with_lines", "a+b", "Dapo 2", "no. 3")

few = settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(max_examples=3000, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def values(setting: Setting, replicas: int):
    """Any value within the setting's bounds, None and tuples where they are allowed."""
    if setting.choices is not None:
        one = st.sampled_from(setting.choices)
        return st.lists(one, unique=True).map(tuple) if setting.many else one
    if setting.kind is bool:
        return st.booleans()
    if setting.kind is int:
        drawn = st.integers(setting.low, setting.high)
    else:
        drawn = st.floats(setting.low, setting.high, allow_nan=False, exclude_min=setting.open_low).map(lambda x: x + 0.0)
    if setting.per_replica:
        drawn |= st.tuples(*[drawn] * replicas)
    return drawn | st.none() if setting.optional else drawn


def changed(draw, config, replicas: int):
    """`config` with a few of its fields changed, those that go together."""
    known = {name: setting for name, setting in settings_of(type(config)).items() if name not in START}
    for name in draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True)):
        with suppress(ConfigError):
            config = replace(config, **{name: draw(values(known[name], replicas))})
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
