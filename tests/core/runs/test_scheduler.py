"""Which runs train: slots and turns, pauses, steps and stops."""

import os
import threading
import time
from dataclasses import replace

import pytest
import torch

from core.engine.trainer import train
from core.runs.manager import UnknownComparison
from core.settings.algorithm import DAPO
from tests.core.runs.puppet import CONFIG, PATIENCE, eventually, positions, runs, same, statuses, updates


def test_no_more_runs_train_than_there_are_slots_and_positions_are_true(make, puppet):
    manager = make()
    comparison = manager.start(runs(1, 2, 3, 4), owner="ann", scenario="tiny")
    eventually(lambda: sorted(puppet.order) == [1, 2])
    assert statuses(manager, comparison) == ["running", "running", "queued", "queued"]
    assert positions(manager, comparison) == [None, None, 1, 2]
    puppet.give(2, 12)
    eventually(lambda: sorted(puppet.order[:2]) == [1, 2] and puppet.order[2:] == [3])
    assert statuses(manager, comparison) == ["running", "done", "running", "queued"]
    assert positions(manager, comparison) == [None, None, None, 1]
    puppet.release_all()
    assert manager.wait(comparison, PATIENCE)


def test_the_default_number_of_slots_is_the_number_of_cores(make, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    manager = make(max_active=None)
    comparison = manager.start(runs(*range(5)), owner="ann", scenario="tiny")
    assert statuses(manager, comparison).count("running") == 3


def test_people_take_turns_and_what_is_compared_starts_together(make, puppet):
    manager = make()
    first, second, third = (manager.start(runs(n, n + 1), owner="ann", scenario="tiny") for n in (10, 20, 30))
    bobs = manager.start(runs(40, 41), owner="bob", scenario="tiny")
    cys = manager.start(runs(50), owner="cy", scenario="tiny")
    assert statuses(manager, first) == ["running", "running"]
    assert [positions(manager, c) for c in (bobs, cys, second, third)] == [[1, 2], [3], [4, 5], [6, 7]]
    for number in (10, 11):
        puppet.give(number, 12)
    eventually(lambda: len(puppet.order) == 4)  # who begins next, before any of these can end
    assert set(puppet.order) == {10, 11, 40, 41}
    puppet.release_all()
    assert all(manager.wait(c, PATIENCE) for c in (first, second, third, bobs, cys))
    assert set(puppet.order) == {10, 11, 20, 21, 30, 31, 40, 41, 50}


def test_a_single_slot_serves_in_exactly_the_order_that_positions_show(make, puppet):
    manager = make(max_active=1)
    owners = {10: "ann", 20: "ann", 30: "bob", 40: "cy", 50: "bob", 60: "ann"}
    ids = {n: manager.start(runs(n, n + 1, updates=1), owner=owner, scenario="tiny") for n, owner in owners.items()}
    place = {n + i: p for n, cid in ids.items() for i, p in enumerate(positions(manager, cid)) if p is not None}
    puppet.release_all()
    assert all(manager.wait(cid, PATIENCE) for cid in ids.values())
    assert puppet.order == [10, *sorted(place, key=place.get)] == [10, 11, 30, 31, 40, 41, 20, 21, 50, 51, 60, 61]


def test_a_paused_run_gives_its_slot_away_and_queues_in_front_of_its_owners_others(make, puppet):
    manager = make(max_active=1)
    first = manager.start(runs(1), owner="ann", scenario="tiny")
    second = manager.start(runs(2), owner="ann", scenario="tiny")
    third = manager.start(runs(3), owner="ann", scenario="tiny")
    manager.pause(first)
    puppet.give(1)
    eventually(lambda: statuses(manager, second) == ["running"])
    assert statuses(manager, first) == ["paused"] and positions(manager, third) == [1]
    manager.resume(first)
    assert statuses(manager, first) == ["queued"]
    assert (positions(manager, first), positions(manager, third)) == ([1], [2])
    puppet.give(2, 12)
    eventually(lambda: statuses(manager, first) == ["running"])
    puppet.release_all()
    assert manager.wait(third, PATIENCE) and manager.wait(first, PATIENCE)
    assert manager.history(first, "run 1").updates.tolist() == list(range(1, 13))


def test_torch_works_with_one_thread_in_every_run(make):
    seen = []

    def watched(config, **options):
        for record in train(config, **options):
            seen.append((torch.get_num_threads(), threading.current_thread().name))
            yield record

    torch.set_num_threads(2)
    manager = make(train=watched)
    assert manager.wait(manager.start(runs(1, 2), owner="ann", scenario="tiny"), PATIENCE)
    torch.set_num_threads(1)
    assert {threads for threads, _ in seen} == {1} and {name for _, name in seen} == {"run trainer 1", "run trainer 2"}


def test_pause_finishes_the_update_at_hand_and_then_holds_without_work(make, puppet):
    manager = make()
    comparison = manager.start(runs(1, 2), owner="ann", scenario="tiny")
    puppet.give(1, 3)
    eventually(lambda: updates(manager, comparison) == [3, 0])
    manager.pause(comparison)
    puppet.release_all()
    eventually(lambda: statuses(manager, comparison) == ["paused", "paused"])
    assert updates(manager, comparison) == [4, 1]
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1
    assert updates(manager, comparison) == [4, 1]
    manager.pause(comparison)
    manager.resume(comparison)
    assert manager.wait(comparison, PATIENCE) and updates(manager, comparison) == [12, 12]


def test_a_queued_run_is_paused_at_once_and_keeps_nobody_waiting(make, puppet):
    manager = make(max_active=1)
    first = manager.start(runs(1), owner="ann", scenario="tiny")
    second = manager.start(runs(2), owner="ann", scenario="tiny")
    third = manager.start(runs(3), owner="ann", scenario="tiny")
    manager.pause(second)
    assert (statuses(manager, second), positions(manager, third)) == (["paused"], [1])
    puppet.release_all()
    assert manager.wait(first, PATIENCE) and manager.wait(third, PATIENCE)
    assert statuses(manager, second) == ["paused"] and sorted(puppet.order) == [1, 3]
    manager.resume(second)
    assert manager.wait(second, PATIENCE)


def test_a_pause_taken_back_before_it_took_hold_is_none(make, puppet):
    manager = make()
    comparison = manager.start(runs(1), owner="ann", scenario="tiny")
    manager.pause(comparison)
    manager.resume(comparison)
    puppet.release_all()
    assert manager.wait(comparison, PATIENCE)


@pytest.mark.parametrize("max_active", [1, 3])
def test_step_makes_exactly_so_many_updates_of_every_run(make, puppet, max_active):
    manager = make(max_active=max_active)
    comparison = manager.start(runs(1, 2, 3), owner="ann", scenario="tiny", paused=True)
    puppet.release_all()
    assert statuses(manager, comparison) == ["paused"] * 3 and puppet.order == []
    expected = 0
    for steps in (1, 1, 3):
        manager.step(comparison, steps)
        expected += steps
        eventually(lambda: statuses(manager, comparison) == ["paused"] * 3)
        assert updates(manager, comparison) == [expected] * 3
    manager.step(comparison)
    manager.step(comparison, 2)  # asked for before the first is done, or after: three in all
    eventually(lambda: statuses(manager, comparison) == ["paused"] * 3)
    assert updates(manager, comparison) == [expected + 3] * 3
    manager.step(comparison, 100)
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["done"] * 3


def test_a_step_that_makes_the_last_update_finishes_the_run(make, puppet):
    manager = make()
    comparison = manager.start(runs(1, updates=4), owner="ann", scenario="tiny", paused=True)
    puppet.release_all()
    manager.step(comparison, 4)
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["done"]


def test_a_step_of_a_running_run_pauses_it_after_so_many(make, puppet):
    manager = make()
    comparison = manager.start(runs(1), owner="ann", scenario="tiny")
    puppet.give(1, 2)
    eventually(lambda: updates(manager, comparison) == [2])
    manager.step(comparison, 3)
    puppet.release_all()
    eventually(lambda: statuses(manager, comparison) == ["paused"])
    assert updates(manager, comparison) == [5]
    with pytest.raises(ValueError, match="at least 1, got 0"):
        manager.step(comparison, 0)


def test_stop_ends_running_paused_and_queued_runs_and_keeps_their_records(make, puppet):
    manager = make()
    paused = manager.start(runs(9), owner="ann", scenario="tiny")
    puppet.give(9)
    eventually(lambda: updates(manager, paused) == [1])
    manager.pause(paused)
    puppet.give(9)
    eventually(lambda: statuses(manager, paused) == ["paused"])
    comparison = manager.start(runs(1, 2, 3), owner="ann", scenario="tiny")
    puppet.give(1, 4)
    eventually(lambda: updates(manager, comparison)[0] == 4)
    manager.stop(comparison)
    manager.stop(paused)
    assert statuses(manager, comparison)[2] == "stopped" and statuses(manager, paused) == ["stopped"]
    assert manager.wait(comparison, PATIENCE) and set(statuses(manager, comparison)) == {"stopped"}
    assert 3 not in puppet.order
    assert len(manager.history(comparison, "run 1")) >= 4 and len(manager.history(paused, "run 9")) == 2
    for act in (manager.stop, manager.pause, manager.resume, manager.step):
        act(comparison)
    assert set(statuses(manager, comparison)) == {"stopped"}
    following = manager.start(runs(5, 6), owner="ann", scenario="tiny")
    assert statuses(manager, following) == ["running", "running"]  # both slots are free again


def test_reset_stops_and_starts_the_same_seeds_which_give_the_same_records(make):
    manager = make(train=train)
    longer = replace(CONFIG, updates=40, algorithm=DAPO)
    first = manager.start({"DAPO": longer}, owner="ann", scenario="tiny")
    manager.step(first, 5)
    eventually(lambda: statuses(manager, first) == ["paused"])
    second = manager.reset(first, viewer="v")
    assert manager.view(second).viewers == 1
    assert second != first and manager.wait(second, PATIENCE)
    assert statuses(manager, first) == ["stopped"] and statuses(manager, second) == ["done"]
    before, again = manager.history(first, "DAPO").after(0), manager.history(second, "DAPO").after(0)
    assert len(before) >= 5 and len(again) == 40
    assert all(same(a, b) for a, b in zip(before, again, strict=False))
    assert manager.comparisons("ann") == [second, first] and manager.view(second).scenario == "tiny"


def test_two_people_have_nothing_of_each_other_without_an_id(make):
    manager = make()
    mine = manager.start(runs(1), owner="ann", scenario="tiny")
    theirs = manager.start(runs(1), owner="bob", scenario="tiny")
    assert manager.comparisons("ann") == [mine] and manager.comparisons("bob") == [theirs]
    assert len(mine) >= 20 and mine != theirs
    manager.stop(mine)
    assert manager.wait(mine, PATIENCE) and statuses(manager, theirs) == ["running"]
    assert "bob" not in repr(manager.view(theirs))


def test_an_unknown_id_is_told_as_such(make, store):
    for manager in (make(), make(store=store)):
        for act in (manager.view, manager.pause, manager.resume, manager.step, manager.stop, manager.reset, manager.results):
            with pytest.raises(UnknownComparison, match="none such"):
                act("none such")
        manager.attach("none such", "v")
        manager.detach("none such", "v")
    with pytest.raises(KeyError):
        manager.history(manager.start(runs(1), owner="ann", scenario="tiny"), "no such label")
