"""`python -m core inspect`: a step of a scenario's run or of a stored one, as text and as JSON."""

import json

import numpy as np
import pytest

from core.__main__ import main
from core.analysis.result import Status
from core.engine.trainer import train
from core.inspection.step import inspect_step
from core.inspection.treatment import treat
from core.runs.store.store import Store
from core.settings.scenarios import SCENARIOS

SMALL = ["--seeds", "2", "--updates", "24"]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A history with one comparison of which the second run was interrupted."""
    path = tmp_path_factory.mktemp("store") / "runs.sqlite"
    store = Store(path)
    comparison = store.add_comparison(owner="x", scenario="collapse")
    for label, config in SCENARIOS["collapse"].runs(updates=24, replicas=2).items():
        stored_id = store.add_run(comparison, label, config)
        for record in train(config):
            if label == "DAPO" and record.update > 12:
                break
            store.append(stored_id, record)
        store.set_status(stored_id, Status.DONE if label == "GRPO" else Status.INTERRUPTED)
    store.close()
    return path, comparison


def inspected(arguments, capsys) -> str:
    assert main(["inspect", *arguments]) == 0
    return capsys.readouterr().out


def test_the_text_says_what_happened(capsys):
    out = inspected([*SMALL, "--run", "DAPO", "--seed", "1", "--update", "20", "--group", "1"], capsys)
    step = inspect_step(SCENARIOS["collapse"].runs(updates=24, replicas=2)["DAPO"], 1, 20)
    assert out.startswith("Update 20 of DAPO, seed 1. ") and "Round 2" in out
    assert step.groups[0].prompt_text in out and all(text in out for text in step.groups[0].texts)


def test_the_json_holds_the_numbers_of_the_engine(capsys, tmp_path):
    file = tmp_path / "step.json"
    out = inspected([*SMALL, "--update", "11", "--against", "DAPO", "--json", str(file)], capsys)
    values = json.loads(file.read_text())
    step = inspect_step(SCENARIOS["collapse"].runs(updates=24, replicas=2)["GRPO"], 0, 11)
    seen = treat(step)
    assert values["metrics"]["grad_norm"] == step.record.metrics["grad_norm"][0]
    for group, ours in zip(values["groups"], step.groups, strict=True):
        assert [c["text"] for c in group["completions"]] == list(ours.texts)
        assert [c["advantage"] for c in group["completions"]] == pytest.approx(seen.advantages[ours.slot].tolist())
        ratios = [t["ratio"] for c in group["completions"] for t in c["token_table"]]
        assert ratios == pytest.approx(seen.ratio[ours.slot][~np.isnan(seen.ratio[ours.slot])].tolist())
    assert values["against"]["algorithm"] == "DAPO" and "DAPO keeps" in values["against"]["batch"] and "DAPO keeps" in out


def test_a_stored_run_is_looked_into_and_checked(database, capsys):
    path, comparison = database
    where = ["--database", str(path), "--comparison", comparison]
    out = inspected([*where, "--run", "DAPO", "--update", "12"], capsys)
    assert "Checked: all" in out and "are the same" in out
    out = inspected([*where, "--run", "DAPO", "--update", "13"], capsys)  # it was interrupted before
    assert "has not measured this update" in out


def test_a_scenario_of_another_task_with_settings_and_sides(capsys):
    out = inspected(["--scenario", "lab-repaired", "--seeds", "1", "--updates", "8", "--set", "task.noise=0.2", "--sides", "Mine:DAPO",
                     "--update", "6", "--against", "GRPO"], capsys)  # fmt: skip
    assert out.startswith("Update 6 of Mine, seed 0") and "action" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--update", "25"], ["update must be between 1 and 24", "25"]),
        (["--update", "x"], ["--update", "whole number"]),
        (["--update", "1", "--seed", "9"], ["seed must be", "0 to 1", "9"]),
        (["--update", "1", "--run", "Grpo"], ["--run must be one of GRPO, DAPO", "Grpo"]),
        (["--update", "1", "--against", "GRPO"], ["--against must be one of DAPO", "GRPO"]),
        (["--update", "1", "--group", "99"], ["--group must be between 1 and 16", "99"]),
        (["--update", "1", "--group", "1", "--completion", "0"], ["--completion must be between 1 and 16"]),
        (["--update", "1", "--database", "/none/runs.sqlite"], ["--database", "no file"]),
        (["--update", "1", "--json", "/none/step.json"], ["--json", "choose another"]),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(arguments, words, capsys):
    assert main(["inspect", *SMALL, *arguments]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and all(word in error for word in words), error


def test_an_unknown_comparison_names_those_that_are_there(database, capsys):
    path, comparison = database
    assert main(["inspect", "--database", str(path), "--comparison", "nope", "--update", "1"]) == 2
    assert comparison in capsys.readouterr().err
