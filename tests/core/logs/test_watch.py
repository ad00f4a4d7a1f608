"""A growing log, watched: appended to, truncated, replaced, rotated, deleted, continued from a checkpoint; new runs in a folder."""

import json
import os
import shutil

import numpy as np
import pytest

from core.logs import Bounds, Watcher
from tests.core.logs.test_console import TRL, VERL


def row(step, **more):
    return json.dumps({"step": step, "reward": step / 10, "loss": 0.5, **more}) + "\n"


def rows(first, last, **more):
    return "".join(row(step, **more) for step in range(first, last + 1))


def steps(watcher):
    return [run.steps.tolist() for run in watcher.reading.runs]


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def replace(path, text):
    """Another file in its place, as an editor or a copying program does it."""
    other = path.with_name(".part")
    other.write_text(text)
    os.replace(other, path)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(rows(1, 3))
    return path


def test_rows_that_are_added_are_seen_and_nothing_is_said_of_what_did_not_change(log):
    watcher = Watcher(log)
    assert [len(run.steps) for run in watcher.poll().runs] == [3]
    assert watcher.poll().logs == {}
    append(log, rows(4, 5))
    (run,) = watcher.poll().runs
    assert run.steps.tolist() == [1, 2, 3, 4, 5] and run.series("reward_mean").tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert watcher.poll().logs == {}


def test_a_row_that_is_half_written_is_seen_when_it_is_whole(log):
    watcher = Watcher(log)
    watcher.poll()
    text = row(4)
    append(log, text[:9])
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3]]
    append(log, text[9:])
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4]]


def test_a_path_that_does_not_exist_yet_is_waited_for(tmp_path):
    watcher = Watcher(tmp_path / "later.jsonl")
    assert watcher.poll().logs == {}
    (tmp_path / "later.jsonl").write_text(row(1)[:5])
    assert watcher.poll().logs == {}
    (tmp_path / "later.jsonl").write_text(rows(1, 2))
    watcher.poll()
    assert steps(watcher) == [[1, 2]]


@pytest.mark.parametrize("put", [replace, lambda path, text: path.write_text(text)], ids=["replaced", "truncated"])
def test_a_log_that_begins_again_at_a_later_step_continues_from_a_checkpoint(log, put):
    watcher = Watcher(log)
    watcher.poll()
    put(log, rows(3, 6, kl=0.1))
    watcher.poll()
    (run,) = watcher.reading.runs
    assert run.steps.tolist() == [1, 2, 3, 4, 5, 6] and np.isnan(run.series("kl_base")).tolist() == [True] * 2 + [False] * 4


@pytest.mark.parametrize("put", [replace, lambda path, text: path.write_text(text)], ids=["replaced", "truncated"])
def test_a_log_that_begins_anew_is_another_run(log, put):
    watcher = Watcher(log)
    watcher.poll()
    put(log, rows(1, 2, kl=0.1))
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3], [1, 2]]


def test_a_log_that_is_written_anew_with_all_it_had_is_one_run(log):
    watcher = Watcher(log)
    watcher.poll()
    replace(log, rows(1, 5))
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4, 5]]


def test_a_log_that_was_cut_back_is_what_is_left_of_it(log):
    watcher = Watcher(log)
    watcher.poll()
    log.write_text(rows(1, 2))
    watcher.poll()
    assert steps(watcher) == [[1, 2]]


def test_a_rotated_log_goes_on_and_its_old_part_is_not_read_twice(log):
    watcher = Watcher(log.parent)
    watcher.poll()
    log.rename(log.with_suffix(".jsonl.1"))
    log.write_text(rows(4, 6))
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4, 5, 6]]


def test_a_deleted_log_takes_nothing_away_and_is_said_once(log):
    watcher = Watcher(log)
    watcher.poll()
    log.unlink()
    assert "cannot be read at present" in str(watcher.poll().notes[0]) and watcher.poll().notes == ()
    assert steps(watcher) == [[1, 2, 3]]
    log.write_text(rows(1, 3) + rows(4, 4))
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4]]


def test_a_disk_that_fails_for_a_while_takes_nothing_away(log, monkeypatch):
    watcher = Watcher(log)
    watcher.poll()
    append(log, row(4))
    stat = os.stat

    def failing(path, *args, **kwargs):
        if os.fspath(path) == str(log):
            raise OSError(116, "Stale file handle")
        return stat(path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", failing)
        watcher.poll()
    assert steps(watcher) == [[1, 2, 3]]
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4]]


