"""The run manager and its store: what is written down, what a store in trouble changes, forks, and the end."""

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from core.engine.trainer import train
from core.runs.manager import UnknownComparison
from core.settings.algorithm import DAPO
from core.settings.fields import ConfigError
from core.settings.run import Fork
from tests.core.runs.puppet import CONFIG, PATIENCE, eventually, runs, statuses, updates


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
