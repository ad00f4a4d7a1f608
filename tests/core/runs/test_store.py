"""The history on disk: what goes in comes out, whatever happens to the disk, the process or the file."""

import json
import os
import signal
import sqlite3
import struct
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import Status
from core.engine.trainer import train
from core.engine.types import Distribution, StepRecord
from core.runs.store import processes as alive
from core.runs.store import rows as blobs
from core.runs.store import schema, writer
from core.runs.store.store import Store, StoreError
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.serial import config_dict, config_to_json
from core.settings.task import ChainConfig
from tests.core.faults.processes import started
from tests.support import small_disk

TASK = ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4)
CONFIG = RunConfig(
    task=TASK, algorithm=DAPO, replicas=2, updates=12, num_prompts=4, group_size=4, updates_per_rollout=4, first_seed=3
)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history [1].sqlite"  # a name that needs care in URIs and patterns


@pytest.fixture
def store(path):
    made = Store(path)
    yield made
    made.close(timeout=1.0)


def record(update: int, **metrics) -> StepRecord:
    metrics = {name: np.array(value, dtype=float) for name, value in (metrics or {"loss": [update, -update]}).items()}
    return StepRecord(update, 1 + update // 4, np.array([16 * update, 2**40 + update]), 0.5 * update, metrics)


def begin(store: Store, owner: str = "ann", label: str = "DAPO", status: str = "running") -> int:
    return store.add_run(store.add_comparison(owner=owner, scenario="tiny"), label, CONFIG, status=status)


def eventually(holds, timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


# What goes in comes out


def test_a_history_comes_back_with_the_bits_of_float32(store):
    stored_id = begin(store)
    measured = list(train(CONFIG))
    for step in measured:
        store.append(stored_id, step)
    assert store.flush()
    history = store.load_history(stored_id)
    assert history.seeds == CONFIG.seeds
    assert history.updates.tolist() == [r.update for r in measured]
    assert history.rollouts.tolist() == [r.rollout for r in measured]
    assert history.wall_seconds.tolist() == [r.wall_seconds for r in measured]
    assert np.array_equal(history.samples, [r.samples_generated for r in measured])
    for name in METRIC_NAMES:
        expected = np.array([r.metrics.get(name, np.full(2, np.nan)) for r in measured]).astype(np.float32)
        assert np.array_equal(history.metric(name).astype(np.float32), expected, equal_nan=True), name
        assert np.array_equal(history.metric(name), expected.astype(float), equal_nan=True), name
    assert [set(a.metrics) for a in history.after(-1)] == [set(r.metrics) for r in measured]


def test_distributions_come_back_bit_for_bit(store):
    stored_id = begin(store)
    measured = list(train(CONFIG))
    for step in measured:
        store.append(stored_id, step)
    assert store.flush()
    expected = [(r.update, r.distribution) for r in measured if r.distribution is not None]
    found = store.load_history(stored_id).distributions()
    assert [update for update, _ in found] == [update for update, _ in expected] == [1, 12]
    for (_, ours), (_, theirs) in zip(found, expected, strict=True):
        for name in ("token_probs", "rank_probs"):
            one, other = getattr(ours, name), getattr(theirs, name)
            assert one.dtype == np.float32 and one.shape == other.shape and one.tobytes() == other.tobytes()


def test_a_distribution_takes_as_many_bytes_as_promised(store, path):
    stored_id = begin(store)
    table = np.full((16, 7), 1 / 7, dtype=np.float32)
    step = replace(record(1), distribution=Distribution(table, table))
    assert sum(map(len, blobs.pack_distribution(step.distribution))) == 8 * 16 * 7
    store.append(stored_id, step)
    store.append(stored_id, step)  # again, as after a write that was tried twice
    assert store.flush()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), sum(length(tokens) + length(ranks)) FROM distributions").fetchone() == (
            1,
            896,
        )


