"""The run manager: slots, turns, pauses, leases and ends, mostly with a training that goes only as far as the test lets it."""

import ast
import gc
import os
import sqlite3
import sys
import threading
import time
from collections import defaultdict
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import core.runs.reaper
from core.analysis.result import Status
from core.engine.trainer import train
from core.engine.types import StepRecord, TrainingDiverged
from core.runs.admission import Admission
from core.runs.live import LiveComparison, LiveRun
from core.runs.manager import ManagerFull, RunManager, UnknownComparison
from core.runs.store.store import Store
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.limits import HOSTED, NONE, Limits
from core.settings.run import Fork, RunConfig
from core.settings.task import ChainConfig
from tests.support import ARITHMETIC, small_run

PATIENCE = 30.0  # seconds for what takes milliseconds on an idle machine
CONFIG = RunConfig(
    task=ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4),
    replicas=2,
    updates=12,
    num_prompts=4,
    group_size=4,
    updates_per_rollout=4,
)


def eventually(holds, timeout: float = PATIENCE) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.002)


class Puppet:
    """A training that makes an update only when the test gives it one. Runs are told apart by their first seed."""

    def __init__(self):
        self.updates = defaultdict(lambda: threading.Semaphore(0))
        self.free = threading.Event()  # no more waiting
        self.order: list[int] = []  # first seeds of the runs in the order in which they began
        self.trouble: dict[int, BaseException] = {}  # first seed -> raised in place of the next update

    def give(self, seed: int, updates: int = 1) -> None:
        self.updates[seed].release(updates)

    def release_all(self) -> None:
        self.free.set()

    def __call__(self, config: RunConfig, *, should_stop, on_prepare, checkpoints, change):
        seed = config.first_seed
        self.order.append(seed)
        for update in range(1, config.updates + 1):
            while not (self.free.is_set() or should_stop() or self.updates[seed].acquire(timeout=0.01)):
                pass
            if seed in self.trouble:
                raise self.trouble[seed]
            yield StepRecord(update, 1, np.array([update] * 2), 0.1, {"loss": np.array([seed, update], dtype=float)})
            if should_stop():
                return


@pytest.fixture
def puppet():
    return Puppet()


@pytest.fixture
def make(puppet):
    """Managers that are shut down at the end; the puppet trains unless `train` is given."""
    managers = []

    def build(**options) -> RunManager:
        managers.append(RunManager(**({"max_active": 2, "grace_seconds": None, "train": puppet} | options)))
        return managers[-1]

    yield build
    puppet.release_all()
    for manager in managers:
        manager.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("run ")]


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "history.sqlite")
    yield made
    made.close()


def runs(*seeds: int, **changes) -> dict[str, RunConfig]:
    return {f"run {seed}": replace(CONFIG, first_seed=seed, **changes) for seed in seeds}


def statuses(manager, comparison) -> list[str]:
    return [run.status for run in manager.view(comparison).runs.values()]


def positions(manager, comparison) -> list[int | None]:
    return [run.position for run in manager.view(comparison).runs.values()]


def updates(manager, comparison) -> list[int]:
    return [run.updates for run in manager.view(comparison).runs.values()]


def same(ours: StepRecord, theirs: StepRecord) -> bool:
    """Bit for bit, but for the time."""
    return (
        (ours.update, ours.rollout) == (theirs.update, theirs.rollout)
        and np.array_equal(ours.samples_generated, theirs.samples_generated)
        and ours.metrics.keys() == theirs.metrics.keys()
        and all(ours.metrics[name].tobytes() == theirs.metrics[name].tobytes() for name in ours.metrics)
    )


# What is measured


