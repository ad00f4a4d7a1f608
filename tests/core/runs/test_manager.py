"""The run manager: what is measured, what a caller is given, and errors."""

import time
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from core.engine.trainer import train
from core.engine.types import StepRecord, TrainingDiverged
from core.settings.algorithm import DAPO, GRPO
from tests.core.runs.puppet import CONFIG, PATIENCE, eventually, runs, same, statuses, updates


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
