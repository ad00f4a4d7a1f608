"""`python -m core`: the files it writes, and how it fails."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from core.__main__ import main
from core.analysis.metrics import INDEX_COLUMNS, METRIC_NAMES
from core.settings.scenarios import SCENARIOS
from tests.processes import eventually, started

SMALL = ["--seeds", "3", "--updates", "24"]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    assert main(["compare", "--scenario", "collapse", *SMALL, "--out", str(folder)]) == 0
    return folder


def rows(folder):
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_writes_the_five_files_and_nothing_else(out):
    assert sorted(p.name for p in out.iterdir()) == ["charts.html", "config.json", "metrics.csv", "report.md", "summary.json"]


def test_charts_html_draws_what_was_measured_and_tells_how(out):
    page = (out / "charts.html").read_text(encoding="utf-8")
    own = page[page.index("</script>") :]  # behind Plotly
    assert own.count("Plotly.newPlot(") == 12
    assert "means over 3 seeds (0 to 2)" in own and "python -m core compare --scenario collapse" in own
    assert "algorithm.eps_high (differs)" in own
    held_out = json.loads((out / "summary.json").read_text())["algorithms"]["DAPO"]["eval_accuracy"]["final"]
    assert re.search(rf"Held-out accuracy.*DAPO [^;]* {held_out:.3g}", own, re.DOTALL)


def test_metrics_csv_has_the_columns_of_the_metric_table_and_a_row_per_update_and_seed(out):
    table = rows(out)
    assert tuple(table[0]) == (*INDEX_COLUMNS, *METRIC_NAMES)
    for label in ("GRPO", "DAPO"):
        places = {(int(r["seed"]), int(r["update"])) for r in table if r["algorithm"] == label}
        assert places == {(seed, update) for seed in range(3) for update in range(25)}


def test_an_unmeasured_metric_is_empty_and_a_measured_zero_is_zero(out):
    grpo = [r for r in rows(out) if r["algorithm"] == "GRPO" and r["seed"] == "0"]
    assert [r["update"] for r in grpo if r["filter_ratio"]] == ["1", "9", "17"]  # 8 updates per rollout
    assert float(grpo[1]["filter_ratio"]) == 0.0
    assert [r["update"] for r in grpo if not r["grad_norm"]] == ["0"]


def test_the_untrained_policys_score_is_a_row_of_its_own_at_update_0_and_0_samples(out):
    for label in ("GRPO", "DAPO"):
        table = [r for r in rows(out) if r["algorithm"] == label]
        scored = {int(r["update"]): int(r["samples_generated"]) for r in table if r["seed"] == "0" and r["eval_accuracy"]}
        assert list(scored) == [0, 24] and scored[0] == 0 < scored[24]
        for row in table[:3]:
            assert {name for name in METRIC_NAMES if row[name]} == {"eval_accuracy"}
            assert (row["update"], row["rollout"], row["samples_generated"], float(row["wall_seconds"])) == ("0", "0", "0", 0.0)
    first = [
        [r["eval_accuracy"] for r in rows(out) if r["algorithm"] == label and r["update"] == "0"] for label in ("GRPO", "DAPO")
    ]
    assert first[0] == first[1]  # the same seeds begin with the same policies


def test_summary_json_has_the_shape_that_others_rely_on(out):
    summary = json.loads((out / "summary.json").read_text())
    assert summary["scenario"] == "collapse" and summary["seeds"] == [0, 1, 2]
    for label in ("GRPO", "DAPO"):
        numbers = summary["algorithms"][label]
        for metric in METRIC_NAMES:
            assert {"initial", "final", "final_ci95"} <= set(numbers[metric])
        assert set(numbers["events"]) == {
            "entropy_low_update",
            "gradient_vanished_update",
            "never_had_gradient",
            "too_early",
            "words",
        }
        assert numbers["samples_generated"] > 0 and numbers["seconds"] > 0
    difference = summary["differences"]["DAPO - GRPO"]
    for key in ("eval_accuracy", "eval_accuracy_equal_samples"):
        assert {"mean", "ci95"} <= set(difference[key]) and len(difference[key]["ci95"]) == 2


def test_summary_numbers_can_be_recomputed_from_the_csv(out):
    summary = json.loads((out / "summary.json").read_text())
    norms = [float(r["grad_norm"]) for r in rows(out) if r["algorithm"] == "DAPO" and 1 <= int(r["update"]) <= 3]
    assert summary["algorithms"]["DAPO"]["grad_norm"]["initial"] == pytest.approx(sum(norms) / len(norms), rel=1e-6)


def test_config_json_holds_every_setting_the_versions_and_the_command(out):
    config = json.loads((out / "config.json").read_text())
    assert config["runs"]["DAPO"]["algorithm"]["eps_high"] == 0.28
    assert config["runs"]["DAPO"]["task"]["name"] == "chain"
    assert config["runs"]["GRPO"]["first_seed"] == 0
    assert {"python", "torch", "numpy"} <= set(config["versions"])
    assert "--scenario collapse" in config["command"]


def test_the_report_says_in_words_what_was_measured(out):
    report = (out / "report.md").read_text()
    assert report.startswith("# ")
    assert "held-out" in report and "at equal samples generated" in report.lower()


def test_two_calls_write_the_same_metrics_but_for_the_wall_time(out, tmp_path):
    assert main(["compare", "--scenario", "collapse", *SMALL, "--out", str(tmp_path)]) == 0
    first, second = rows(out), rows(tmp_path)
    for row in first + second:
        del row["wall_seconds"]
    assert first == second


def test_list_shows_every_scenario(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in SCENARIOS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "colapse"], ["scenario", "colapse", "collapse"]),
        (["--set", "task.noise=9e9"], ["noise", "9e9", "between"]),
        (["--set", "task.unknown=1"], ["task.unknown", "unknown"]),
        (["--seeds", "0"], ["replicas", "between 1 and", "0"]),
        (["--seeds", "many"], ["--seeds", "whole number", "many"]),
        (["--updates", "-4"], ["updates", "-4"]),
    ],
)
def test_bad_input_is_one_clear_line_exit_code_2_and_nothing_written(arguments, words, tmp_path, capsys):
    folder = tmp_path / "never"
    assert main(["compare", *arguments, "--out", str(folder)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and message.startswith("error: ")
    assert all(word in message for word in words), message
    assert not folder.exists()


def test_a_budget_of_samples_trains_each_side_until_it_generated_as_many(tmp_path):
    options = ["--scenario", "collapse", "--seeds", "3", "--budget", "samples=1500", "--out", str(tmp_path)]
    assert main(["compare", *options]) == 0
    last = {(r["algorithm"], r["seed"]): int(r["samples_generated"]) for r in rows(tmp_path)}
    assert all(count >= 1500 for count in last.values()) and len(last) == 6
    equal = json.loads((tmp_path / "summary.json").read_text())["differences"]["DAPO - GRPO"]["eval_accuracy_equal_samples"]
    assert 1500 <= equal["samples"] <= equal["of_samples"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--budget", "epochs=3"], "samples=NUMBER"), (["--budget", "samples=5", "--updates", "8"], "leave one out")],
)
def test_a_budget_that_cannot_be_is_refused(arguments, words, tmp_path, capsys):
    assert main(["compare", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err


def test_a_directory_that_cannot_be_written_is_refused_before_training(tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    assert main(["compare", *SMALL, "--out", str(tmp_path / "file" / "below")]) == 2
    assert "directory" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_run_that_diverges_keeps_what_came_before_and_the_other_run(tmp_path, capsys, monkeypatch):
    from core.engine import update

    real = update.policy_loss
    calls = {"grpo": 0}

    def poisoned(logprobs, *args, **kwargs):
        loss, stats = real(logprobs, *args, **kwargs)
        if kwargs["aggregation"] == "sequence_mean":
            calls["grpo"] += 1
            if calls["grpo"] == 10:
                loss = loss * float("nan")
        return loss, stats

    monkeypatch.setattr(update, "policy_loss", poisoned)
    assert main(["compare", *SMALL, "--out", str(tmp_path)]) == 1
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["status"]["GRPO"]["status"] == "failed" and summary["status"]["GRPO"]["updates"] == 9
    assert "update 10" in summary["status"]["GRPO"]["error"] and "loss" in summary["status"]["GRPO"]["error"]
    assert summary["status"]["DAPO"] == {"status": "done", "updates": 24, "error": None}
    assert "failed" in capsys.readouterr().out


ENDLESS = ("--seeds", "2", "--updates", "100000")


@pytest.mark.parametrize(
    "ignoring",
    [  # who heeds what was ignored heeds it in a terminal, too
        pytest.param((), id="in a terminal", marks=pytest.mark.thorough),
        pytest.param((signal.SIGINT,), id="begun with SIGINT ignored, as by nohup"),
    ],
)
def test_ctrl_c_writes_what_was_measured_and_says_so(tmp_path, ignoring):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started("-m", "core", "compare", *ENDLESS, "--out", tmp_path, ignoring=ignoring, **pipes) as process:
        begun = time.monotonic()
        seen = ""
        while "training" not in seen and time.monotonic() - begun < 60:
            seen += process.stderr.read(64)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in err and "stopped" in out
    updates = [int(r["update"]) for r in rows(tmp_path)]
    assert 0 < max(updates) < 100000
    assert json.loads((tmp_path / "summary.json").read_text())["status"]["GRPO"]["status"] == "stopped"


ENDLESS_CODE = "import time; time.sleep(600)"
WITH_ANOTHER = (
    f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {ENDLESS_CODE!r}]).pid, flush=True); {ENDLESS_CODE}"
)
FAILING = f"""
import sys
from tests.processes import child
with child({WITH_ANOTHER!r}) as process:
    print(process.pid, process.stdout.readline().strip(), flush=True)
    if sys.argv[1] == "fails":
        raise AssertionError("a test that fails")
    sys.stdin.readline()