def test_a_large_file_is_read_in_several_looks(log, monkeypatch):
    monkeypatch.setattr("core.logs.follow.MOST_BYTES", 100)
    log.write_text(rows(1, 20))
    watcher = Watcher(log)
    first = len(watcher.poll().runs[0].steps)
    assert first < 5
    for _ in range(40):
        watcher.poll()
    assert steps(watcher) == [list(range(1, 21))]


def test_a_console_is_followed_line_by_line(tmp_path):
    path = tmp_path / "out.log"
    path.write_text("loading\n" + VERL.format(1) + "\n")
    watcher = Watcher(path)
    watcher.poll()
    assert steps(watcher) == [[1]]  # the line may go on, and is shown already
    append(path, VERL.format(2)[:200])
    watcher.poll()
    append(path, VERL.format(2)[200:] + "\ntalk\n" + TRL.format(3) + "\n")
    watcher.poll()
    (run,) = watcher.reading.runs
    assert run.steps.tolist() == [1, 2] and run.series("entropy_nats").tolist() == [0.1, 0.2]


def test_a_table_is_followed(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("step,reward,loss\n1,0.5,0.1\n")
    watcher = Watcher(path)
    watcher.poll()
    append(path, "2,0.6,0.1\n3,0.")
    watcher.poll()
    append(path, "7,0.1\n")
    watcher.poll()
    assert watcher.reading.runs[0].series("reward_mean").tolist() == [0.5, 0.6, 0.7]


def state(last, **more):
    history = [{"step": step, "reward": step / 10, "loss": 0.1, "kl": 0.0} for step in range(1, last + 1)]
    return json.dumps({"global_step": last, "log_history": history, **more}, indent=1)


def test_the_state_of_the_newest_checkpoint_is_followed(tmp_path):
    for last in (2, 4):
        folder = tmp_path / "out" / f"checkpoint-{last}"
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text(state(last))
        os.utime(folder / "trainer_state.json", (last, last))
    watcher = Watcher(tmp_path)
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4]]
    new = tmp_path / "out" / "checkpoint-6"
    new.mkdir()
    (new / "trainer_state.json").write_text(state(6)[:150])
    watcher.poll()
    (new / "trainer_state.json").write_text(state(6))
    shutil.rmtree(tmp_path / "out" / "checkpoint-2")
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4, 5, 6]]


def test_a_small_state_without_a_line_break_is_followed_once_it_is_whole(tmp_path):
    one_line = json.dumps(json.loads(state(3)))
    (tmp_path / "trainer_state.json").write_text(one_line[:-1])
    watcher = Watcher(tmp_path)
    watcher.poll()
    assert steps(watcher) == []
    (tmp_path / "trainer_state.json").write_text(one_line)
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3]]


def test_a_state_that_is_half_written_leaves_what_was_read(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(state(5))
    watcher = Watcher(path)
    watcher.poll()
    path.write_text(state(9)[:200])
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4, 5]]
    path.write_text(state(9))
    watcher.poll()
    assert steps(watcher) == [list(range(1, 10))]


def test_new_runs_in_a_folder_are_found_and_what_is_no_log_is_passed_over(tmp_path):
    (tmp_path / "README.md").write_text("step one: read this\n")
    watcher = Watcher(tmp_path)
    assert watcher.poll() == watcher.poll()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "metrics.jsonl").write_text(rows(1, 2))
    assert list(watcher.poll().logs) == ["a/metrics.jsonl"]
    (tmp_path / "b.log").write_text("loading\n")
    assert watcher.poll().logs == {}
    append(tmp_path / "b.log", TRL.format(1) + "\n" + TRL.format(2) + "\n")
    changed = watcher.poll()
    assert list(changed.logs) == ["b.log"] and len(watcher.reading.runs) == 2


def test_what_is_beyond_the_bounds_is_not_kept(log):
    log.write_text(rows(1, 100))
    watcher = Watcher(log, Bounds(bytes=10**6, points=40))
    (run,) = watcher.poll().runs
    append(log, rows(101, 200))
    watcher.poll()
    assert len(run.steps) == 20 and steps(watcher) == [run.steps.tolist()]


def test_a_state_is_replaced_at_every_checkpoint_as_one_file(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(state(2))
    watcher = Watcher(path)
    watcher.poll()
    for last in (4, 6):
        replace(path, state(last))
        watcher.poll()
        assert steps(watcher) == [list(range(1, last + 1))]
    path.unlink()
    assert "cannot be read at present" in str(watcher.poll().notes[0]) and steps(watcher) == [list(range(1, 7))]
    path.write_text(state(3))  # continued from an earlier checkpoint
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3]]
