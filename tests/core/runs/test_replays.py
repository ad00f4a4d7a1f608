"""Replays take a slot or borrow one, one at a time."""

import threading
import time

import pytest

from core.runs.manager import ManagerFull
from core.settings.limits import Limits
from tests.core.runs.puppet import PATIENCE, eventually, runs, statuses, updates


def test_a_replay_takes_a_free_slot_and_then_there_is_none_for_a_run(make, puppet):
    manager = make(max_active=1)
    with manager.replay_slot("ann"):
        comparison = manager.start(runs(1), owner="bob", scenario="tiny")
        assert statuses(manager, comparison) == ["queued"] and manager._scheduler.active == 1
    eventually(lambda: statuses(manager, comparison) == ["running"])
    puppet.release_all()
    assert manager.wait(comparison, PATIENCE)
    assert manager._scheduler.active == 0


def test_a_replay_borrows_the_slot_of_a_run_between_two_updates_and_the_run_goes_on_afterwards(make, puppet):
    manager = make(max_active=1)
    comparison = manager.start(runs(1), owner="bob", scenario="tiny")
    puppet.give(1)
    eventually(lambda: updates(manager, comparison) == [1])
    waited = []

    def on_wait():
        waited.append(1)
        puppet.give(1)  # the update after which it lends its slot

    with manager.replay_slot("ann", on_wait=on_wait):
        assert waited and manager._scheduler.active == 1 and statuses(manager, comparison) == ["running"]
        done = updates(manager, comparison)
        puppet.give(1, 3)
        assert not manager.wait(comparison, 0.05) and updates(manager, comparison) == done
    puppet.release_all()
    assert manager.wait(comparison, PATIENCE) and updates(manager, comparison) == [12]
    assert manager._scheduler.active == 0


def test_a_run_is_not_ended_for_the_time_in_which_its_slot_is_lent(make, puppet):
    """The reaper looks while the replay goes on, for which the run's own bound is far too short."""
    manager = make(max_active=1, limits=Limits(run_seconds=2))
    comparison = manager.start(runs(1), owner="bob", scenario="tiny")
    (run,) = manager._comparisons[comparison].runs.values()
    with manager.replay_slot("ann", on_wait=lambda: puppet.give(1)):
        before = run.trained_seconds(time.monotonic())
        run._slot_since = (
            None if run._slot_since is None else run._slot_since - 100.0
        )  # as if so much time had passed since it began
        manager._reaper._stop_overlong(time.monotonic())
        assert run.trained_seconds(time.monotonic()) == before and not run.ends
    puppet.release_all()
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["done"]


def test_who_ends_a_run_that_has_lent_its_slot_need_not_wait_for_the_replay(make, puppet):
    manager = make(max_active=1)
    comparison = manager.start(runs(1), owner="bob", scenario="tiny")
    with manager.replay_slot("ann", on_wait=lambda: puppet.give(1)):
        manager.stop(comparison)
        assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["stopped"]
        other = manager.start(runs(2), owner="bob", scenario="tiny")
        assert statuses(manager, other) == ["queued"] and manager._scheduler.active == 1
    eventually(lambda: statuses(manager, other) == ["running"])


def test_whoever_leaves_while_waiting_for_a_replay_leaves_no_place_behind(make, puppet):
    class Left(BaseException):
        pass

    def leave():
        raise Left

    manager = make(max_active=1)
    with manager.replay_slot("ann"):
        for _ in range(10):
            with pytest.raises(Left), manager.replay_slot("bob", on_wait=leave):
                pass
    with pytest.raises(Left), manager.replay_slot("bob"):
        raise Left
    with manager.replay_slot("bob", on_wait=leave):
        pass


def test_replays_are_one_at_a_time_in_turns_between_owners_and_bounded_for_each(make):
    manager = make(max_active=2)
    order, running = [], []

    def replay(owner):
        with manager.replay_slot(owner):
            running.append(owner)
            assert len(running) == 1
            order.append(running.pop())

    with manager.replay_slot("ann"):
        people = []
        for owner, already in (("ann", 2), ("ann", 3), ("bob", 1)):
            people.append(threading.Thread(target=replay, args=(owner,)))
            people[-1].start()
            eventually(lambda owner=owner, n=already: manager._scheduler._replays.count(owner) == n)
        people.append(threading.Thread(target=replay, args=("ann",)))
        people[-1].start()
        eventually(lambda: manager._scheduler._replays.count("ann") == 4)
        with pytest.raises(ManagerFull, match="4 replays of one person"), manager.replay_slot("ann"):
            pass
    for person in people:
        person.join(PATIENCE)
    assert order[0] == "bob" and sorted(order) == ["ann", "ann", "ann", "bob"]


def test_a_replay_on_a_shared_server_has_the_time_of_a_run(make, monkeypatch):
    manager = make(limits=Limits(run_seconds=7))
    with manager.replay_slot("ann") as check:
        check()
        later = time.monotonic() + 8
        monkeypatch.setattr("core.runs.replays.time.monotonic", lambda: later)
        with pytest.raises(TimeoutError, match=r"lets a replay train for 7 seconds; .*run it on your own machine"):
            check()
