"""Logs in the history: kept whole, corrected, deleted and brought back, removed by age and by size."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import numpy as np
import pytest

from core.logs import read_several, read_text
from core.logs.kept import Correction, DamagedLog, corrected, from_bytes, to_bytes
from core.runs.store.store import Store


def text(reward: float = 1.0) -> str:
    rows = [{"step": i, "reward": reward * i, "kl": "NaN" if i == 3 else 0.1, "mine": i} for i in range(5)]
    return "".join(json.dumps(row if row["step"] % 2 else row | {"eval_reward": 0.5}) + "\n" for row in rows)


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.sqlite")
    yield made
    made.close()


def test_bytes_give_back_all_that_was_read():
    read = read_several([("a.jsonl", text().encode()), ("b.jsonl", text(2).encode()), ("c", b"")])
    again = from_bytes(to_bytes(read))
    assert [str(s) for s in again.sentences] == [str(s) for s in read.sentences]
    for run, same in zip(read.runs, again.runs, strict=True):
        assert (run.name, run.file, run.format, run.framework, run.step_unit) == (
            same.name,
            same.file,
            same.format,
            same.framework,
            same.step_unit,
        )
        assert run.taken == same.taken and run.columns == same.columns and run.steps.tolist() == same.steps.tolist()
        for column in run.columns:
            np.testing.assert_array_equal(run.values(column), same.values(column))
        np.testing.assert_array_equal(run.series("eval_reward"), same.series("eval_reward"))


@pytest.mark.parametrize("damage", [lambda b: b[:40], lambda b: b"", lambda b: b"x" * 100, lambda b: b[:-30] + bytes(30)])
def test_damaged_bytes_are_one_error(damage):
    with pytest.raises(DamagedLog, match="read the file again"):
        from_bytes(damage(to_bytes(read_text(text()))))


def test_a_correction_of_what_is_not_there_is_left_out():
    read = read_text(text())
    (run,) = read.runs
    wrong = [
        Correction(run.file, run.name, "no", "loss"),
        Correction(run.file, run.name, "mine", "no"),
        Correction("x", "y", "mine", "loss"),
    ]
    assert corrected(read, wrong).runs == read.runs
    (other,) = corrected(read, [Correction(run.file, run.name, "mine", "accuracy", "percent")]).runs
    assert other.series("accuracy").tolist() == [0, 0.01, 0.02, 0.03, 0.04]


def test_a_log_is_listed_renamed_corrected_deleted_and_brought_back(store):
    log = store.logs.add("ann", "mine", read_text(text()))
    (row,) = store.logs.list("ann")
    assert (row.id, row.name, row.runs[0]["rows"], row.runs[0]["first"], row.runs[0]["last"]) == (log, "mine", 5, 0, 4)
    assert store.logs.list("bob") == []
    store.logs.rename(log, "other")
    run = store.logs.read(log).runs[0]
    store.logs.correct(log, [Correction(run.file, run.name, "mine", "loss")])
    row = store.logs.find(log)
    assert row.name == "other" and store.logs.corrected(row).runs[0].series("loss").tolist() == [0, 1, 2, 3, 4]
    store.logs.delete(log)
    assert store.logs.list("ann") == [] and [r.id for r in store.logs.list("ann", deleted=True)] == [log]
    with pytest.raises(LookupError, match="may have been deleted"):
        store.logs.find(log)
    store.logs.undelete(log)
    assert store.logs.find(log).deleted is None
    store.logs.purge(log)  # only what was deleted
    assert store.logs.find(log)


def test_old_logs_go_with_old_comparisons(store):
    log = store.logs.add("ann", "mine", read_text(text()))
    store.purge_finished(before=time.time() - 3600)
    store.flush()
    assert store.logs.find(log)
    store.purge_finished(before=time.time() + 1)
    store.flush()
    assert store.logs.list("ann") == []


def test_beyond_a_size_the_oldest_go(store):
    read = read_text(text())
    logs = [store.logs.add("ann", str(i), read) for i in range(3)]
    store.logs.purge_beyond(2 * len(to_bytes(read)) + 10)
    assert [row.id for row in store.logs.list("ann")] == logs[:0:-1]


def test_a_history_of_the_format_before_gets_the_table(tmp_path):
    path = tmp_path / "runs.sqlite"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE logs")
        connection.execute("PRAGMA user_version = 2")
    store = Store(path)
    assert store.logs.find(store.logs.add("ann", "mine", read_text(text())))
    store.close()
