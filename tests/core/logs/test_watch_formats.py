"""TensorBoard's folders and trackio's database, watched while they are written."""

import json
import shutil
import sqlite3
from contextlib import closing

from core.logs import Watcher
from tests.core.logs.test_formats import ROWS, trackio, write_events
from tests.core.logs.test_watch import steps


def test_event_files_grow_and_a_new_one_is_another_start(tmp_path):
    (tmp_path / "other").mkdir()
    first = write_events(tmp_path / "other", ROWS[:20])
    whole, path = first.read_bytes(), tmp_path / "runs" / "events.out.tfevents.1"
    path.parent.mkdir()
    path.write_bytes(whole[:1500])
    watcher = Watcher(tmp_path / "runs")
    assert 2 < len(watcher.poll().runs[0].steps) < 20
    with path.open("ab") as file:
        file.write(whole[1500:-9])
    watcher.poll()
    assert steps(watcher) == [list(range(1, 20))]  # the last record is torn
    with path.open("ab") as file:
        file.write(whole[-9:])
    watcher.poll()
    assert steps(watcher) == [list(range(1, 21))] and watcher.poll().logs == {}
    shutil.copy(write_events(tmp_path / "other", ROWS[15:]), path.with_name("events.out.tfevents.2"))  # from a checkpoint
    watcher.poll()
    assert steps(watcher) == [list(range(1, 31))]
    shutil.copy(write_events(tmp_path / "other", ROWS[:4]), path.with_name("events.out.tfevents.3"))  # begun anew
    watcher.poll()
    assert steps(watcher) == [list(range(1, 31)), [1, 2, 3, 4]]
    path.unlink()
    watcher.poll()
    assert steps(watcher) == [list(range(1, 31)), [1, 2, 3, 4]]


def test_a_database_of_trackio_is_followed_while_it_is_written(tmp_path):
    with closing(trackio(tmp_path / "project.db", names=("a",))) as database:
        watcher = Watcher(tmp_path)
        watcher.poll()
        assert steps(watcher) == [list(range(1, 31))] and watcher.poll().logs == {}
        logged = json.dumps({"train/global_step": 31, "train/reward": 3.1, "train/loss": 0.1})
        database.execute(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES ('id0', '2026', 'a', 30, ?)", (logged,)
        )
        assert watcher.poll().logs == {}
        database.commit()
        watcher.poll()
        assert steps(watcher) == [list(range(1, 32))]
        with closing(sqlite3.connect(tmp_path / "project.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            database_was = steps(watcher)
            watcher.poll()
            assert steps(watcher) == database_was
            other.execute("ROLLBACK")
