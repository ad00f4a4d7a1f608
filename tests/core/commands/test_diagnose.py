"""`python -m core diagnose`."""

import json

import numpy as np
import pytest

from core.__main__ import main
from core.commands import diagnose


@pytest.fixture
def dead(tmp_path):
    """A run of TRL whose reward is always 1, so that nothing has a gradient."""
    path = tmp_path / "run.jsonl"
    path.write_text("".join(json.dumps(row(step)) + "\n" for step in range(1, 41)))
    return path


def row(step: int) -> dict:
    return {
        "step": step, "loss": 0.0, "grad_norm": 0.0, "reward": 1.0, "reward_std": 0.0, "frac_reward_zero_std": 1.0, "my/own": step,
        "completions/mean_length": 50 + np.sin(step), "completions/clipped_ratio": 0.0, "learning_rate": 1e-6,
    }  # fmt: skip


def test_a_run_is_told_in_sentences_with_the_settings_of_its_framework(dead, capsys):
    assert main(["diagnose", str(dead)]) == 0
    said = capsys.readouterr().out
    assert "THERE NEVER WAS A GRADIENT" in said and "exactly 0 in 40 of 40 rows" in said
    assert "TRL: `num_generations=16`" in said and "verl:" not in said


def test_the_json_has_steps_columns_and_findings(dead, capsys):
    assert main(["diagnose", "--json", str(dead)]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["framework"], run["steps"], run["columns"]["grad_norm"]) == ("TRL", 40, "grad_norm")
    assert run["unknown_columns"] == ["my/own"]
    never = next(finding for finding in run["findings"] if finding["kind"] == "gradient_never")
    assert never["since_step"] == 1 and never["value"] == 1.0 and never["confidence"] == "sure" and "40 of 40" in never["text"]
    assert never["marks"] == [{"metric": "grad_norm", "column": "grad_norm", "from": 1, "to": 40}]
    assert never["cost"]["share"] == 1.0


def test_what_is_no_log_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("nothing of interest\n")
    assert main(["diagnose", str(path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: no run was read") and said.err.count("\n") == 1 and not said.out


def test_watching_tells_a_finding_once_and_a_new_one_when_it_comes(dead, capsys):
    def goes_on(seconds: float) -> None:
        said.append(capsys.readouterr().out)
        if len(said) == 2:
            with dead.open("a") as stream:
                stream.writelines(json.dumps(row(step) | {"completions/clipped_ratio": 0.9}) + "\n" for step in range(41, 81))

    said: list[str] = []
    options = diagnose.argparse.Namespace(paths=[dead], json=False, watch=True)
    assert diagnose.watch(options, pause=goes_on, looks=3) == 0
    said.append(capsys.readouterr().out)
    assert "THERE NEVER WAS A GRADIENT" in said[0] and said[1] == ""
    assert "LENGTH RUNS AWAY" in said[2] and "THERE NEVER WAS A GRADIENT" not in said[2]


def test_two_paths_cannot_be_watched_at_once(dead, capsys):
    assert main(["diagnose", "--watch", str(dead), str(dead)]) == 2
    assert "--watch must have one path, got 2" in capsys.readouterr().err
