"""Files of other versions, of other programs, damaged, or gone."""

import json
import sqlite3
import struct
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import Status
from core.engine.trainer import train
from core.runs.store import schema
from core.runs.store.store import Store, StoreError
from core.settings.algorithm import DAPO, GRPO
from tests.core.runs.store.made import CONFIG, begin, eventually, record


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