def test_distributions_are_purged_with_their_run(store, path):
    stored_id = begin(store)
    table = np.ones((2, 3), dtype=np.float32)
    store.append(stored_id, replace(record(1), distribution=Distribution(table, table)))
    store.flush()
    comparison = store.runs()[0].comparison
    store.delete(comparison)
    store.purge()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM distributions").fetchone() == (0,)


def test_values_that_float32_finds_hard_are_kept_as_well_as_it_can():
    odd = record(7, loss=[1e300, -1e300], ratio_max=[np.nan, 1e-45], kl_base=[-0.0, np.inf], accuracy=[1 / 3, 2**24 + 1])
    back = blobs.unpack(blobs.pack(odd, METRIC_NAMES), METRIC_NAMES)
    with np.errstate(over="ignore"):
        for name, values in odd.metrics.items():
            assert back.metrics[name].astype("f4").tobytes() == values.astype("f4").tobytes()
    assert back.samples_generated.tolist() == [112, 2**40 + 7] and set(back.metrics) == set(odd.metrics)


def test_a_metric_without_a_place_in_the_table_is_an_error_not_a_loss(store):
    with pytest.raises(KeyError, match="temperature"):
        store.append(begin(store), record(1, temperature=[1, 2]))


def test_the_names_of_the_metrics_are_those_of_when_it_was_written(store, monkeypatch):
    stored_id = begin(store)
    store.append(stored_id, record(1, loss=[1, 2], kl_base=[3, 4]))
    assert store.flush()
    monkeypatch.setattr("core.runs.store.store.METRIC_NAMES", ("kl_base", "new", *METRIC_NAMES[::-1]))
    history = store.load_history(stored_id)
    assert history.metric("loss").tolist() == [[1, 2]] and history.metric("kl_base").tolist() == [[3, 4]]


def test_an_update_takes_as_many_bytes_as_promised(store, path):
    config = RunConfig(task=TASK, replicas=16, updates=2000)
    metrics = {name: np.full(16, 0.1) for name in METRIC_NAMES[:7]}  # 6 at each update, 12 more at each rollout of 8: 7.5
    stored_id = store.add_run(store.add_comparison(owner="a", scenario="s"), "x", config)
    store.flush()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    for update in range(1, 2001):
        store.append(stored_id, StepRecord(update, 1, np.full(16, update), 0.1, metrics))
    store.close()
    assert (path.stat().st_size - before) / 2000 < 750  # 8·16 + 4·16·7 = 576 of them numbers


def test_settings_come_back_equal_and_damaged_ones_are_refused(store, path):
    stored_id = begin(store)
    store.flush()
    assert store.run(stored_id).config == CONFIG
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET config = json_set(config, '$.updates', -1)")
    with pytest.raises(ConfigError, match="updates must be between 1"):
        _ = store.run(stored_id).config


def test_runs_are_listed_by_owner_newest_comparison_first(store):
    first = store.add_comparison(owner="ann", scenario="collapse")
    ids = [store.add_run(first, label, CONFIG) for label in ("GRPO", "DAPO")]
    later = begin(store, label="later")
    other = begin(store, owner="bob")
    for update in (1, 2, 3):
        store.append(ids[1], record(update))
    store.set_status(ids[0], Status.FAILED, "out of luck", "Traceback …")
    assert store.flush()
    mine = store.runs(owner="ann")
    assert [row.stored_id for row in mine] == [later, *ids]
    assert [row.stored_id for row in store.runs()] == [other, later, *ids]
    assert [row.label for row in store.runs(comparison=first)] == ["GRPO", "DAPO"]
    failed, going = mine[1:]
    assert (failed.status, failed.error, failed.traceback) == ("failed", "out of luck", "Traceback …")
    assert failed.created <= failed.finished <= time.time() and going.finished is None
    assert (going.updates, going.total, failed.updates) == (3, 12, 0)
    assert (going.owner, going.scenario, going.comparison) == ("ann", "collapse", first)
    assert store.runs(owner="nobody") == []


