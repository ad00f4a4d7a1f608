"""`python -m core logs` tells what it read, and writes it."""

import json

import pandas as pd
import pytest

from core.__main__ import main


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "run.jsonl"
    rows = [
        {"step": i, "reward": i / 10, "loss": 0.5, "kl": float("nan") if i == 3 else 0.1, "own": 7, "epoch": 0.1}
        for i in range(1, 31)
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_it_tells_what_it_read(log, capsys):
    assert main(["logs", str(log)]) == 0
    text = capsys.readouterr().out
    assert "run.jsonl: JSON lines" in text and "30 rows, steps 1 to 30" in text
    assert "reward_mean" in text and "0.2 → 2.9" in " ".join(text.split()) and "NaN or infinity was logged for kl" in text


def test_it_writes_a_table_in_the_labs_names(log, tmp_path):
    out = tmp_path / "out.csv"
    assert main(["logs", str(log), "--csv", str(out)]) == 0
    table = pd.read_csv(out)
    assert table["update"].tolist() == list(range(1, 31)) and table["reward_mean"][9] == 1.0 and set(table["own"]) == {7}
    assert pd.isna(table["kl_base"][2]) and (table["run_id"] == "run.jsonl").all()
    assert list(table)[:4] == ["run_id", "algorithm", "seed", "update"] and table["seed"].isna().all()


def test_it_writes_strict_json(log, tmp_path):
    out = tmp_path / "out.json"
    assert main(["logs", str(log), "--json", str(out)]) == 0
    (run,) = json.loads(out.read_text())["runs"]
    assert run["step_unit"] == "update" and run["metrics"]["reward_mean"]["column"] == "reward"
    assert run["metrics"]["kl_base"]["not_finite"] == 1 and run["metrics"]["kl_base"]["values"][2] is None


def test_without_a_run_it_says_why(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("nothing of that kind")
    assert main(["logs", str(tmp_path / "a.txt"), str(tmp_path / "missing")]) == 2
    out, err = capsys.readouterr()
    assert "a.txt: no format" in out and "missing: it could not be read" in out and "no run was read" in err


def test_a_file_that_cannot_be_written_is_named(log, tmp_path, capsys):
    assert main(["logs", str(log), "--csv", str(tmp_path / "no" / "out.csv")]) == 2
    assert "--csv must be a file that can be written" in capsys.readouterr().err
