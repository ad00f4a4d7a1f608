"""The run manager's threads: slots, base models in the background, errors that nobody foresaw, and many callers at once."""

import ast
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.engine.trainer import train
from core.runs.admission import Admission
from core.runs.manager import UnknownComparison
from core.settings.algorithm import GRPO
from tests.core.runs.puppet import CONFIG, PATIENCE, eventually, runs, same, statuses, updates
from tests.support import ARITHMETIC, small_run


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