def test_records_are_those_of_training_alone_whatever_pauses_and_company_there_are(make):
    manager = make(train=train)
    noisy = replace(CONFIG, task=replace(CONFIG.task, noise=0.2), algorithm=replace(DAPO, max_rounds=3), updates=24)
    wanted = {"GRPO": replace(noisy, algorithm=GRPO), "DAPO": noisy, "other seeds": replace(noisy, first_seed=7)}
    comparison = manager.start(wanted, owner="ann", scenario="tiny")
    company = manager.start(runs(1, 2, 3), owner="bob", scenario="tiny")
    for steps in (1, 2, 5):
        manager.step(comparison, steps)
        eventually(lambda: set(statuses(manager, comparison)) <= {"paused", "done"})
        manager.resume(comparison)
        manager.pause(comparison)
    manager.resume(comparison)
    assert manager.wait(comparison, PATIENCE) and manager.wait(company, PATIENCE)
    for label, config in wanted.items():
        alone = list(train(config))
        ours = manager.history(comparison, label).after(-1)
        assert len(ours) == len(alone) == 1 + 24
        assert all(same(a, b) for a, b in zip(ours, alone, strict=True)), label


def test_a_finished_comparison_says_what_it_did(make):
    manager = make(train=train)
    began = time.time()
    comparison = manager.start(runs(1, 2), owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE)
    view = manager.view(comparison)
    assert (view.id, view.scenario, view.finished, view.viewers) == (comparison, "tiny", True, 0)
    assert began <= view.created <= time.time()
    for run in view.runs.values():
        assert (run.status, run.position, run.updates, run.total, run.error) == ("done", None, 12, 12, "")
        assert began <= run.last_update_time <= time.time() and run.updates_per_second > 0 and run.preparing is None
    result = manager.results(comparison)["run 1"]
    assert (result.config, result.status, result.history.trained) == (runs(1)["run 1"], "done", 12)


def test_history_and_since_show_a_whole_beginning_of_what_grows(make, puppet):
    manager = make()
    comparison = manager.start(runs(1, updates=2000), owner="ann", scenario="tiny")
    puppet.release_all()
    drawn: list[int] = []
    while not manager.view(comparison).finished:
        history = manager.history(comparison, "run 1")
        assert len(history) == len(history.updates) == len(history.metric("loss")) == len(history.samples)
        drawn += [record.update for record in manager.since(comparison, "run 1", drawn[-1] if drawn else 0)]
    drawn += [record.update for record in manager.since(comparison, "run 1", drawn[-1] if drawn else 0)]
    assert drawn == list(range(1, 2001)) == manager.history(comparison, "run 1").updates.tolist()
    assert manager.since(comparison, "run 1", 2000) == [] and len(manager.since(comparison, "run 1", 1990)) == 10


def test_a_history_once_given_does_not_grow(make, puppet):
    manager = make()
    comparison = manager.start(runs(1), owner="ann", scenario="tiny")
    puppet.give(1, 2)
    eventually(lambda: updates(manager, comparison) == [2])
    before = manager.history(comparison, "run 1")
    puppet.give(1)
    eventually(lambda: updates(manager, comparison) == [3])
    assert len(before) == 2


def test_views_cannot_be_changed(make):
    manager = make()
    view = manager.view(manager.start(runs(1), owner="ann", scenario="tiny"))
    with pytest.raises(FrozenInstanceError):
        view.runs["run 1"].status = "done"
    with pytest.raises(TypeError):
        view.runs["run 1"] = None


# Slots and turns


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
    puppet.release_all()
    assert all(manager.wait(c, PATIENCE) for c in (first, second, third, bobs, cys))
    assert set(puppet.order[:4]) == {10, 11, 40, 41}
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


# Pause, resume, step, stop, reset


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


# Failure


@pytest.mark.parametrize("trouble", [ValueError("out of luck"), TrainingDiverged(4, "loss", [1]), KeyError(), SystemExit(3)])
def test_a_failed_run_keeps_its_message_traceback_and_records_and_the_others_go_on(make, puppet, store, trouble):
    manager = make(store=store)
    comparison = manager.start(runs(1, 2, 3), owner="ann", scenario="tiny")
    puppet.give(1, 3)
    eventually(lambda: updates(manager, comparison)[0] == 3)
    puppet.trouble[1] = trouble
    puppet.release_all()
    assert manager.wait(comparison, PATIENCE)
    assert statuses(manager, comparison) == ["failed", "done", "done"]
    run = manager.view(comparison).runs["run 1"]
    assert run.error == (str(trouble) or "KeyError")
    assert "Traceback" in run.traceback and type(trouble).__name__ in run.traceback
    assert len(manager.history(comparison, "run 1")) == 3
    assert store.flush()
    row = store.runs()[0]
    assert (row.status, row.error, row.traceback, row.updates) == ("failed", run.error, run.traceback, 3)


