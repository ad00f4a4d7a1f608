"""A disk that is full while runs train: they train on, it is said, and when there is room again nothing is missing."""

from __future__ import annotations

import json
import resource
from dataclasses import replace

import pytest

from core.runs.store.store import Store, StoreError
from core.settings.serial import config_to_json
from tests.processes import TORCH, child
from tests.support import TINY_RUN

# Of many seeds: 40 kB each in few updates, together more than the limit below however many transactions they are written in.
RUN = replace(TINY_RUN, updates=60, replicas=16)
# The operating system refuses to let any file grow beyond a size: what a full disk does, without one.
STARVED = f"""{TORCH}
import json, resource, sys
from core.runs.manager import RunManager
from core.settings.serial import config_from_json
from core.runs.store.store import Store

store = Store(sys.argv[1])
manager = RunManager(store, max_active=2, grace_seconds=None)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
config = config_from_json(sys.argv[2])
comparison = manager.start({{"a": config, "b": config}}, owner="ann", scenario="tiny")
assert manager.wait(comparison, 60)
written = store.flush(1.0)
rows = store.runs()
print(json.dumps({{
    "written": written, "problem": store.problem, "stored": [row.updates for row in rows],
    "trained": [(run.status, run.updates) for run in manager.view(comparison).runs.values()],
    "measured": [manager.history(comparison, label).trained for label in "ab"],
}}), flush=True)
sys.stdin.readline()
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(json.dumps({{"written": store.flush(30.0), "problem": store.problem}}), flush=True)
manager.shutdown()
store.close()
"""


def test_runs_train_on_it_is_said_and_everything_is_written_when_there_is_room(tmp_path):
    path = tmp_path / "runs.sqlite"
    with child(STARVED, path, config_to_json(RUN)) as process:
        full = json.loads(process.stdout.readline())
        assert full["trained"] == [["done", RUN.updates]] * 2 and full["measured"] == [RUN.updates] * 2
        assert not full["written"] and sum(full["stored"]) < 2 * RUN.updates
        assert str(path) in full["problem"] and "that the disk is not full" in full["problem"]
        assert "kept in memory until then" in full["problem"]
        process.stdin.write("room again\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"written": True, "problem": ""}
        assert process.wait(30) == 0
    store = Store(path)
    rows = store.runs()
    assert [(row.status, row.updates) for row in rows] == [("done", RUN.updates)] * 2
    assert all(store.load_history(row.stored_id).updates.tolist() == list(range(RUN.updates + 1)) for row in rows)
    store.close()


def test_a_full_disk_at_the_start_is_a_sentence(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(StoreError, match=r"runs\.sqlite: cannot be used .*; see that .* the disk is not full"):
            Store(tmp_path / "runs.sqlite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    Store(tmp_path / "runs.sqlite").close()  # and when there is room, it is as if nothing had been
