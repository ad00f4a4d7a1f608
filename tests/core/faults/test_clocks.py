"""A host that sleeps and wakes, and a wall clock that is set: nobody's run is stopped or removed for it, and the order stays."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from core.analysis.result import Status
from core.runs import clock, live, reaper
from core.runs.clock import JUMP_SECONDS, STEADY_SECONDS, WallClock, slept
from core.runs.live import LiveComparison, LiveRun
from core.runs.manager import RunManager
from core.runs.store import store as store_module
from core.runs.store.store import Store
from core.settings.limits import Limits
from core.settings.serial import config_to_json
from tests.clocks import Clocks
from tests.counted import Counted
from tests.processes import PATIENCE, TORCH, child, eventually
from tests.support import TINY_RUN

YEAR = 365 * 24 * 3600.0


# A host that sleeps

FROZEN = f"""{TORCH}
import json, sys, time
from dataclasses import replace
from core.runs import reaper
from core.runs.manager import RunManager
from core.settings.limits import Limits
from core.settings.serial import config_from_json
from tests.unhurried import unhurried

reaper.HEARTBEAT_SECONDS = 0.1
manager = RunManager(max_active=2, grace_seconds=1.5, limits=Limits(run_seconds=2), train=unhurried)
config = config_from_json(sys.argv[1])
warm = manager.start({{"a": replace(config, updates=4)}}, owner="ann", scenario="tiny", viewer="tab")
manager.wait(warm, 30)  # the first updates of a process are slow, and would count as training
left = manager.start({{"a": config}}, owner="ann", scenario="tiny", viewer="tab")
watched = manager.start({{"a": config}}, owner="bob", scenario="tiny", viewer="other tab")
while not all(manager.view(c).runs["a"].updates for c in (left, watched)):
    time.sleep(0.01)