def test_a_training_that_ends_early_on_its_own_has_failed(make):
    def short(config, **options):
        yield StepRecord(1, 1, np.array([1, 1]), 0.1, {})

    manager = make(train=short)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE)
    assert "before its last update" in manager.view(comparison).runs["run 1"].error


def test_runs_share_as_many_threads_as_there_are_slots_however_many_come_and_pause(make, puppet):
    before = threading.active_count()
    manager = make(max_active=2)
    paused = [manager.start(runs(seed), owner="ann", scenario="tiny") for seed in range(1, 6)]
    for comparison in paused:
        manager.pause(comparison)
    puppet.release_all()
    eventually(lambda: all(statuses(manager, c) == ["paused"] for c in paused))
    assert threading.active_count() <= before + 3  # two that train and the reaper
    for comparison in paused:
        manager.resume(comparison)
    assert all(manager.wait(comparison, PATIENCE) for comparison in paused)
    assert threading.active_count() <= before + 3
    assert [updates(manager, comparison) for comparison in paused] == [[12]] * 5


def test_a_paused_run_may_go_on_in_another_thread_with_the_same_numbers(make):
    names = set()

    def watched(config, **options):
        for record in train(config, **options):
            names.add(threading.current_thread().name)
            yield record

    manager = make(train=watched, max_active=3)
    alone = list(train(CONFIG))
    comparison = manager.start(runs(0), owner="ann", scenario="tiny", paused=True)
    for done in range(1, 13):
        manager.step(comparison)
        eventually(lambda done=done: updates(manager, comparison) == [done] and statuses(manager, comparison)[0] != "running")
    assert all(same(a, b) for a, b in zip(manager.since(comparison, "run 0", -1), alone, strict=True))
    assert len(names) > 1


def test_a_base_models_progress_is_shown_and_stopping_leaves_it(make):
    shown, go, built = threading.Event(), threading.Event(), []

    def building(config, *, should_stop, on_prepare, checkpoints, change):
        for step in range(1, 1000):
            built.append(step)
            on_prepare("base model", step, 1000)
            if should_stop():
                return
            shown.set()
            assert go.wait(PATIENCE)
        yield

    manager = make(train=building)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny")
    assert shown.wait(PATIENCE)
    assert manager.view(comparison).runs["run 1"].preparing == ("base model", 1, 1000)
    manager.stop(comparison)
    go.set()
    assert manager.wait(comparison, PATIENCE)
    run = manager.view(comparison).runs["run 1"]
    assert (run.status, run.error, run.preparing) == ("stopped", "", None) and len(built) == 2


