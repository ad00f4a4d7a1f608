"""A place where nothing can be written: said in a sentence that names the place; reading what is there goes on."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.analysis.result import Status
from core.engine.trainer import train
from core.runs.store import writer
from core.runs.store.store import Store, StoreError
from tests.processes import eventually
from tests.support import TINY_RUN

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """The superuser may write everywhere: for a while this process, with all its threads, is nobody's."""
    if os.geteuid() != 0:
        yield
        return
    group = os.getegid()
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


@pytest.fixture
def folder():
    """A folder outside of pytest's own, which a pytest that begins beside this one closes to others again."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_a_folder_that_forbids_writing_is_told(folder):
    for place in (folder, *folder.parents):
        if os.access(place, os.W_OK) and place.stat().st_uid == os.getuid() and len(place.parts) > 2:
            place.chmod(place.stat().st_mode | 0o055)  # others may look, and not write
    folder.chmod(0o555)
    try:
        with without_privileges(), pytest.raises(StoreError) as told:
            Store(folder / "runs.sqlite")
    finally:
        folder.chmod(0o755)
    assert f"history {folder}/runs.sqlite: cannot be used" in str(told.value)
    assert "see that the file can be read and written" in str(told.value)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("place", ["file/runs.sqlite", "file/deeper/runs.sqlite", "folder", "x" * 300 + "/runs.sqlite"])
def test_a_path_that_cannot_be_a_file_is_told(tmp_path, place):
    (tmp_path / "file").write_text("a file and no folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"cannot be (opened|used) .*; (choose a path that can be written to|see that the file)"):
        Store(tmp_path / place)


def test_a_disk_that_becomes_read_only_keeps_what_is_there_readable(tmp_path, monkeypatch):
    store = Store(tmp_path / "runs.sqlite")
    stored_id = store.add_run(store.add_comparison(owner="ann", scenario="tiny"), "a", TINY_RUN, status=Status.RUNNING)
    records = list(train(TINY_RUN))
    for record in records[:5]:
        store.append(stored_id, record)
    assert store.flush()
    real = writer.connect

    def read_only(path, **options):
        connection = real(path, **options)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    with monkeypatch.context() as patch:
        patch.setattr(writer, "connect", read_only)
        store._writer._give_up_connection()  # as after any failure: the next write opens the file anew
        for record in records[5:]:
            store.append(stored_id, record)
        eventually(lambda: "readonly" in store.problem)
        assert store.load_history(stored_id).updates.tolist() == [0, 1, 2, 3, 4]
    assert store.flush() and store.problem == "" and store.load_history(stored_id).trained == TINY_RUN.updates
    assert store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
