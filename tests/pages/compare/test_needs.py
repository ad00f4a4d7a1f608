"""What Compare says about the cost of its runs before Run is pressed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.scenario_tables import MINIMUM_SEEDS
from core.engine.cost import estimate
from core.settings.scenarios import SCENARIOS
from pages.shared.compare import needs
from pages.shared.compare.foreseen import foreseen_in_words, four_numbers
from pages.shared.compare.needs import duration_text, needs_text, preparation_seconds, training_seconds
from tests.pages.conftest import words

MEASURED = json.loads((Path(__file__).parents[3] / "docs" / "measured.json").read_text())["scenarios"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_estimate_is_within_a_factor_of_two_of_what_was_measured(name):
    scenario = SCENARIOS[name]
    for label, run in scenario.runs(replicas=max(MINIMUM_SEEDS, scenario.run.replicas)).items():
        measured = MEASURED[name]["seeds from 0"]["algorithms"][label]["processor_seconds"]
        assert measured / 2 < training_seconds({label: run}, cores=1) < 2 * measured, label


def test_runs_share_the_processors():
    runs = SCENARIOS["collapse"].runs()
    alone = [training_seconds({label: run}) for label, run in runs.items()]
    assert training_seconds(runs, cores=1) == pytest.approx(sum(alone))
    assert training_seconds(runs, cores=8) == pytest.approx(max(alone))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "5 seconds"), (38, "40 seconds"), (170, "3 minutes"), (7200, "2 hours"), (9e6, "2,500 hours")]
)
def test_durations_have_no_more_digits_than_an_estimate(seconds, text):
    assert duration_text(seconds) == text


def test_more_seeds_need_more_memory():
    run = SCENARIOS["addition"].runs()["GRPO"]
    memory = [
        float(re.search(r"([\d,]+) MB", needs_text({"GRPO": replace(run, replicas=n)})).group(1).replace(",", ""))
        for n in (4, 64)
    ]
    assert memory[1] > 3 * memory[0]


def test_it_is_said_before_run_is_pressed(open_app):
    megabytes = estimate(SCENARIOS["collapse"].runs(), at_once=2).nbytes / 1e6
    assert f"Training takes about 5 seconds and {megabytes:.0f} MB of memory" in words(open_app())


def test_a_base_model_that_is_not_there_yet_is_said_and_counted(monkeypatch, tmp_path):
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path))
    runs = SCENARIOS["addition"].runs()
    first, then = preparation_seconds(runs), training_seconds(runs)
    assert duration_text(first + then) != duration_text(then)
    assert needs_text(runs).endswith(f" Before it the base model is built, once: about {duration_text(first)}.")
    assert foreseen_in_words([], runs)["time"] == (
        f"about {duration_text(first + then)} until the base model is built and the runs are trained"
    )
    before = four_numbers(runs)["time"]
    monkeypatch.setattr(needs, "preparation_work", lambda runs: 0.0)  # it is there now
    assert needs_text(runs).endswith("if nothing else trains.")
    assert foreseen_in_words([], runs)["time"] == f"about {duration_text(then)} of training"
    assert four_numbers(runs)["time"] != before


def test_what_the_machine_cannot_hold_is_refused_before_run_is_pressed(open_app, monkeypatch):
    monkeypatch.setattr("core.engine.cost.available_bytes", lambda: 1_000_000)
    app = open_app()
    assert "Memory must be at most 1 MB" in words(app) and "GRPO needs" in words(app)
    assert "lower one of these settings" in words(app)
    assert app.button(key="run").disabled
