"""What differs from a scenario's own settings."""

from __future__ import annotations

import json
from dataclasses import replace

from core.settings.from_scenario import changes_from, changes_text
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_to_json


def plain(config) -> dict:
    return json.loads(config_to_json(config))


def test_changes_are_what_differs_from_the_scenario():
    runs = SCENARIOS["collapse"].runs(replicas=3, first_seed=40)
    assert changes_text("collapse", "DAPO", plain(SCENARIOS["collapse"].runs()["DAPO"])) == "none"
    changed = replace(
        runs["DAPO"], algorithm=replace(runs["DAPO"].algorithm, eps_high=0.4), task=replace(runs["DAPO"].task, noise=0.25)
    )
    assert changes_text("collapse", "DAPO", plain(changed)) == "task.noise 0.25, eps_high 0.4, first_seed 40, replicas 3"
    assert changes_text("collapse", "Mine", plain(changed)).endswith("replicas 3 (from DAPO)")
    assert changes_text("gone", "DAPO", plain(changed)) == "the scenario is not known here"
    older = plain(changed)
    del older["temperature"]
    assert "temperature" not in changes_text("collapse", "DAPO", older)


def test_changes_have_their_values_and_the_side_that_they_are_from():
    dapo = SCENARIOS["collapse"].runs()["DAPO"]
    changed = replace(dapo, group_size=2, first_seed=7)
    assert changes_from("collapse", "Mine", changed) == ({"group_size": 2, "first_seed": 7}, "DAPO")
