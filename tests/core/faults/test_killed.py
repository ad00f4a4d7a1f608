"""kill -9 while ten runs train: of each, everything older than a second is there, and the next start finds nothing to repair."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.serial import config_to_json
from tests.processes import PATIENCE, TORCH, child
from tests.support import TINY_RUN

TEN_RUNS = f"""{TORCH}
import sys, time
from functools import partial
from core.runs.manager import RunManager
from core.settings.serial import config_from_json
from core.runs.store.store import Store
from tests.unhurried import unhurried

store = Store(sys.argv[1])
config = config_from_json(sys.argv[2])
manager = RunManager(store, max_active=10, grace_seconds=None, train=partial(unhurried, pause=0.03))
made = [manager.start({{f"{{n}}": config for n in range(5)}}, owner="ann", scenario="tiny") for _ in range(2)]
while True:
    print(time.time(), *(run.updates for one in made for run in manager.view(one).runs.values()), flush=True)
    time.sleep(0.02)
"""


def test_kill_9_during_ten_runs_keeps_what_was_older_than_a_second_of_every_run(tmp_path):
    path, seen = tmp_path / "runs.sqlite", []
    with child(TEN_RUNS, path, config_to_json(replace(TINY_RUN, updates=40_000))) as process:
        for line in process.stdout:
            when, *updates = line.split()
            seen.append((float(when), [int(n) for n in updates]))
            first = next((when for when, done in seen if min(done) > 0), None)
            if first is not None and seen[-1][0] - first > 1.3:
                break
        process.send_signal(signal.SIGKILL)
        killed = time.time()
        process.wait()
    certain = next(done for when, done in reversed(seen) if when <= killed - 1.0)
    store = Store(path)
    rows = sorted(store.runs(), key=lambda row: row.stored_id)
    assert len(rows) == 10 and {row.status for row in rows} == {"interrupted"}
    kept = [store.load_history(row.stored_id).updates.tolist() for row in rows]
    assert kept == [list(range(row.updates + 1)) for row in rows]
    assert min(certain) > 0
    assert all(ours >= theirs for ours, theirs in zip(sorted(row.updates for row in rows), sorted(certain), strict=True))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    with RunManager(store, max_active=2, grace_seconds=None) as manager:  # who comes next
        again = manager.start({"GRPO": TINY_RUN}, owner="bob", scenario="tiny")
        assert manager.wait(again, PATIENCE) and manager.view(again).runs["GRPO"].status == "done"
        anew = manager.reset(rows[0].comparison)  # and the interrupted ones can be run again
    assert store.runs(comparison=anew) and store.close()
    assert not [name for name in os.listdir(tmp_path) if "alive" in name]