def test_a_real_base_model_is_built_in_the_background(make):
    manager = make(train=train)
    config = small_run(replace(ARITHMETIC, imitation_seed=77), GRPO)
    comparison = manager.start({"a": config, "b": config}, owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["done", "done"]
    assert all(same(a, b) for a, b in zip(*(manager.since(comparison, label, 0) for label in "ab"), strict=True))


# Leases


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


# Pauses that nobody ends


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
    hosted.forgive(3600.0, now=0.0)
    assert hosted.paused_since == before + 3600.0  # a host that slept
    b.set_status(Status.DONE)
    assert hosted.paused_since == a.paused_since
    assert NONE.paused_seconds is None and HOSTED.paused_seconds == 900


# Replays


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
            eventually(lambda owner=owner, n=already: manager._scheduler._waiting_of(owner) == n)
        people.append(threading.Thread(target=replay, args=("ann",)))
        people[-1].start()
        eventually(lambda: manager._scheduler._waiting_of("ann") == 4)
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
        monkeypatch.setattr("core.runs.manager.time.monotonic", lambda: later)
        with pytest.raises(TimeoutError, match=r"lets a replay train for 7 seconds; .*run it on your own machine"):
            check()


# Errors that nobody foresaw


def test_a_reaper_that_meets_an_error_tells_it_and_goes_on(make, monkeypatch, caplog):
    manager = make(grace_seconds=0.05)
    assert manager.problem == ""
    real, broken = Admission.forget, threading.Event()

    def forget(*args, **options):
        if broken.is_set():
            raise ZeroDivisionError("nobody foresaw this")
        return real(*args, **options)

    monkeypatch.setattr(Admission, "forget", forget)
    comparison = manager.start(runs(1), owner="ann", scenario="tiny", paused=True, viewer="tab")
    broken.set()
    manager.attach(comparison, "other tab")
    manager.detach(comparison, "other tab")  # wakes it
    eventually(lambda: "nobody foresaw this" in manager.problem)
    assert "Traceback" in caplog.text
    broken.clear()
    manager.detach(comparison, "tab")
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["stopped"]
    eventually(lambda: manager.problem == "")


def test_a_thread_that_trains_survives_an_error_behind_its_run(make, puppet, monkeypatch, caplog):
    manager = make(max_active=1)
    real = manager._scheduler._on_status

    def on_status(run):
        real(run)
        if run.finished and run.label == "run 1":
            raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(manager._scheduler, "_on_status", on_status)
    puppet.release_all()
    first = manager.start(runs(1), owner="ann", scenario="tiny")
    second = manager.start(runs(2), owner="ann", scenario="tiny")
    assert manager.wait(second, PATIENCE) and statuses(manager, first) == ["done"]
    assert "nobody foresaw this" in caplog.text


# Bounds


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


# The store, and the end


def test_every_record_and_status_is_in_the_store(make, store):
    manager = make(train=train, store=store)
    comparison = manager.start(runs(1, 2), owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE) and store.flush()
    for row in store.runs(owner="ann"):
        live = manager.history(comparison, row.label)
        kept = store.load_history(row.stored_id)
        assert (row.comparison, row.scenario, row.status, row.updates) == (comparison, "tiny", "done", 12)
        assert np.array_equal(kept.metric("grad_norm"), live.metric("grad_norm").astype("f4"), equal_nan=True)
        assert np.array_equal(kept.samples, live.samples) and store.run(row.stored_id).config == runs(1, 2)[row.label]


def test_the_store_follows_the_status(make, store, puppet):
    manager = make(store=store, max_active=1)
    comparison = manager.start(runs(1, 2), owner="ann", scenario="tiny")

    def stored():
        assert store.flush()
        return [row.status for row in store.runs()]

    assert stored() == ["running", "queued"]
    manager.pause(comparison)
    puppet.give(1)
    eventually(lambda: statuses(manager, comparison) == ["paused", "paused"])
    assert stored() == ["paused", "paused"]
    manager.stop(comparison)
    assert stored() == ["stopped", "stopped"]


def test_shutdown_interrupts_what_goes_on_and_writes_it_down(make, store, puppet):
    manager = make(store=store, max_active=2)
    paused = manager.start(runs(8), owner="ann", scenario="tiny", paused=True)
    going = manager.start(runs(1, 2, 3), owner="ann", scenario="tiny")
    puppet.give(1, 3)
    eventually(lambda: updates(manager, going)[0] == 3)
    manager.shutdown()
    manager.shutdown()
    assert set(statuses(manager, going) + statuses(manager, paused)) == {"interrupted"}
    rows = {row.label: row for row in store.runs()}
    assert {row.status for row in rows.values()} == {"interrupted"} and rows["run 1"].updates >= 3
    assert {row.error for row in rows.values()} == {"the program was ended"}
    assert 3 not in puppet.order
    with pytest.raises(RuntimeError, match="shut down"):
        manager.start(runs(4), owner="ann", scenario="tiny")


def test_a_store_in_trouble_does_not_touch_the_training(make, store, puppet, monkeypatch):
    monkeypatch.setattr(
        "core.runs.store.writer.connect", lambda path: (_ for _ in ()).throw(sqlite3.OperationalError("disk I/O error"))
    )
    monkeypatch.setattr("core.runs.store.writer.RETRY_SECONDS", 0.02)
    manager = make(store=store)
    puppet.release_all()
    comparison = manager.start(runs(1, 2), owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE) and statuses(manager, comparison) == ["done", "done"]
    eventually(lambda: "disk I/O error" in store.problem)
    monkeypatch.undo()
    assert store.flush(PATIENCE) and [row.updates for row in store.runs()] == [12, 12] and store.problem == ""


def test_many_people_pressing_everything_at_once_leave_every_run_in_a_final_state(make, store):
    manager = make(train=train, store=store, max_active=2)
    failures = []

    def person(name: str) -> None:
        try:
            for n in range(4):
                comparison = manager.start(runs(n, n + 10), owner=name, scenario="tiny")
                manager.attach(comparison, name)
                for act in (manager.pause, manager.step, manager.resume, manager.pause, manager.view, manager.resume):
                    act(comparison)
                if n == 3:
                    manager.stop(comparison)
                assert manager.wait(comparison, PATIENCE)
                manager.detach(comparison, name)
        except BaseException as error:
            failures.append(error)

    people = [threading.Thread(target=person, args=(name,)) for name in ("ann", "bob", "cy")]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert failures == [] and manager._scheduler.active == 0
    assert store.flush()
    rows = store.runs()
    assert len(rows) == 24 and all(row.status.finished for row in rows)
    assert all(row.updates == 12 for row in rows if row.status == "done")


def test_nothing_global_is_kept(make):
    """Two managers know nothing of each other, and the modules hold no state."""
    one, other = make(), make()
    mine = one.start(runs(1), owner="ann", scenario="tiny")
    assert other.comparisons("ann") == []
    with pytest.raises(UnknownComparison):
        other.view(mine)
    for name in ("manager", "reaper", "clock", "scheduler", "live", "recorder", "queueing", "store.store", "store.writer"):
        tree = ast.parse(Path(sys.modules[f"core.runs.{name}"].__file__).read_text())
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]


