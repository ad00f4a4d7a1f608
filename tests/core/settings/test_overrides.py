"""--set KEY=VALUE: where a value goes, and what a person reads when it cannot go anywhere."""

import pytest

from core.settings.fields import ConfigError
from core.settings.overrides import apply_overrides
from core.settings.scenarios import SCENARIOS


@pytest.fixture
def runs():
    return SCENARIOS["collapse"].runs()


def test_task_and_run_settings_reach_every_algorithm(runs):
    changed = apply_overrides(runs, ["task.noise=0.1", "learning_rate=0.005", "run.group_size=8"])
    for run in changed.values():
        assert (run.task.noise, run.learning_rate, run.group_size) == (0.1, 0.005, 8)


def test_algorithm_settings_reach_all_and_label_settings_one(runs):
    changed = apply_overrides(runs, ["algorithm.dual_clip=3", "dapo.eps_high=0.4"])
    assert [run.algorithm.dual_clip for run in changed.values()] == [3.0, 3.0]
    assert (changed["GRPO"].algorithm.eps_high, changed["DAPO"].algorithm.eps_high) == (0.2, 0.4)


def test_the_runs_given_are_not_changed(runs):
    before = dict(runs)
    apply_overrides(runs, ["task.noise=0.1"])
    assert runs == before


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("task.nois=0.1", ["task.nois", "unknown", "noise"]),
        ("task.noise", ["KEY=VALUE", "task.noise"]),
        ("task.noise=loud", ["task.noise", "number", "'loud'"]),
        ("task.noise=-1", ["noise", "between 0.0 and 10.0", "-1"]),
        ("task.noise=nan", ["noise", "nan", "between"]),
        ("group_size=1", ["group_size", "between 2 and 256", "1"]),
        ("group_size=2.5", ["group_size", "whole number", "2.5"]),
        ("algorithm.loss_aggregation=mean", ["loss_aggregation", "sequence_mean", "'mean'"]),
        ("ppo.eps_high=0.3", ["ppo", "GRPO", "DAPO"]),
        ("updates=5", ["updates", "--updates"]),
        ("updates_per_rollout=7", ["updates_per_rollout", "divide", "16", "7"]),
    ],
)
def test_a_bad_setting_is_named_with_its_value_bound_and_remedy(runs, setting, words):
    with pytest.raises(ConfigError) as caught:
        apply_overrides(runs, [setting])
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
