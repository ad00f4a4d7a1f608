"""What ends without a command: comparisons that nobody watches, or that stay paused."""

import gc
import time

import pytest

import core.runs.reaper
from core.analysis.result import Status
from core.runs import live
from core.runs.live import LiveComparison, LiveRun
from core.runs.manager import ManagerFull
from core.settings.limits import HOSTED, NONE, Limits
from tests.clocks import Clocks
from tests.core.runs.puppet import CONFIG, PATIENCE, eventually, runs, statuses
from tests.counted import Counted


def test_what_nobody_watches_is_stopped_and_what_somebody_watches_is_not(make, store, puppet):
    manager = make(grace_seconds=0.05, store=store)
    watched = manager.start(runs(1), owner="ann", scenario="tiny", viewer="v1")
    alone = manager.start(runs(2, 3), owner="ann", scenario="tiny")
    assert manager.wait(alone, PATIENCE) and statuses(manager, alone) == ["stopped", "stopped"]
    assert {run.error for run in manager.view(alone).runs.values()} == {"nobody was watching"}
    assert statuses(manager, watched) == ["running"] and manager.view(watched).viewers == 1
    manager.detach(watched, "v1")
    assert manager.wait(watched, PATIENCE) and statuses(manager, watched) == ["stopped"]
    assert store.flush() and {row.error for row in store.runs()} == {"nobody was watching"}


def test_paused_runs_are_stopped_as_well(make):
    manager = make(grace_seconds=0.05)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny", paused=True)
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["stopped"]


def test_leases_are_idempotent_and_one_viewer_is_enough(make):
    manager = make(grace_seconds=0.05)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny", viewer="v1")
    for viewer in ("v1", "v1", "v2"):
        manager.attach(comparison, viewer)
    manager.detach(comparison, "v1")
    manager.detach(comparison, "v1")
    manager.detach(comparison, "v3")
    assert manager.view(comparison).viewers == 1
    assert not manager.wait(comparison, 0.2)
    manager.detach(comparison, "v2")
    assert manager.wait(comparison, PATIENCE)


def test_coming_back_within_the_grace_keeps_the_run(make):
    manager = make(grace_seconds=0.15)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny", viewer="v1")
    longest = 0.0
    for _ in range(10):
        gone = time.monotonic()
        manager.detach(comparison, "v1")
        manager.attach(comparison, "v1")
        longest = max(longest, time.monotonic() - gone)
        stopped = manager.wait(comparison, 0.02)
    stopped = stopped or manager.wait(comparison, 0.2)
    assert not stopped or longest > 0.1  # a machine so busy that the viewer really was away


def test_without_a_grace_nothing_is_stopped(make):
    manager = make(grace_seconds=None)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny")
    manager.attach(comparison, "v")
    manager.detach(comparison, "v")
    assert not manager.wait(comparison, 0.05)


def test_garbage_is_collected_after_runs_and_never_while_one_is_active(make, puppet, monkeypatch):
    manager = make()
    collected, given_back = [], []
    monkeypatch.setattr(core.runs.reaper.gc, "collect", lambda: collected.append(manager._scheduler.active))
    monkeypatch.setattr(core.runs.reaper, "give_back", lambda: given_back.append(manager._scheduler.active))
    comparison = manager.start(runs(1, 2), owner="ann", scenario="tiny")
    puppet.give(1, 12)
    eventually(lambda: statuses(manager, comparison) == ["done", "running"])
    manager.attach(comparison, "v")
    manager.detach(comparison, "v")
    time.sleep(0.05)
    assert collected == []
    puppet.release_all()
    eventually(lambda: collected)
    eventually(lambda: given_back)
    assert collected == given_back == [0]
    assert gc.isenabled()


def test_what_is_paused_for_too_long_ends_with_a_tab_open_and_makes_room(make, puppet):
    manager = make(limits=Limits(paused_seconds=1, comparisons_per_visitor=2))
    held = [manager.start(runs(seed), owner="ann", scenario="tiny", viewer="tab", paused=True) for seed in (1, 2)]
    with pytest.raises(ManagerFull):
        manager.start(runs(3), owner="ann", scenario="tiny", viewer="tab")
    assert all(0 <= manager.view(comparison).paused_seconds < PATIENCE for comparison in held)
    assert all(manager.wait(comparison, PATIENCE) for comparison in held)
    for comparison, seed in zip(held, (1, 2), strict=True):
        run = manager.view(comparison).runs[f"run {seed}"]
        assert (run.status, run.error) == ("stopped", "this shared server ends what has been paused for 1 seconds")
    manager.start(runs(3), owner="ann", scenario="tiny", viewer="tab")


def test_whoever_goes_on_begins_the_time_of_a_pause_anew_and_at_home_there_is_no_end(make, puppet):
    hosted = LiveComparison("id", "ann", "tiny", [LiveRun("a", CONFIG, paused=True), LiveRun("b", CONFIG, paused=True)])
    a, b = hosted.runs.values()
    a.paused_since -= 1000.0
    assert hosted.paused_since == b.paused_since  # the last of its runs that was paused
    b.set_status(Status.RUNNING)
    assert hosted.paused_since is None
    b.set_status(Status.PAUSED)
    assert time.monotonic() - hosted.paused_since < PATIENCE
    before = hosted.paused_since
    hosted.forgive(3600.0, now=before + 3610.0)
    assert hosted.paused_since == before + 3600.0  # a host that slept
    hosted.forgive(3600.0, now=before + 3700.0)
    assert hosted.paused_since == before + 3700.0  # not in the future
    b.set_status(Status.DONE)
    assert hosted.paused_since == a.paused_since
    assert NONE.paused_seconds is None and HOSTED.paused_seconds == 900


def test_a_host_that_sleeps_while_the_reaper_works_stops_nothing(make, monkeypatch):
    """A suspension may begin at any moment, not only while the reaper waits."""
    clocks = Clocks(core.runs.reaper, live, monkeypatch=monkeypatch)

    def sleeps() -> None:
        clocks.monotonic += 3600.0 if clocks.monotonic < 10_000.0 else 0.0

    trims = Counted(sleeps)
    monkeypatch.setattr(core.runs.reaper, "give_back", trims)
    monkeypatch.setattr(core.runs.reaper, "TRIM_SECONDS", 0.01)
    manager = make(grace_seconds=60.0, limits=Limits(run_seconds=60, paused_seconds=60))
    paused = manager.start(runs(1), owner="ann", scenario="tiny", viewer="tab", paused=True)
    alone = manager.start(runs(2), owner="bob", scenario="tiny")
    trims.wait_for(5)
    assert statuses(manager, alone) == ["running"] and statuses(manager, paused) == ["paused"]
    assert clocks.monotonic > 10_000.0 and manager.view(paused).paused_seconds < 60.0
