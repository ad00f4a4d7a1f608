"""The writer: small transactions, and no loss while the disk is full or the file locked."""

import os
import sqlite3
import threading
import time
from contextlib import closing

from core.analysis.result import Status
from core.runs.store import schema, writer
from core.runs.store.store import Store
from tests.core.runs.store.made import begin, eventually, record
from tests.support import small_disk


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
