"""Processes on this machine: the same bits as in this thread, a worker that dies, and a whole sweep that is killed. Five processes import
torch."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import types
from contextlib import closing

import psutil

from core.__main__ import main
from core.sweep.executor.processes import Processes
from core.sweep.run import Sweep
from core.sweep.store import SweepStore
from tests.core.sweep.made import Inline, grid_of
from tests.processes import PATIENCE, eventually, started

COMMAND = ("sweep", "--scenario", "collapse", "--updates", "32", "--seeds", "4", "--workers", "1",
           "--x", "learning_rate=1e-3:1e-1:log6", "--y", "task.noise=0,0.4")  # fmt: skip


def test_a_worker_that_dies_is_told_and_the_map_is_the_same_to_the_last_bit(tmp_path, monkeypatch):
    """And no worker runs the main module, which in a Streamlit server is a page."""
    page = types.ModuleType("__main__")
    page.__file__ = str(tmp_path / "page.py")
    (tmp_path / "page.py").write_text(f"open({str(tmp_path / 'drawn')!r}, 'w').close()")
    monkeypatch.setitem(sys.modules, "__main__", page)
    with closing(SweepStore(tmp_path / "inline.sqlite")) as store:
        wanted = Sweep(grid_of(updates=12), store)
        wanted.run(Inline())
    killed = []

    def kill_one(progress) -> None:
        if progress.runs and not killed:
            killed.append(executor.process_ids[0])
            os.kill(killed[0], signal.SIGKILL)

    with closing(SweepStore(tmp_path / "results.sqlite")) as store, Processes(1) as executor:
        sweep = Sweep(grid_of(updates=12), store)
        progress = sweep.run(executor, on_progress=kill_one)
        workers = executor.process_ids
    assert killed and progress.done and progress.failed == 0
    assert any("are trained again: a worker process ended by itself" in trouble for trouble in progress.troubles)
    assert {place: found.to_bytes() for place, found in sweep.plan.measured.items()} == {
        place: found.to_bytes() for place, found in wanted.plan.measured.items()
    }
    assert not (tmp_path / "drawn").exists() and sys.modules["__main__"] is page
    assert killed[0] not in workers and not any(psutil.pid_exists(pid) for pid in workers)


def test_a_sweep_that_is_killed_leaves_no_process_and_goes_on_where_it_was(tmp_path, capsys):
    path = tmp_path / "results.sqlite"
    with started("-m", "core", *COMMAND, "--out", tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: path.exists() and len(rows(path)) > 2, 2 * PATIENCE)
        family = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kept = rows(path)
        eventually(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family))
    assert 0 < len(kept) < 24  # 12 cells, 2 sides
    assert main([*COMMAND, "--out", str(tmp_path)]) == 0 and "Written to" in capsys.readouterr().out
    after = rows(path)
    assert {key: after[key] for key in kept} == kept  # untouched: not one was trained again
    found = json.loads((tmp_path / "map.json").read_text())["progress"]
    assert (found["cells"], found["total"], found["failed"]) == (24, 24, 0)
    assert (
        (tmp_path / "map.csv").read_text().startswith("learning_rate,task.noise,side,seeds,diverged_update,measure,mean,low,high")
    )


def rows(path) -> dict:
    """Key -> when it was added."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return dict(connection.execute("SELECT key, added FROM results"))
    except sqlite3.OperationalError:
        return {}
