"""Settings to JSON and back: equal, and checked as strictly as what a person types."""

import json
from dataclasses import replace

import pytest

from core.settings.algorithm import DAPO, LAB_DEFECTS
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_dict, config_from_json, config_to_json
from tests.support import ARITHMETIC, BANDIT, CHAIN, small_run


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenarios_runs_come_back_equal(name):
    for run in SCENARIOS[name].runs().values():
        back = config_from_json(config_to_json(run))
        assert back == run and hash(back) == hash(run) and config_to_json(back) == config_to_json(run)


@pytest.mark.parametrize("task", [CHAIN, BANDIT, ARITHMETIC], ids=["chain", "bandit", "arithmetic"])
def test_the_task_is_found_by_its_name(task):
    assert type(config_from_json(config_to_json(small_run(task, DAPO))).task) is type(task)


def test_tuples_are_tuples_again():
    algorithm = replace(DAPO, eps_low=(0.1, 0.2, 0.3), eps_high=(0.3, 0.3, 1 / 3), defects=LAB_DEFECTS[:2])
    run = small_run(CHAIN, algorithm, learning_rate=(1e-3, 2e-3, 0.1 + 0.2))
    back = config_from_json(config_to_json(run))
    assert back == run
    assert back.algorithm.defects == LAB_DEFECTS[:2] and back.learning_rate[2] == 0.1 + 0.2


def test_a_field_that_the_values_are_too_old_for_takes_its_default():
    values = config_dict(small_run(CHAIN, DAPO))
    del values["temperature"], values["algorithm"]["kl_coef"], values["task"]["noise"]
    assert config_from_json(json.dumps(values)) == small_run(CHAIN, DAPO)


def changed(path: str, value) -> str:
    values = json.loads(config_to_json(small_run(CHAIN, DAPO)))
    *owners, name = path.split(".")
    place = values
    for owner in owners:
        place = place[owner]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return json.dumps(values)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("updates", 0, ["updates", "between 1", "got 0"]),
        ("updates", "6", ["updates", "whole number", "'6'"]),
        ("updates", None, ["updates", "whole number", "None"]),
        ("updates", 10**400, ["updates", "between 1", "1000"]),
        ("learning_rate", [1e-3], ["learning_rate", "3", "1"]),
        ("learning_rate", [1e-3, "x", 1e-3], ["learning_rate", "'x'"]),
        ("group_size", [4], ["group_size", "[4]"]),
        ("upates", 6, ["upates", "did you mean updates?"]),
        ("algorithm.eps_hihg", 0.3, ["algorithm.eps_hihg", "did you mean eps_high?"]),
        ("algorithm.loss_aggregation", "mean", ["loss_aggregation", "token_mean", "'mean'"]),
        ("algorithm.loss_aggregation", {}, ["loss_aggregation"]),
        ("algorithm.defects", ["none such"], ["defects", "none such"]),
        ("algorithm.normalize_std", 1, ["normalize_std", "true or false", "1"]),
        ("algorithm", ..., ["'algorithm'", "add it"]),
        ("algorithm", "DAPO", ["algorithm", "object", "'DAPO'"]),
        ("task", ..., ["'task'", "add it"]),
        ("task.name", ..., ["task.name", "bandit, chain, arithmetic", "None"]),
        ("task.name", "chian", ["task.name", "'chian'", "did you mean chain?"]),
        ("task.name", ["chain"], ["task.name"]),
        ("task.digits", 3, ["task.digits", "not a setting"]),
        ("task.noise", float("nan"), ["noise", "nan", "between"]),
        ("task.length_limit", 2, ["length_limit", "max_difficulty"]),
    ],
)
def test_bad_content_is_named_with_its_value_and_remedy(path, value, words):
    with pytest.raises(ConfigError) as caught:
        config_from_json(changed(path, value))
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"GRPO"', "[" * 100_000, "9" * 10_000, '{"task": 3, "algorithm": 4}'])
def test_what_is_not_settings_at_all_is_refused_in_one_line(text):
    with pytest.raises(ConfigError) as caught:
        config_from_json(text)
    assert len(str(caught.value)) < 300


def test_nothing_is_a_run_that_the_checks_did_not_see():
    assert isinstance(config_from_json(config_to_json(small_run(CHAIN, DAPO))), RunConfig)
    with pytest.raises(ConfigError, match="eps_high"):
        config_from_json(changed("algorithm.eps_high", -1))