manager.detach(left, "tab")
print("away", flush=True)
sys.stdin.readline()
time.sleep(0.3)
print(json.dumps([manager.view(c).runs["a"].status for c in (left, watched)]), flush=True)
manager.attach(left, "tab")
manager.wait(left, 30)
print(json.dumps([(r.status, r.error) for r in manager.view(left).runs.values()]), flush=True)
"""


def test_a_program_that_was_frozen_longer_than_the_grace_and_the_limit_goes_on_where_it_was():
    with child(FROZEN, config_to_json(replace(TINY_RUN, updates=240_000))) as process:
        assert process.stdout.readline() == "away\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.7)  # more than the grace of 1.5 s and the limit of 2 s
        process.send_signal(signal.SIGCONT)
        process.stdin.write("awake\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == ["running", "running"]
        # Time that it really trains still counts.
        assert json.loads(process.stdout.readline()) == [["stopped", "this shared server lets a run train for 2 seconds"]]


def test_a_busy_machine_is_not_a_sleeping_one():
    assert slept(5.0, 5.4) == 0.0 and slept(5.0, 1.0) == 0.0
    assert slept(5.0, 3605.0) == 3600.0


def test_a_sleep_is_forgiven_to_who_was_away_and_to_what_was_training_and_never_more_than_that():
    run = LiveRun("a", TINY_RUN, paused=False)
    comparison = LiveComparison("id", "ann", "tiny", [run])
    run.take_slot()
    away = comparison.alone_since
    comparison.forgive(3600.0, now=away + 3610.0)
    assert comparison.alone_since == away + 3600.0
    comparison.forgive(3600.0, now=away + 3700.0)
    assert comparison.alone_since == away + 3700.0  # not in the future
    assert run.trained_seconds(time.monotonic()) <= 0.0
    run.leave_slot()
    comparison.attach("tab")
    comparison.forgive(3600.0, now=away)
    assert comparison.alone_since is None


# A wall clock that is set


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.sqlite")
    yield made
    made.close()


@pytest.mark.parametrize("jump", [YEAR, -YEAR, -3600.0, 90.0])
def test_the_newest_run_stays_the_first_of_the_list_whatever_the_clock_says(store, monkeypatch, jump):
    first = store.add_comparison(owner="ann", scenario="tiny")
    store.add_run(first, "a", TINY_RUN)
    clocks = Clocks(store_module, monkeypatch=monkeypatch)
    clocks.wall = jump
    second = store.add_comparison(owner="ann", scenario="tiny")
    stored_id = store.add_run(second, "a", TINY_RUN)
    clocks.wall = 0.0
    third = store.add_comparison(owner="ann", scenario="tiny")
    store.add_run(third, "a", TINY_RUN)
    store.set_status(stored_id, Status.DONE)
    store.flush()
    assert [row.comparison for row in store.runs()] == [third, second, first]


@pytest.mark.parametrize("jump", [pytest.param(YEAR, marks=pytest.mark.thorough), -YEAR])
def test_a_run_trains_to_its_end_while_the_clock_jumps_and_no_time_is_negative(store, monkeypatch, jump):
    clocks = Clocks(live, store_module, monkeypatch=monkeypatch)
    with RunManager(store, max_active=1, grace_seconds=60.0) as manager:
        comparison = manager.start({"a": replace(TINY_RUN, updates=150)}, owner="ann", scenario="tiny")
        eventually(lambda: manager.view(comparison).runs["a"].updates > 5)
        clocks.wall = jump
        assert manager.wait(comparison, PATIENCE)
        view = manager.view(comparison).runs["a"]
        assert (view.status, view.updates) == ("done", 150) and view.updates_per_second > 0
        seconds = manager.history(comparison, "a").wall_seconds
        assert seconds[0] >= 0 and (seconds[1:] >= seconds[:-1]).all() and seconds[-1] < PATIENCE
    assert store.load_history(store.runs()[0].stored_id).updates[-1] == 150


@pytest.mark.parametrize("jump", [YEAR, -YEAR, 2 * JUMP_SECONDS])
def test_after_a_jump_the_clock_is_believed_again_when_it_was_steady_for_an_hour(monkeypatch, jump):
    clocks = Clocks(clock, monkeypatch=monkeypatch)
    wall = WallClock()

    def passes(seconds: float) -> bool:
        clocks.wall += seconds
        clocks.monotonic += seconds
        return wall.now() is not None

    assert passes(0.0) and passes(10 * STEADY_SECONDS)
    clocks.wall += jump
    assert not passes(0.0) and not passes(STEADY_SECONDS - 10.0)
    assert passes(20.0)
    clocks.wall += JUMP_SECONDS / 2  # what a correction may do
    assert passes(0.0)


@contextmanager
def three_days_kept(store, monkeypatch) -> Iterator[None]:
    """A shared server that keeps results for three days and looks for older ones all the time. It has one, of a finished run."""
    monkeypatch.setattr(reaper, "DEAD_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(reaper, "HEARTBEAT_SECONDS", 0.02)
    with RunManager(store, max_active=1, grace_seconds=None, limits=Limits(retention_hours=72)) as manager:
        comparison = manager.start({"a": TINY_RUN}, owner="ann", scenario="tiny")
        assert manager.wait(comparison, PATIENCE) and store.flush()
        yield


def test_results_outlive_a_jump_of_the_clock_past_the_retention(store, monkeypatch):
    clocks = Clocks(clock, store_module, monkeypatch=monkeypatch)
    looks = Counted(store.mark_interrupted)
    monkeypatch.setattr(store, "mark_interrupted", looks)

    def after_two_looks() -> int:
        looks.wait_for(3)
        store.flush()
        return len(store.runs())

    with three_days_kept(store, monkeypatch):
        clocks.wall = YEAR
        assert after_two_looks() == 1
        clocks.monotonic += STEADY_SECONDS + 1  # a year has passed, as far as anybody can tell
        clocks.wall += STEADY_SECONDS + 1
        assert after_two_looks() == 0


def test_results_outlive_a_clock_that_is_set_while_old_runs_are_looked_for(store, monkeypatch):
    """After the clock was found steady and before anything is removed."""
    clocks = Clocks(clock, store_module, monkeypatch=monkeypatch)
    real = store.mark_interrupted

    def jumps() -> None:
        real()
        clocks.wall = YEAR

    with three_days_kept(store, monkeypatch):
        looks = Counted(jumps)
        monkeypatch.setattr(store, "mark_interrupted", looks)
        looks.wait_for(2)
    assert len(store.runs()) == 1
