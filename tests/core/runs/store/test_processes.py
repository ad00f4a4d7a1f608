"""Processes that share a history, and what dead ones leave."""

import os
import signal
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.result import Status
from core.engine.trainer import train
from core.runs.store import processes as alive
from core.runs.store.store import Store
from core.settings.serial import config_to_json
from tests.core.runs.store.made import CONFIG, begin, eventually, record
from tests.processes import TORCH, started

CHILD = f"""{TORCH}
import sys, time
from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.serial import config_from_json

store = Store(sys.argv[1])
config = config_from_json(sys.argv[2])
manager = RunManager(store, max_active=1, grace_seconds=None)
comparison = manager.start({{"DAPO": config, "waiting": config}}, owner="ann", scenario="tiny")
while True:
    print(time.time(), manager.view(comparison).runs["DAPO"].updates, flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def child(path):
    """A process that trains; the lines it prints are (time, updates done)."""
    endless = replace(CONFIG, updates=200_000)
    with started("-c", CHILD, path, config_to_json(endless), stdout=subprocess.PIPE) as process:
        yield process


@pytest.mark.thorough  # tests/core/faults/test_killed.py has ten runs
def test_after_kill_9_every_update_older_than_a_second_is_there(child, path):
    seen = []
    for line in child.stdout:
        seen.append((float(line.split()[0]), int(line.split()[1])))
        first = next((when for when, updates in seen if updates > 0), None)
        if first is not None and seen[-1][0] - first > 1.3:
            break
    child.send_signal(signal.SIGKILL)
    killed = time.time()
    child.wait()
    certain = max(updates for when, updates in seen if when <= killed - 1.0)
    assert certain > 0
    store = Store(path)
    running, waiting = store.runs()
    assert (running.status, waiting.status) == ("interrupted", "interrupted")
    assert running.finished <= time.time()
    history = store.load_history(running.stored_id)
    assert history.updates.tolist() == list(range(running.updates + 1)) and history.trained >= certain
    config = store.run(running.stored_id).config
    steps = train(config)
    for kept, again in zip(history.after(-1)[:8], steps, strict=False):
        assert all(np.array_equal(kept.metrics[n], again.metrics[n].astype("f4"), equal_nan=True) for n in again.metrics)
    steps.close()
    store.close()
    assert not [name for name in os.listdir(path.parent) if "alive" in name]


def test_two_processes_share_a_history_and_one_sees_the_other_die(child, path):
    child.stdout.readline()
    store = Store(path)
    eventually(lambda: len(store.runs(owner="ann")) == 2)
    assert {row.status for row in store.runs(owner="ann")} == {"running", "queued"}  # opening did not interrupt it
    mine = begin(store, owner="bob")
    before = store.runs(owner="ann")[0].updates
    for update in range(1, 101):
        store.append(mine, record(update))
    assert store.flush() and store.problem == ""
    eventually(lambda: store.runs(owner="ann")[0].updates > before)
    store.mark_interrupted()
    assert store.flush() and {row.status for row in store.runs(owner="ann")} == {"running", "queued"}
    child.send_signal(signal.SIGKILL)
    child.wait()
    store.mark_interrupted()
    assert store.flush() and {row.status for row in store.runs(owner="ann")} == {"interrupted"}
    assert store.runs(owner="bob")[0].status == "running" and len(store.load_history(mine)) == 100
    store.close()


def test_a_second_store_in_this_process_leaves_the_firsts_runs_alone_until_it_closes(path):
    first = Store(path)
    begin(first)
    first.flush()
    with_first = Store(path)
    assert with_first.runs()[0].status == "running"
    with_first.close()
    first.close()
    after = Store(path)
    assert after.runs()[0].status == "interrupted"
    after.close()


def test_final_statuses_stay_when_their_process_is_gone(path):
    first = Store(path)
    for status in set(Status) - {Status.INTERRUPTED}:
        first.set_status(begin(first, label=status), status, "why")
    first.close()
    again = Store(path)
    found = {row.label: row for row in again.runs()}
    again.close()
    kept = {"done", "failed", "stopped"}
    assert {label: row.status for label, row in found.items()} == {
        label: label if label in kept else "interrupted" for label in found
    }
    assert all(row.finished is not None for row in found.values())


def test_marks_of_the_dead_are_swept_and_those_of_the_living_stay(path):
    mark = alive.ProcessMark(path)
    dead = path.with_name(f"{path.name}.0123456789abcdef.alive")
    dead.touch()
    alive.remove_dead_marks(path)
    assert not dead.exists() and alive.is_alive(path, mark.token)
    mark.release()
    mark.release()
    assert not alive.is_alive(path, mark.token) and not list(path.parent.iterdir())
