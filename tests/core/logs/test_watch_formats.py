"""TensorBoard's folders and trackio's database, watched while they are written."""

import json
import shutil
import sqlite3
from contextlib import closing

from core.logs import Watcher
from tests.core.logs.made import ROWS, trackio, write_events
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


def mlflow_run(folder, name):
    (folder / "metrics" / "train").mkdir(parents=True)
    (folder / "params").mkdir()
    (folder / "meta.yaml").write_text(f"run_id: {folder.name}\nrun_name: {name}\n")
    (folder / "params" / "lr").write_text("1e-6")


def log_to_mlflow(folder, steps, **metrics):
    for name, value in metrics.items():
        with (folder / "metrics" / "train" / name).open("a") as file:
            file.writelines(f"1700000000000 {value * step} {step}\n" for step in steps)


def test_runs_of_mlflow_are_followed_while_they_are_written(tmp_path):
    first, second = tmp_path / "mlruns" / "0" / "a1", tmp_path / "mlruns" / "0" / "b2"
    mlflow_run(first, "calm-crow")
    watcher = Watcher(tmp_path)
    assert watcher.poll().logs == {} and watcher.reading.runs == ()
    log_to_mlflow(first, range(1, 6), reward=0.1, loss=0.5)
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4, 5]] and watcher.poll().logs == {}
    with (first / "metrics" / "train" / "reward").open("a") as file:
        file.write("1700000000000 0.6")  # the line has no end yet
    assert watcher.poll().logs == {}
    with (first / "metrics" / "train" / "reward").open("a") as file:
        file.write(" 6\n")
    log_to_mlflow(first, [6], loss=0.5, kl=0.01)
    mlflow_run(second, "wise-wolf")
    log_to_mlflow(second, range(1, 4), reward=0.2)
    watcher.poll()
    assert [run.name for run in watcher.reading.runs] == ["calm-crow", "wise-wolf"] and steps(watcher) == [
        [1, 2, 3, 4, 5, 6],
        [1, 2, 3],
    ]
    assert watcher.reading.runs[0].series("reward_mean")[-1] == 0.6 and "kl_base" in watcher.reading.runs[0].metrics
    shutil.rmtree(second)
    assert watcher.poll().notes and len(watcher.reading.runs) == 2
    (first / "metrics" / "train" / "reward").write_text("1700000000000 0.9 1\n")  # written anew
    watcher.poll()
    assert watcher.reading.runs[0].series("reward_mean")[0] == 0.9
