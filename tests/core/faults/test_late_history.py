"""A history that cannot be opened when the server starts: everything works without it, and when it can be opened nothing is missing."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest

from core.engine.trainer import train
from core.runs import reaper
from core.runs.manager import RunManager, UnknownComparison
from core.runs.store import schema
from core.runs.store.store import Store, StoreError
from tests.processes import PATIENCE, eventually, locked
from tests.support import TINY_RUN


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(reaper, "HEARTBEAT_SECONDS", 0.05)


class Late:
    """What a server does that finds its history unusable."""

    def __init__(self, path):
        self.path, self.store, self.tries = path, None, 0

    def open(self) -> Store:
        self.tries += 1
        self.store = Store(self.path)
        return self.store


@pytest.fixture
def late(tmp_path):
    made = Late(tmp_path / "runs.sqlite")
    yield made
    if made.store is not None:
        made.store.close()


@pytest.fixture
def make(late):
    managers = []

    def build(**options) -> RunManager:
        managers.append(RunManager(None, open_store=late.open, max_active=2, grace_seconds=None, **options))
        return managers[-1]

    yield build
    for manager in managers:
        manager.shutdown()


def same_as(history, records) -> bool:
    """Bit for bit as the history keeps it."""
    return history.updates.tolist() == [r.update for r in records] and all(
        np.array_equal(kept.metrics[n], r.metrics[n].astype("f4"), equal_nan=True)
        for kept, r in zip(history.after(-1), records, strict=True)
        for n in r.metrics
    )


def test_a_lock_that_outlasts_the_patience_keeps_nobody_from_training_and_loses_nothing(late, make):
    Store(late.path).close()
    with locked(late.path):
        with pytest.raises(StoreError, match="is locked by another program; end that program, or try again"):
            Store(late.path)
        manager = make()
        comparison = manager.start({"a": TINY_RUN, "b": TINY_RUN}, owner="ann", scenario="tiny")
        assert manager.wait(comparison, PATIENCE)
        assert [run.status for run in manager.view(comparison).runs.values()] == ["done"] * 2
        with pytest.raises(UnknownComparison):
            manager.view("of the history")
        eventually(lambda: late.tries > 1)
        assert late.store is None
    eventually(lambda: late.store is not None and len(late.store.runs()) == 2)
    assert late.store.flush()
    rows = late.store.runs(owner="ann")
    assert [(row.comparison, row.label, row.status, row.updates) for row in rows] == [
        (comparison, label, "done", TINY_RUN.updates) for label in "ab"
    ]
    assert same_as(late.store.load_history(rows[0].stored_id), list(train(TINY_RUN)))


def test_a_run_that_is_under_way_is_caught_up_and_goes_on_in_the_history(late, make):
    late.path.write_bytes(b"no database at all " * 500)
    half, go = threading.Event(), threading.Event()

    def held(config, **options):
        for record in train(config, **options):
            if record.update == 6:
                half.set()
                assert go.wait(PATIENCE)
            yield record

    manager = make(train=held)
    comparison = manager.start({"a": TINY_RUN}, owner="ann", scenario="tiny")
    assert half.wait(PATIENCE)
    eventually(lambda: late.tries > 1)
    late.path.unlink()  # as the message says: move the file away
    eventually(lambda: late.store is not None and [row.updates for row in late.store.runs()] == [5])
    assert late.store.runs()[0].status == "running"
    go.set()
    assert manager.wait(comparison, PATIENCE) and late.store.flush()
    row = late.store.runs()[0]
    assert row.status == "done" and same_as(late.store.load_history(row.stored_id), list(train(TINY_RUN)))
    tries = late.tries
    manager.start({"a": TINY_RUN}, owner="ann", scenario="tiny")
    assert late.store.flush() and len(late.store.runs()) == 2 and late.tries == tries


def test_a_run_that_failed_meanwhile_keeps_its_reason(late, make):
    late.path.mkdir()

    def failing(config, **options):
        yield from islice(train(config, **options), 2)  # update 0 and the first
        raise ValueError("out of luck")

    manager = make(train=failing)
    comparison = manager.start({"a": TINY_RUN}, owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE)
    late.path.rmdir()
    eventually(lambda: late.store is not None and late.store.runs() and late.store.runs()[0].updates == 1)
    assert late.store.flush()
    row = late.store.runs()[0]
    assert (row.status, row.error) == ("failed", "out of luck") and "Traceback" in row.traceback


def test_without_a_way_to_open_one_none_is_looked_for(make, late):
    with RunManager(None, grace_seconds=None) as manager:
        comparison = manager.start({"a": TINY_RUN}, owner="ann", scenario="tiny")
        assert manager.wait(comparison, PATIENCE)
    assert late.tries == 0