def test_rename_delete_undelete_and_purge_are_seen_at_once(store, path):
    stored_id = begin(store)
    store.append(stored_id, record(1))
    assert store.flush()
    (row,) = store.runs()
    store.rename(row.comparison, "a; DROP TABLE runs --")
    assert store.runs()[0].name == "a; DROP TABLE runs --"
    store.delete(row.comparison)
    assert store.runs() == [] and store.runs(deleted=True)[0].stored_id == stored_id
    store.purge(older_than_seconds=60)
    store.undelete(row.comparison)
    assert len(store.runs()) == 1 and len(store.load_history(stored_id)) == 1
    store.purge()
    assert len(store.runs()) == 1  # only what is deleted
    store.delete(row.comparison)
    store.purge()
    assert store.runs(deleted=True) == []
    with pytest.raises(LookupError, match=str(stored_id)):
        store.load_history(stored_id)
    store.append(stored_id, record(2))  # it may still be training
    assert store.flush() and store.problem == ""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM steps").fetchone() == (0,)


def test_results_are_what_reports_and_exports_take(store):
    stored_id = begin(store)
    store.append(stored_id, record(1))
    store.set_status(stored_id, Status.STOPPED, "nobody was watching")
    store.flush()
    store.flush()
    comparison = store.runs()[0].comparison
    result = store.results(comparison)["DAPO"]
    assert (result.config, len(result.history), result.status, result.error) == (CONFIG, 1, "stopped", "nobody was watching")
    store.delete(comparison)
    assert list(store.results(comparison)) == ["DAPO"]
    with pytest.raises(LookupError, match="none such"):
        store.results("none such")


# The writer


def test_changes_are_committed_soon_without_being_asked(store, path):
    store.append(begin(store), record(1))
    began = time.monotonic()
    with closing(sqlite3.connect(path)) as connection:
        eventually(lambda: connection.execute("SELECT count(*) FROM steps").fetchone() == (1,))
    assert time.monotonic() - began < 5.0  # a quarter of a second on an idle machine


def test_many_updates_share_a_transaction(store, monkeypatch):
    commits = []
    commit = writer.Writer._commit
    monkeypatch.setattr(writer.Writer, "_commit", lambda self, batch: (commits.append(len(batch)), commit(self, batch))[1])
    stored_id = begin(store)
    for update in range(1, 1001):
        store.append(stored_id, record(update))
    assert store.flush() and len(store.load_history(stored_id)) == 1000
    assert len(commits) < 50 and sum(commits) == 1002


