"""`python -m core sweep`: the files that it writes, Ctrl-C, what it refuses."""

from __future__ import annotations

import csv
import json
import os
import signal

import pytest

import core.commands.sweep
from core.__main__ import main
from core.sweep.executor import ExecutorLost
from tests.core.sweep.made import Inline

EXAMPLE = ["sweep", "--scenario", "collapse", "--x", "learning_rate=1e-4:3e-2:log12", "--y", "algorithm.eps_high=0.1,0.2,0.28,0.4,0.8",
           "--sides", "GRPO,DAPO", "--seeds", "16"]  # fmt: skip
SMALL = ["sweep", "--x", "learning_rate=1e-3,1e-1", "--y", "task.noise=0,0.5", "--seeds", "4", "--updates", "8"]


@pytest.fixture
def inline(monkeypatch):
    """Nothing but this thread trains."""
    made = Inline()
    monkeypatch.setattr(core.commands.sweep, "Processes", lambda workers: made)
    return made


def test_it_writes_a_map_and_a_second_time_trains_nothing(inline, tmp_path, capsys):
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    rows = list(csv.DictReader((tmp_path / "map.csv").read_text(encoding="utf-8").splitlines()))
    assert {(row["learning_rate"], row["task.noise"]) for row in rows} == {(x, y) for x in ("1e-3", "1e-1") for y in ("0", "0.5")}
    assert {row["side"] for row in rows} == {"GRPO", "DAPO", "DAPO - GRPO"}
    assert json.loads((tmp_path / "map.json").read_text())["progress"]["cells"] == 8
    told = capsys.readouterr().out
    assert (
        "GRPO collapses, in half or more of its seeds" in told
        and "32 seeds of cells were trained as" in told
        and "map.html" in told
    )
    trained = len(inline.shards)
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert len(inline.shards) == trained and "8 of 8 cells are known already" in capsys.readouterr().err


def test_ctrl_c_keeps_what_there_is_and_the_same_command_goes_on(heeds_interrupts, inline, tmp_path, capsys):
    whole = inline.collect

    def interrupted(timeout):
        if len(inline.shards) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return whole(timeout)

    inline.collect = interrupted
    assert main([*SMALL, "--out", str(tmp_path)]) == 130
    found = json.loads((tmp_path / "map.json").read_text())["progress"]
    assert 0 < found["cells"] < 8
    assert f"Interrupted: {found['cells']} of 8 cells are kept; the same command goes on from there." in capsys.readouterr().err
    inline.collect = whole
    inline.close()
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "map.json").read_text())["progress"]["found"] == found["cells"]


def test_a_cluster_that_has_gone_ends_the_sweep_in_one_line_and_the_same_command_goes_on(inline, tmp_path, capsys):
    whole = inline.collect

    def gone(timeout):
        if len(inline.shards) == 1:
            raise ExecutorLost("the node has ended; start it again")
        return whole(timeout)

    inline.collect = gone
    assert main([*SMALL, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1] == "error: the node has ended; start it again"
    inline.collect = whole
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert 0 < json.loads((tmp_path / "map.json").read_text())["progress"]["found"] < 8


def test_the_example_that_people_copy_is_accepted(inline, monkeypatch, tmp_path):
    class Enough(Exception):
        pass

    def stop(shard):
        raise Enough

    monkeypatch.setattr(inline, "submit", stop)
    with pytest.raises(Enough):
        main([*EXAMPLE, "--out", str(tmp_path)])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--x", "learning_rate=1e-1:1e-3:log4"], "error: --x learning_rate must rise from low to high"),
        (["--x", "learning_rate=1e-4:1e-1:log64", "--y", "task.noise=0:1:lin64"], "error: a map must have at most 2,000 cells"),
        (["--y", "task.nois=0,1"], "error: --y task.nois: unknown field 'nois'; did you mean noise?"),
        (["--show", "happiness"], "error: --show must be one of"),
        (["--workers", "0"], "error: workers must be between 1 and 256, got 0"),
        (["--scenario", "nothing"], "error: "),
    ],
)
def test_bad_input_is_refused_in_one_line_before_anything_is_written(changes, told, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([*SMALL, *changes, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(told) and error.count("\n") == 1 and not out.exists()
