"""Whatever a person chooses comes back from a link, from the history and from the command line as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings.diff import difference
from core.settings.fields import ConfigError
from core.settings.links import from_query, to_query
from core.settings.overrides import apply_overrides
from core.settings.run import Fork, RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_dict, config_from_json, config_to_json
from core.settings.sides import Side, side_runs
from core.settings.text import setting_text
from tests.core.faults.strategies import comparisons, few, many


def link_brings_back(made) -> None:
    scenario, runs = made
    opened = from_query(to_query(scenario, runs))
    assert opened.problems == ()
    assert opened.scenario is scenario
    assert list(opened.runs) == list(runs) and opened.runs == runs


def json_brings_back(made) -> None:
    for run in made[1].values():
        back = config_from_json(config_to_json(run))
        assert back == run and hash(back) == hash(run)
        assert config_to_json(back) == config_to_json(run)
        assert config_from_json(json.dumps(config_dict(run))) == run


def overrides_bring_back(made) -> None:
    """Every difference from the scenario as --set KEY=VALUE, from a run that has only its counts."""
    for label, run in made[1].items():
        base = replace(made[0].run, updates=run.updates, replicas=run.replicas, first_seed=run.first_seed)
        parts = (("", run, base), ("task.", run.task, base.task), (f"{label}.", run.algorithm, base.algorithm))
        settings = [
            f"{prefix}{name}={setting_text(value)}"
            for prefix, config, default in parts
            for name, (_, value) in difference(default, config).items()
            if not name.startswith(("task.", "algorithm."))
        ]
        assert apply_overrides({label: base}, settings) == {label: run}
        assert apply_overrides({label: base}, settings[::-1]) == {label: run}  # the order does not matter


@few
@given(comparisons())
def test_a_link_brings_any_settings_back(made):
    link_brings_back(made)


def test_a_copy_of_a_side_that_trains_longer_stays_as_long_when_no_other_side_is_shorter():
    scenario = SCENARIOS["samples-not-updates"]
    runs = side_runs(scenario, (Side("GRPO x 6", "GRPO x 6"), Side("Mine", "GRPO x 6")))
    assert from_query(to_query(scenario, runs)).runs == runs


@few
@given(comparisons())
def test_the_history_brings_any_settings_back(made):
    json_brings_back(made)


@few
@given(comparisons())
def test_the_command_line_takes_any_settings(made):
    overrides_bring_back(made)


@pytest.mark.thorough
@pytest.mark.parametrize("brings_back", [link_brings_back, json_brings_back, overrides_bring_back])
def test_many_more_settings(brings_back):
    many(given(comparisons())(brings_back))()


@few
@given(comparisons(), st.integers(1, 50))
def test_a_fork_comes_back_with_the_run_that_it_left(made, rollouts):
    original = next(iter(made[1].values()))
    at = rollouts * original.effective_updates_per_rollout
    if at > original.updates:
        original = replace(original, updates=at)
    if at >= 1_000_000:
        return
    fork = replace(original, updates=at + 1, fork=Fork(run=original, update=at))
    assert config_from_json(config_to_json(fork)) == fork


@pytest.mark.parametrize("name", ["\n", "a\nb", "\x00", "\u202eeton", "é" * 5000])
def test_a_name_that_is_none_is_told_on_one_line_and_seen(name):
    values = json.loads(config_to_json(next(iter(SCENARIOS["collapse"].runs().values())))) | {name: 1}
    with pytest.raises(ConfigError, match="is not a setting") as caught:
        config_from_json(json.dumps(values))
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@few
@given(comparisons(), st.data())
def test_settings_with_anything_in_place_of_a_part_are_refused_in_one_line_or_are_settings(made, data):
    values = json.loads(config_to_json(next(iter(made[1].values()))))
    place = values
    for owner in data.draw(st.sampled_from(((), ("task",), ("algorithm",)))):
        place = place[owner]
    place[data.draw(st.sampled_from(sorted(place)) | st.text(max_size=8))] = data.draw(JSON)
    try:
        assert isinstance(config_from_json(json.dumps(values)), RunConfig)
    except ConfigError as error:
        assert "\n" not in str(error) and len(str(error)) < 600