def test_appending_from_many_threads_loses_nothing(store):
    ids = [begin(store, label=f"run {n}") for n in range(4)]
    threads = [threading.Thread(target=lambda i=i: [store.append(i, record(u)) for u in range(1, 101)]) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.flush()
    assert all(store.load_history(i).updates.tolist() == list(range(1, 101)) for i in ids)


def test_a_full_disk_is_reported_kept_in_memory_and_written_when_there_is_room(path, monkeypatch):
    pages = small_disk(monkeypatch, 40)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    store = Store(path)
    stored_id = begin(store)
    store.flush()
    for update in range(1, 2001):
        store.append(stored_id, record(update))
    assert not store.flush(timeout=0.3)
    assert "full" in store.problem and str(path) in store.problem
    assert len(store.load_history(stored_id)) == 0 or store.load_history(stored_id).updates[-1] < 2000
    store.append(stored_id, record(2001))
    pages.clear()
    assert store.flush(timeout=20.0) and store.problem == ""
    assert store.load_history(stored_id).updates.tolist() == list(range(1, 2002))
    assert store.close()


def test_a_locked_database_is_waited_for(path, monkeypatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.02)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    store = Store(path)
    stored_id = begin(store)
    store.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.append(stored_id, record(1))
        eventually(lambda: "locked" in store.problem)
        assert store.runs()[0].stored_id == stored_id  # reading goes on
    assert store.flush() and store.problem == "" and len(store.load_history(stored_id)) == 1
    assert store.close()


def test_memory_is_bounded_while_the_disk_is_full_and_the_loss_is_told(path, monkeypatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.0)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(writer, "MAX_WAITING", 5)
    store = Store(path)
    stored_id = begin(store)
    store.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for update in range(1, 9):
            store.append(stored_id, record(update))
        store.set_status(stored_id, Status.DONE)
        assert "3 updates could not be kept" in store.problem
    assert store.flush() and store.runs()[0].status == "done"
    assert store.load_history(stored_id).updates.tolist() == [1, 2, 3, 4, 5]
    store.close()


def test_closing_with_a_disk_that_stays_full_ends_and_says_so(path, monkeypatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.0)
    store = Store(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin(store)
        assert store.close(timeout=0.1) is False
    assert "locked" in store.problem
    store.append(1, record(1))
    assert "1 updates could not be kept" in store.problem


def test_closing_twice_is_closing_once_and_leaves_one_file(path):
    store = Store(path)
    begin(store)
    assert store.close() and store.close()
    assert os.listdir(path.parent) == [path.name]


# Other processes, and dead ones

CHILD = """
import sys, time
from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.serial import config_from_json

store = Store(sys.argv[1])
config = config_from_json(sys.argv[2])
manager = RunManager(store, max_active=1, grace_seconds=None)
comparison = manager.start({"DAPO": config, "waiting": config}, owner="ann", scenario="tiny")
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
    alive.sweep(path)
    assert not dead.exists() and alive.is_alive(path, mark.token)
    mark.release()
    mark.release()
    assert not alive.is_alive(path, mark.token) and not list(path.parent.iterdir())


# Files that are not ours, or not whole


def refused(path) -> str:
    with pytest.raises(StoreError) as caught:
        Store(path)
    assert str(path) in str(caught.value) and "; " in str(caught.value) and "\n" not in str(caught.value)
    assert not list(path.parent.glob("*.alive"))
    return str(caught.value)


@pytest.fixture
def version_1(path):
    """A history that the program wrote when its format was 1: a comparison of two finished runs of CONFIG with 6 updates, and a deleted
    one with a run that waits."""
    path.write_bytes((Path(__file__).parent / "history_version_1.sqlite").read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'distributions'").fetchall()
    return path


def contents(path) -> dict[str, list]:
    """Every row of the tables of format 1, but for what opening a history changes: the status of runs whose process is dead."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            "comparisons": connection.execute("SELECT * FROM comparisons ORDER BY id").fetchall(),
            "runs": connection.execute(
                "SELECT id, comparison, place, label, config, metrics, updates_total, created FROM runs ORDER BY id"
            ).fetchall(),
            "steps": connection.execute("SELECT * FROM steps ORDER BY run, number").fetchall(),
        }


def measured_in(path, label) -> list[dict[str, list[float]]]:
    """What the file says that a run of two seeds has measured, update by update, decoded by hand."""
    with closing(sqlite3.connect(path)) as connection:
        stored_id, names = connection.execute(
            "SELECT id, metrics FROM runs WHERE label = ? AND comparison = 'version-one'", (label,)
        ).fetchone()
        steps = connection.execute("SELECT measured, metrics FROM steps WHERE run = ? ORDER BY number", (stored_id,)).fetchall()
    out = []
    for measured, metrics in steps:
        present = [name for bit, name in enumerate(json.loads(names)) if measured >> bit & 1]
        out.append(dict(zip(present, struct.iter_unpack("<2f", metrics), strict=True)))
    return out


def test_a_history_of_format_1_is_brought_up_to_date_and_loses_nothing(version_1):
    before = contents(version_1)
    assert [len(rows) for rows in before.values()] == [2, 3, 12]
    store = Store(version_1)
    try:
        assert contents(version_1) == before
        results = store.results("version-one")
        for label, algorithm in (("GRPO", GRPO), ("DAPO", DAPO)):
            assert results[label].status == "done"
            assert results[label].config.algorithm == algorithm
            written = measured_in(version_1, label)
            assert len(written) == 6 and {"grad_norm", "entropy_nats", "eval_accuracy"} <= set(written[0])
            for row, metrics in enumerate(written):
                for name in METRIC_NAMES:
                    read = results[label].history.metric(name)[row]
                    np.testing.assert_array_equal(read, metrics.get(name, [np.nan] * 2), err_msg=f"{label} {name}")
            assert results[label].history.distributions() == []  # it had none
        stored_id = begin(store)
        for step in train(CONFIG):
            store.append(stored_id, step)
        store.flush()
        assert [update for update, _ in store.load_history(stored_id).distributions()] == [1, 12]
        assert store.undelete("thrown-away") is None and {r.comparison for r in store.runs(owner="bob")} == {"thrown-away"}
    finally:
        store.close()
    with closing(sqlite3.connect(version_1)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    Store(version_1).close()  # and once more, when there is nothing left to do


def test_a_migration_that_is_cut_short_changes_nothing(version_1, monkeypatch):
    monkeypatch.setattr(schema, "MIGRATIONS", {1: (*schema.MIGRATIONS[1], "CREATE TABLE runs (again)")})
    before = contents(version_1)
    with pytest.raises(StoreError):
        Store(version_1)
    monkeypatch.undo()
    assert contents(version_1) == before
    Store(version_1).close()


def test_a_newer_history_is_left_alone(path):
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    content = path.read_bytes()
    assert "newer" in refused(path) and "update this program" in refused(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    assert "another program" in refused(path)


def test_a_file_that_is_no_database_is_damaged(path):
    path.write_bytes(b"no database at all " * 500)
    assert "damaged" in refused(path) and "move the file away" in refused(path)


def test_damage_found_while_reading_is_the_same_error(path):
    store = Store(path)
    stored_id = begin(store)
    for update in range(1, 501):
        store.append(stored_id, record(update))
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 * 4 :] = b"\x5a" * (len(content) - 4096 * 4)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        damaged = Store(path)
        try:
            damaged.runs(), damaged.load_history(stored_id)
        finally:
            damaged.close()


def test_a_file_that_vanishes_is_told_and_not_made_anew(store, path):
    begin(store)
    store.flush()
    for file in path.parent.glob(f"{path.name[:7]}*"):
        if not file.name.endswith((".alive", "-journal")):
            file.unlink()
    with pytest.raises(StoreError, match="cannot be used"):
        store.runs()
    assert not path.exists()


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "file" / "history.sqlite")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"folder.*cannot be used"):
        Store(tmp_path / "folder")