def test_a_fork_is_added_beside_its_original_and_counts_on(make):
    manager = make(train=train)
    config = CONFIG
    each = config.effective_updates_per_rollout
    comparison = manager.start({"GRPO": config}, owner="ann", scenario="tiny")
    assert manager.wait(comparison, PATIENCE)
    forked = replace(config, algorithm=DAPO, fork=Fork(run=config, update=each))
    manager.add(comparison, "Rescued", forked)
    assert manager.wait(comparison, PATIENCE)
    view = manager.view(comparison)
    assert {label: (r.status, r.updates) for label, r in view.runs.items()} == {
        "GRPO": ("done", config.updates),
        "Rescued": ("done", config.updates),
    }
    assert manager.history(comparison, "Rescued").updates.tolist() == list(range(each + 1, config.updates + 1))
    with pytest.raises(ConfigError, match="got 'Rescued' beside 'Rescued'"):
        manager.add(comparison, "Rescued", forked)
    with pytest.raises(UnknownComparison):
        manager.add("nobody-knows-this", "Rescued", forked)


def test_a_fork_is_added_to_a_comparison_that_only_the_store_has(make, store):
    first = make(train=train, store=store)
    config = CONFIG
    comparison = first.start({"GRPO": config}, owner="ann", scenario="tiny")
    assert first.wait(comparison, PATIENCE)
    before = first.history(comparison, "GRPO")
    first.shutdown()
    second = make(train=train, store=store)
    second.add(comparison, "Same", replace(config, fork=Fork(run=config, update=config.effective_updates_per_rollout)))
    assert second.wait(comparison, PATIENCE)
    assert second.comparisons("ann") == [comparison]
    ours, theirs = second.history(comparison, "Same"), second.history(comparison, "GRPO")
    assert theirs.trained == before.trained == config.updates
    at = -len(ours)
    assert np.array_equal(ours.metric("loss").astype("f4"), theirs.metric("loss")[at:].astype("f4"), equal_nan=True)
    store.flush()
    assert [row.label for row in store.runs(comparison=comparison)] == ["GRPO", "Same"]