"""


@pytest.mark.parametrize("end", ["fails", "is killed"])
def test_a_test_that_fails_or_is_killed_leaves_no_process_behind(end):
    with started("-c", FAILING, end, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as test:
        pids = [int(pid) for pid in test.stdout.readline().split()]
        if end == "is killed":
            test.kill()
        test.wait(30)
    own, its_own = pids
    if end == "fails":
        eventually(lambda: not running(own) and not running(its_own))
    else:  # what a process starts that is killed with its test is not the system's concern
        eventually(lambda: not running(own))
        os.kill(its_own, signal.SIGKILL)


def running(pid: int) -> bool:
    """Not ended, nor only waiting for its parent to take note of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_stop_while_the_base_model_is_built_ends_the_run_as_stopped():
    from core.runs.foreground import run_one
    from core.settings.run import RunConfig
    from core.settings.task import ArithmeticConfig

    stages = []

    def on_progress(stage, done, total):
        stages.append((stage, done))

    task = ArithmeticConfig(digits=1, width=8, layers=1, heads=1, imitation_steps=50, imitation_batch=4, imitation_seed=77)
    config = RunConfig(task=task, replicas=1, updates=8, num_prompts=8, updates_per_rollout=8)
    result = run_one(config, should_stop=lambda: len(stages) >= 3, on_progress=on_progress)
    assert result.status == "stopped" and result.error == ""
    assert stages == [("base model", 1), ("base model", 2), ("base model", 3)]
