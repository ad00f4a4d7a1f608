"""What differs between settings, of two and of many, whether they are configurations or what the history keeps of them."""

from dataclasses import replace

from core.settings.algorithm import DAPO, GRPO
from core.settings.diff import ABSENT, difference, differences, flat
from core.settings.run import Fork
from core.settings.serial import config_dict
from tests.support import BANDIT, CHAIN, small_run

RUN = small_run(CHAIN, GRPO)


def test_paths_lead_from_the_run_to_its_parts():
    changed = replace(RUN, learning_rate=0.5, task=replace(CHAIN, noise=0.25), algorithm=replace(GRPO, eps_high=0.4))
    assert difference(RUN, changed) == {
        "task.noise": (CHAIN.noise, 0.25),
        "algorithm.eps_high": (0.2, 0.4),
        "learning_rate": (RUN.learning_rate, 0.5),
    }
    assert difference(changed, RUN) == {path: (b, a) for path, (a, b) in difference(RUN, changed).items()}
    assert difference(RUN, RUN) == {}


def test_a_configuration_and_its_plain_values_are_the_same_settings():
    run = replace(RUN, algorithm=replace(DAPO, defects=("single_update",)), learning_rate=(0.1,) * RUN.replicas)
    fork = replace(run, updates=run.updates + 1, fork=Fork(run=run, update=run.updates))
    for config in (RUN, run, fork):
        assert difference(config, config_dict(config)) == {}
        stored = flat(config_dict(config))
        assert stored == {path: value for path, value in flat(config).items() if path in stored or value is not None}


def test_what_one_task_does_not_have_is_absent():
    found = difference(RUN, small_run(BANDIT, GRPO))
    assert found["task.name"] == ("chain", "bandit")
    assert found["task.pool_size"] == (CHAIN.pool_size, ABSENT) and found["task.actions"] == (ABSENT, BANDIT.actions)


def test_none_and_absent_are_the_same_but_a_value_is_neither():
    assert difference({"samples": None}, {}) == {} and difference(RUN, config_dict(RUN)) == {}
    assert difference({}, {"samples": 150}) == {"samples": (ABSENT, 150)}
    assert difference(RUN, replace(RUN, samples=150)) == {"samples": (None, 150)}
    assert difference(replace(RUN, samples=150), RUN) == {"samples": (150, None)}


def test_a_fork_differs_by_where_it_left_and_by_the_run_that_it_left():
    fork = replace(RUN, updates=RUN.updates + 1, fork=Fork(run=RUN, update=RUN.updates))
    found = difference(RUN, fork)
    assert found["fork.update"] == (ABSENT, RUN.updates) and found["fork.run.task.name"] == (ABSENT, "chain")
    assert set(found) == {"updates", "fork.update"} | {
        f"fork.run.{path}" for path, value in flat(RUN).items() if value is not None
    }


def test_of_many_there_is_a_row_wherever_not_all_agree():
    sides = {"a": RUN, "b": RUN, "c": replace(RUN, temperature=2.0)}
    assert differences(sides) == {"temperature": {"a": RUN.temperature, "b": RUN.temperature, "c": 2.0}}
    assert differences({"a": RUN}) == differences({}) == {}


def test_damaged_values_are_compared_as_they_are():
    assert difference({"task": 3, "x": [[1]]}, {"task": {"name": "chain"}, "x": [[2]]}) == {
        "task": (3, ABSENT),
        "x": (([1],), ([2],)),
        "task.name": (ABSENT, "chain"),
    }
