"""A fork as settings: what it may be, and there and back as JSON."""

from dataclasses import replace

import pytest

from core.analysis.export import run_id
from core.settings.algorithm import DAPO
from core.settings.fields import ConfigError
from core.settings.run import Fork
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_dict, config_from_json, config_to_json

RUN = SCENARIOS["collapse"].runs(updates=96, replicas=3)["GRPO"]
FORKED = replace(RUN, algorithm=DAPO, fork=Fork(run=RUN, update=32))


def test_there_and_back():
    twice = replace(FORKED, learning_rate=0.01, fork=Fork(run=FORKED, update=48))
    for config in (FORKED, twice):
        assert config_from_json(config_to_json(config)) == config
    assert config_dict(FORKED)["fork"]["run"]["task"]["name"] == "chain"


def test_a_run_from_the_start_has_the_settings_it_always_had():
    assert "fork" not in config_dict(RUN)
    assert run_id("GRPO", RUN) != run_id("GRPO", FORKED)


def test_a_single_replica_of_a_fork_comes_from_that_replica():
    one = FORKED.with_replica(2)
    assert (one.first_seed, one.replicas, one.fork.run.first_seed, one.fork.run.replicas) == (2, 1, 2, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fork": Fork(run=RUN, update=33)}, "multiple of updates_per_rollout = 8 between 8 and 88, got 33"),
        ({"fork": Fork(run=RUN, update=0)}, "got 0"),
        ({"fork": Fork(run=RUN, update=96)}, "got 96"),
        ({"replicas": 4}, "replicas of a fork must be that of the run it comes from, 3, got 4"),
        ({"first_seed": 7}, "first_seed of a fork"),
        ({"task": SCENARIOS["addition"].run.task}, "task of a fork"),
    ],
)
def test_what_cannot_go_on_is_said(change, said):
    with pytest.raises(ConfigError, match=said):
        replace(FORKED, **change)


@pytest.mark.parametrize("text", ['{"update": 32}', '{"run": 3, "update": 1}', "[]", '"GRPO"'])
def test_a_damaged_fork_is_no_configuration(text):
    good = config_to_json(FORKED)
    import json

    values = json.loads(good)
    values["fork"] = json.loads(text)
    with pytest.raises(ConfigError):
        config_from_json(json.dumps(values))


def test_endless_forks_of_forks_are_refused():
    text = '{"fork": {"update": 8, "run": ' * 900 + "{}" + "}}" * 900
    with pytest.raises(ConfigError):
        config_from_json(text)
