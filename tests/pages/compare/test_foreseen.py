"""What the settings foresee, in numbers and as it is told to a screen reader; that it is told once is tests/browser/test_spoken.py."""

from __future__ import annotations

import json
import re

from core.settings.links import from_query
from pages.shared.compare.foreseen import foreseen_in_words, four_numbers
from tests.pages.conftest import SMALL


def told(app) -> dict:
    """What the browser may tell."""
    (found,) = (json.loads(c.proto.json) for c in app.get("bidi_component") if "spoken" in c.proto.component_name)
    return found["foreseen"]


def test_the_words_have_the_digits_of_the_numbers():
    runs = from_query(SMALL | {"updates_per_rollout": "1"}).runs
    assert list(four_numbers(runs).values()) == ["70 %", "4.1k–82k", "5 s", "6 MB"]
    assert list(foreseen_in_words(["a warning"], runs).values()) == [
        "70 % of the groups dead at the start",
        "4,100 to 82,000 samples per seed",
        "about 5 seconds of training",
        "6 MB of memory",
        "1 warning",
    ]
    same = {label: run for label, run in runs.items() if label == "GRPO"}
    assert foreseen_in_words([], same)["samples"] == "4,100 samples per seed"
    assert foreseen_in_words([], same)["warnings"] == "no warnings"


def test_the_words_change_with_the_settings_and_fall_silent_while_these_are_invalid(open_app):
    app = open_app(SMALL, opened=("environment", "optimisation"))
    before = told(app)
    assert re.fullmatch(r"\d+ MB of memory", before["memory"])
    app.number_input(key="run:group_size").set_value(4).run()
    assert {name for name, text in told(app).items() if text != before[name]} >= {"dead groups", "samples"}
    app.number_input(key="run:updates_per_rollout").set_value(5).run()
    assert app.button(key="run").disabled and told(app) == {}