def test_a_history_in_a_folder_that_is_not_there_makes_it(tmp_path):
    Store(tmp_path / "a" / "b.sqlite").close()
    assert (tmp_path / "a" / "b.sqlite").exists()


def test_a_lock_that_stays_keeps_a_store_from_opening(path, monkeypatch):
    Store(path).close()
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.02)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked" in refused(path)


def test_the_database_is_in_wal_mode_with_a_version_and_checked_references(store, path):
    begin(store)
    store.flush()
    with closing(schema.connect(path)) as connection:
        pragma = {n: connection.execute(f"PRAGMA {n}").fetchone()[0] for n in ("journal_mode", "user_version", "foreign_keys")}
        names = json.loads(connection.execute("SELECT metrics FROM runs").fetchone()[0])
    assert pragma == {"journal_mode": "wal", "user_version": schema.SCHEMA_VERSION, "foreign_keys": 1}
    assert tuple(names) == METRIC_NAMES


def test_a_status_is_one_of_seven_and_the_text_that_files_hold(store, path):
    stored_ids = {status: begin(store, label=status) for status in Status}
    for status, stored_id in stored_ids.items():
        store.set_status(stored_id, status)
    assert store.flush()
    with closing(sqlite3.connect(path)) as connection:
        assert dict(connection.execute("SELECT id, status FROM runs")) == {stored_ids[status]: status.value for status in Status}
    rows = {row.stored_id: row for row in store.runs()}
    assert all(rows[stored_id].status is status for status, stored_id in stored_ids.items())
    assert [status.name for status in Status if not status.finished] == ["QUEUED", "RUNNING", "PAUSED"]
    assert all((row.finished is not None) is row.status.finished for row in rows.values())


