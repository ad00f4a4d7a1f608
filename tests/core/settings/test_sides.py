"""Sides: which can stand beside each other, and as text."""

from dataclasses import replace

import pytest

from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.links import from_query, to_query
from core.settings.scenarios import SCENARIOS
from core.settings.sides import Side, bases, own_sides, parse_sides, side_runs, sides_of, sides_text

COLLAPSE = SCENARIOS["collapse"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenarios_own_sides_give_its_own_runs(name):
    scenario = SCENARIOS[name]
    assert side_runs(scenario, own_sides(scenario), replicas=3) == scenario.runs(replicas=3)
    assert sides_of(scenario, scenario.runs()) == own_sides(scenario)


def test_grpo_and_dapo_can_be_added_to_every_scenario():
    helps = SCENARIOS["clip-higher-helps"]
    runs = side_runs(helps, (Side("eps_high 0.20", "eps_high 0.20"), Side("Mine", "DAPO"), Side("GRPO", "GRPO")))
    assert [r.algorithm for r in runs.values()] == [helps.algorithms["eps_high 0.20"], DAPO, GRPO]
    assert bases(SCENARIOS["lab"])["GRPO"].defects  # a scenario's own GRPO goes before the standard one


def test_a_side_keeps_the_longer_training_of_its_base():
    scenario = SCENARIOS["samples-not-updates"]
    runs = side_runs(scenario, (Side("Long", "GRPO x 6"), Side("DAPO", "DAPO")), updates=100)
    assert {label: r.updates for label, r in runs.items()} == {"Long": 600, "DAPO": 100}
    assert sides_of(scenario, runs) == (Side("Long", "GRPO x 6"), Side("DAPO", "DAPO"))


def test_text_there_and_back():
    sides = (Side("GRPO", "GRPO"), Side("Mine (2)", "DAPO"))
    assert sides_text(sides) == "GRPO,Mine (2):DAPO"
    assert parse_sides(COLLAPSE, " GRPO , Mine (2):DAPO") == sides


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 to 24 letters"),
        ("GRPO,GRPO", "differ in more than capitals and spaces, got 'GRPO' beside 'GRPO'"),
        ("GRPO,grpo:DAPO", "got 'grpo' beside 'GRPO'"),
        ("GRPO,Mine:PPO", "begin as one of GRPO, DAPO, got 'PPO'"),
        ("Mine", "begin as one of"),
        ("GRPO,<b>:DAPO", "1 to 24 letters"),
        ("task:GRPO", "must not be one of task"),
        (",".join(f"S{i}:GRPO" for i in range(5)), "between 1 and 4, got 5"),
    ],
)
def test_what_cannot_be_is_said(text, said):
    with pytest.raises(ConfigError, match=".*".join(said.split(" ... "))):
        parse_sides(COLLAPSE, text)


def test_added_removed_and_changed_sides_survive_a_link():
    runs = side_runs(COLLAPSE, (Side("DAPO", "DAPO"), Side("Mine", "DAPO")), updates=64)
    runs["Mine"] = replace(runs["Mine"], algorithm=replace(COLLAPSE.algorithms["DAPO"], eps_high=0.5))
    query = to_query(COLLAPSE, runs)
    assert query == {"scenario": "collapse", "sides": "DAPO,Mine:DAPO", "updates": "64", "Mine.eps_high": "0.5"}
    opened = from_query(query)
    assert opened.runs == runs and list(opened.runs) == list(runs) and opened.problems == ()


def test_bad_sides_in_a_link_are_named_and_ignored():
    opened = from_query({"scenario": "collapse", "sides": "GRPO,Mine:PPO", "updates": "32"})
    assert [p.split(":")[0] for p in opened.problems] == ["The link's parameter sides was ignored"]
    assert opened.runs == COLLAPSE.runs(updates=32)
