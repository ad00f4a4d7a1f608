"""Techniques: switched on, taken away, and recognised."""

from dataclasses import replace

import pytest

from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.techniques import DAPO_TECHNIQUES, TECHNIQUES, techniques_of, with_techniques


def test_all_techniques_together_are_dapo():
    assert with_techniques(GRPO, list(DAPO_TECHNIQUES)) == DAPO
    assert with_techniques(GRPO, ["Clip-Higher"]) == replace(GRPO, eps_high=DAPO.eps_high)
    assert techniques_of(DAPO) == list(DAPO_TECHNIQUES) and techniques_of(GRPO) == []


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_technique_that_is_added_is_on_and_taken_away_off(name):
    added = TECHNIQUES[name].added_to(GRPO)
    assert techniques_of(added) == [name]
    assert TECHNIQUES[name].taken_from(added, GRPO) == GRPO


def test_its_strength_stays_unless_another_algorithm_gives_it():
    mine = replace(GRPO, overlong_buffer_tokens=10, overlong_penalty=2.0)
    assert with_techniques(mine, ["Overlong shaping"]) == replace(mine, overlong="soft")
    shaping = TECHNIQUES["Overlong shaping"]
    assert shaping.added_to(GRPO, mine) == replace(mine, overlong="soft")


def test_an_unknown_technique_is_refused():
    with pytest.raises(ConfigError, match=r"technique must be one of Clip-Higher, .*got 'PPO'; choose one of these"):
        with_techniques(GRPO, ["PPO"])
