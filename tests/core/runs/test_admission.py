"""Bounds on what is held, and what is removed first."""

import pytest

from core.runs.manager import ManagerFull
from core.settings.fields import ConfigError
from tests.core.runs.puppet import PATIENCE, eventually, runs, statuses


def test_finished_comparisons_are_forgotten_but_for_the_last_and_stay_in_the_store(make, puppet, store):
    manager = make(keep_finished=2, store=store)
    puppet.release_all()
    ids = []
    for seed in range(5):
        ids.append(manager.start(runs(seed), owner="ann", scenario="tiny"))
        assert manager.wait(ids[-1], PATIENCE)
    eventually(lambda: manager.comparisons("ann") == ids[:2:-1])
    assert store.flush()
    view = manager.view(ids[0])
    assert view.finished and view.scenario == "tiny"
    assert (view.runs["run 0"].status, view.runs["run 0"].updates, view.runs["run 0"].total) == ("done", 12, 12)
    assert manager.history(ids[0], "run 0").metric("loss").tolist() == [[0, update] for update in range(1, 13)]
    assert [record.update for record in manager.since(ids[0], "run 0", 10)] == [11, 12]
    assert manager.results(ids[0])["run 0"].config == runs(0)["run 0"]
    assert manager.wait(ids[0], 0)
    again = manager.reset(ids[0])
    assert manager.wait(again, PATIENCE) and manager.comparisons("ann")[0] == again
    with pytest.raises(KeyError):
        manager.history(ids[1], "no such label")


def test_what_somebody_looks_at_is_forgotten_last(make, puppet):
    manager = make(keep_finished=1)
    puppet.release_all()
    first = manager.start(runs(1), owner="ann", scenario="tiny")
    manager.attach(first, "v")
    assert manager.wait(first, PATIENCE)
    for seed in (2, 3):
        assert manager.wait(manager.start(runs(seed), owner="ann", scenario="tiny"), PATIENCE)
    eventually(lambda: manager.comparisons("ann") == [first])


def test_there_is_a_bound_on_unfinished_runs_in_all_and_of_one_owner(make, puppet):
    manager = make(max_unfinished=5, max_per_owner=3)
    first = manager.start(runs(1, 2), owner="ann", scenario="tiny")
    with pytest.raises(ManagerFull, match=r"2 runs of one person.*2 more.*3; stop some or wait"):
        manager.start(runs(3, 4), owner="ann", scenario="tiny")
    manager.start(runs(3, 4), owner="bob", scenario="tiny")
    with pytest.raises(ManagerFull, match="4 runs on this server"):
        manager.start(runs(5, 6), owner="cy", scenario="tiny")
    assert len(manager.comparisons("cy")) == 0
    puppet.give(1, 12)
    puppet.give(2, 12)
    assert manager.wait(first, PATIENCE)
    manager.start(runs(5, 6), owner="ann", scenario="tiny")


def test_memory_is_bounded_by_updates_times_seeds_and_finished_runs_make_room(make, puppet):
    manager = make(max_seed_updates=60)  # a run has 12 x 2 = 24
    with pytest.raises(ManagerFull, match="at most 60, and would be 72; choose fewer updates or seeds"):
        manager.start(runs(1, 2, 3), owner="ann", scenario="tiny")
    first = manager.start(runs(1), owner="ann", scenario="tiny")
    second = manager.start(runs(2), owner="ann", scenario="tiny")
    with pytest.raises(ManagerFull):
        manager.start(runs(3), owner="ann", scenario="tiny")
    puppet.give(1, 12)
    assert manager.wait(first, PATIENCE)
    third = manager.start(runs(3), owner="ann", scenario="tiny")
    assert manager.comparisons("ann") == [third, second]


def test_a_reset_finds_room_for_itself(make, puppet):
    manager = make(max_seed_updates=30, max_unfinished=1)
    first = manager.start(runs(1), owner="ann", scenario="tiny")
    eventually(lambda: puppet.order == [1])
    second = manager.reset(first)
    assert manager.wait(first, PATIENCE)  # or the second may be over first, and make room for it
    puppet.release_all()
    assert manager.wait(second, PATIENCE) and statuses(manager, second) == ["done"]
    eventually(lambda: manager.comparisons("ann") == [second])


def test_nothing_to_run_is_refused(make):
    with pytest.raises(ConfigError, match="at least one run"):
        make().start({}, owner="ann", scenario="tiny")
