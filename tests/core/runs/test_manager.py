"""The run manager: what is measured, errors, the store, and the end."""

import ast
import sqlite3
import sys
import threading
import time
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from core.engine.trainer import train
from core.engine.types import StepRecord, TrainingDiverged
from core.runs.admission import Admission
from core.runs.manager import UnknownComparison
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.run import Fork
from tests.core.runs.puppet import CONFIG, PATIENCE, eventually, runs, same, statuses, updates
from tests.support import ARITHMETIC, small_run


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
