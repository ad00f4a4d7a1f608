"""The states that forks and replays start from: few, over the whole run, bounded in memory and on disk."""

import sqlite3
from dataclasses import fields, replace

import pytest
import torch

from core.engine.checkpoints import PER_RUN, Checkpoints, TrainerState, spacing
from core.engine.state_file import ROW_BYTES, StateFile
from core.engine.trainer import Trainer, state_after, train
from core.settings.scenarios import SCENARIOS

RUN = SCENARIOS["collapse"].runs(updates=64, replicas=3)["GRPO"]


def test_checkpoints_are_few_and_lie_over_the_run():
    checkpoints = Checkpoints()
    list(train(RUN, checkpoints=checkpoints))
    each = RUN.effective_updates_per_rollout
    one = state_after(RUN, each).nbytes
    assert spacing(RUN) == each  # eight rollouts
    assert checkpoints.nbytes == PER_RUN * one
    long = replace(RUN, updates=30 * each)
    checkpoints = Checkpoints()
    list(train(long, checkpoints=checkpoints))
    assert checkpoints.nbytes <= (PER_RUN + 1) * one
    assert checkpoints.nearest(long, 30 * each).update == 30 * each
    assert checkpoints.nearest(long, 17 * each).update == 16 * each
    assert checkpoints.nearest(long, each) is None and checkpoints.nearest(RUN, each) is None


def test_checkpoints_of_all_runs_are_bounded_and_the_oldest_go_first():
    one = state_after(RUN, 8).nbytes
    checkpoints = Checkpoints(max_bytes=2 * one)
    runs = [replace(RUN, learning_rate=rate) for rate in (1e-3, 2e-3, 3e-3)]
    trainers = [Trainer(run) for run in runs]
    for trainer in trainers:
        list(trainer.rollout())
        trainer.keep_state(checkpoints)
    assert checkpoints.nbytes == 2 * one
    assert [checkpoints.nearest(run, 8) is not None for run in runs] == [False, True, True]
    small = Checkpoints(max_bytes=one - 1)
    trainers[0].keep_state(small)
    assert small.nbytes == small.memory_nbytes == 0


def same(ours: TrainerState, theirs: TrainerState) -> bool:
    pairs = [(getattr(ours, field.name), getattr(theirs, field.name)) for field in fields(TrainerState)]
    generators = zip(*pairs.pop(), strict=True)
    return all(a.equal(b) if isinstance(a, torch.Tensor) else a == b for a, b in (*pairs, *generators))


def test_states_beyond_the_memory_lie_on_disk_and_come_back_bit_for_bit():
    one = state_after(RUN, 8).nbytes
    checkpoints, given, trainer = Checkpoints(memory_bytes=2 * one), {}, Trainer(RUN)
    while not trainer.is_over:
        list(trainer.rollout())
        given[trainer.update] = trainer.state()
        trainer.keep_state(checkpoints)
        assert checkpoints.memory_nbytes <= 2 * one
    assert checkpoints.memory_nbytes == 2 * one and checkpoints.nbytes == PER_RUN * one
    for update, state in given.items():
        found = checkpoints.nearest(RUN, update)
        assert found.update == update and same(found, state)


def test_a_state_that_the_disk_has_lost_is_none_and_an_earlier_or_later_one_is_found(monkeypatch):
    one = state_after(RUN, 8).nbytes
    checkpoints = Checkpoints(memory_bytes=one)
    list(train(replace(RUN, updates=32), checkpoints=checkpoints))
    run = replace(RUN, updates=32)
    checkpoints._file._connection.execute("DELETE FROM states WHERE key = 2")  # of update 16
    assert checkpoints.nearest(run, 16).update == 8
    assert checkpoints.nbytes == 3 * one  # and it counts no more
    assert checkpoints.nearest(run, 32).update == 32


def test_dropped_states_free_their_space_on_disk():
    one = state_after(RUN, 8).nbytes
    checkpoints = Checkpoints(max_bytes=8 * one, memory_bytes=0)
    for rate in (1e-3, 2e-3):  # 16 states, of which 8 are kept
        list(train(replace(RUN, learning_rate=rate), checkpoints=checkpoints))
    (count,) = checkpoints._file._connection.execute("SELECT count(*) FROM states").fetchone()
    assert count == 8 == checkpoints.nbytes / one
    (pages,), (size,) = (
        checkpoints._file._connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
    )
    assert pages * size < 1.5 * 9 * one


class FullDisk:
    """A connection to a disk that takes nothing more, once `full`."""

    full = False

    def __init__(self, *args, **options):
        self._real = connect(*args, **options)

    def execute(self, sql, *parameters):
        if FullDisk.full and sql.startswith("INSERT"):
            raise sqlite3.OperationalError("database or disk is full")
        return self._real.execute(sql, *parameters)

    def close(self):
        self._real.close()


connect = sqlite3.connect


def test_a_full_disk_loses_states_and_nothing_else(monkeypatch):
    monkeypatch.setattr(sqlite3, "connect", FullDisk)
    monkeypatch.setattr(FullDisk, "full", False)
    file = StateFile()
    first = file.put([torch.arange(3), 7])
    FullDisk.full = True
    assert file.put([torch.zeros(1)]) is None
    FullDisk.full = False
    again = file.put([torch.ones(2)])
    assert file.get(first) is None  # not what was put under a key of the new file
    assert file.get(again)[0].tolist() == [1.0, 1.0]
    file.drop(again)
    file.drop(first)
    assert file.get(again) is None


@pytest.mark.parametrize("numbers", [1, 100_000, ROW_BYTES // 4, 3 * ROW_BYTES // 4 + 1])
def test_a_state_is_the_same_in_however_many_rows_it_lies(numbers):
    file = StateFile()
    values = [torch.randn(numbers), 7, torch.arange(5), (torch.ones(2, 3),)]
    other, key = file.put([torch.zeros(3)]), file.put(values)
    found = file.get(key)
    assert torch.equal(found[0], values[0]) and found[1] == 7 and torch.equal(found[3][0], values[3][0])
    rows = file._connection.execute("SELECT length(content) FROM states WHERE key = ?", (key,)).fetchall()
    sizes = [size for (size,) in rows]
    assert max(sizes) <= ROW_BYTES and len(sizes) <= sum(sizes) // ROW_BYTES + 3  # what lies before and after a large tensor
    file.drop(key)
    assert file.get(key) is None and file.get(other)[0].tolist() == [0.0] * 3


def test_a_disk_that_fills_up_in_the_middle_of_a_state_keeps_nothing_of_it(monkeypatch):
    class FullAfterOneRow(FullDisk):
        def execute(self, sql, *parameters):
            FullDisk.full = sql.startswith("INSERT") and self._real.execute("SELECT count(*) FROM states").fetchone()[0] == 1
            return super().execute(sql, *parameters)

    monkeypatch.setattr(sqlite3, "connect", FullAfterOneRow)
    monkeypatch.setattr(FullDisk, "full", False)
    file = StateFile()
    assert file.put([torch.zeros(ROW_BYTES)]) is None  # four rows
    FullDisk.full = False
    assert file._opened().execute("SELECT count(*) FROM states").fetchone() == (0,)