def test_a_status_that_this_version_does_not_know_counts_as_interrupted(store, path):
    begin(store)
    assert store.flush()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET status = 'levitating'")
    assert store.runs()[0].status is Status.INTERRUPTED


@pytest.mark.parametrize("broken", [object(), 2**80])
def test_a_statement_that_can_never_be_written_is_told_and_holds_up_nothing_behind_it(store, caplog, broken):
    store._writer.put([("UPDATE runs SET error = ?", (broken,))])
    stored_id = begin(store)
    assert store.flush() and store.runs()[0].stored_id == stored_id
    assert "1 updates could not be kept" in store.problem and "Traceback" in caplog.text


def test_a_writer_that_meets_an_error_tells_it_and_goes_on(store, monkeypatch, caplog):
    real, broken = store._writer._commit, threading.Event()

    def commit(statements):
        if broken.is_set():
            raise ZeroDivisionError("nobody foresaw this")
        real(statements)

    monkeypatch.setattr(store._writer, "_commit", commit)
    broken.set()
    stored_id = begin(store)
    assert not store.flush(0.05)
    eventually(lambda: "nobody foresaw this" in store.problem)
    assert "Traceback" in caplog.text
    broken.clear()
    assert store.flush() and [row.stored_id for row in store.runs()] == [stored_id]
    eventually(lambda: store.problem == "")


# Lists of many runs


OTHER = replace(CONFIG, first_seed=9)


def test_settings_of_listed_runs_are_plain_values_and_damaged_ones_none(store):
    comparison = store.add_comparison(owner="ann", scenario="tiny")
    first, second = (store.add_run(comparison, label, run) for label, run in zip("ab", (CONFIG, OTHER), strict=True))
    store.flush()
    found = {run.stored_id: run.settings for run in store.runs()}
    assert found.keys() == {first, second}
    assert found[first] == config_dict(CONFIG) | {"algorithm": {**config_dict(CONFIG)["algorithm"], "defects": []}}
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE runs SET config = ? WHERE id = ?", (config_to_json(CONFIG)[:-9], first))
    found = {run.stored_id: run.settings for run in store.runs()}
    assert found[first] is None and found[second]["first_seed"] == OTHER.first_seed


def test_only_what_was_deleted_can_be_removed_for_good(store):
    kept, gone = (store.add_comparison(owner="ann", scenario="tiny") for _ in range(2))
    stored_ids = [store.add_run(comparison, "x", OTHER) for comparison in (kept, gone)]
    store.flush()
    store.delete(gone)
    for comparison in (kept, gone):
        store.purge(comparison)
    assert [row.stored_id for row in store.runs()] == stored_ids[:1] and store.runs(deleted=True) == []
    with pytest.raises(LookupError):
        store.run(stored_ids[1])


def test_a_run_whose_settings_this_version_does_not_know_still_shows_what_it_measured(store, path):
    stored_id = begin(store)
    store.append(stored_id, record(1))
    assert store.flush()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET config = json_set(config, '$.of_a_later_version', 1)")
    with pytest.raises(ConfigError):
        _ = store.run(stored_id).config
    assert store.run(stored_id).settings["of_a_later_version"] == 1
    history = store.load_history(stored_id)
    assert history.seeds == CONFIG.seeds and history.metric("loss").tolist() == [[1.0, -1.0]]
