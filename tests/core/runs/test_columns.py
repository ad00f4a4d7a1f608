"""A few metrics of many runs: the same numbers as the whole history, and settings as they were written."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.analysis.metrics import METRIC_NAMES
from core.engine.trainer import train
from core.runs.store.store import Store
from core.settings.algorithm import DAPO, GRPO
from core.settings.serial import config_dict, config_to_json
from tests.support import BANDIT, CHAIN, small_run

RUNS = (small_run(CHAIN, DAPO, updates=9), small_run(BANDIT, GRPO, updates=3, replicas=2))


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs.sqlite")
    yield made
    made.close()


def stored(store: Store, config) -> int:
    run_id = store.add_run(store.add_comparison(owner="ann", scenario="tiny"), "x", config)
    for record in train(config):
        store.append(run_id, record)
    assert store.flush()
    return run_id


@pytest.mark.parametrize("config", RUNS)
def test_columns_are_those_of_the_history(store, config):
    run_id = stored(store, config)
    whole, part = store.load_history(run_id), store.columns(run_id, METRIC_NAMES[::-1])
    assert part.updates.tolist() == whole.updates.tolist() and part.wall_seconds.tolist() == whole.wall_seconds.tolist()
    assert list(part.metrics) == list(METRIC_NAMES[::-1])
    for name, values in part.metrics.items():
        assert np.array_equal(values, whole.metric(name), equal_nan=True), name
    assert np.isnan(part.metrics["eval_accuracy"]).any() and not np.isnan(part.metrics["eval_accuracy"]).all()


def test_a_run_without_updates_has_columns_without_rows(store):
    run_id = store.add_run(store.add_comparison(owner="ann", scenario="tiny"), "x", RUNS[0])
    store.flush()
    assert store.columns(run_id, ("loss",)).metrics["loss"].shape == (0, 0)
    with pytest.raises(LookupError, match="no run 7"):
        store.columns(7, ("loss",))


def test_a_metric_that_the_run_does_not_know_was_not_measured(store):
    assert np.isnan(store.columns(stored(store, RUNS[1]), ("newer",)).metrics["newer"]).all()


def test_settings_of_many_runs_are_read_at_once_and_damaged_ones_left_out(store):
    comparison = store.add_comparison(owner="ann", scenario="tiny")
    first, second = (store.add_run(comparison, label, run) for label, run in zip("ab", RUNS, strict=True))
    store.flush()
    found = store.settings([first, second, 5])
    assert found.keys() == {first, second}
    assert found[first] == config_dict(RUNS[0]) | {"algorithm": {**config_dict(RUNS[0])["algorithm"], "defects": []}}
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE runs SET config = ? WHERE id = ?", (config_to_json(RUNS[0])[:-9], first))
    assert store.settings([first, second]).keys() == {second}


def test_only_what_was_deleted_can_be_removed_for_good(store):
    kept, gone = (store.add_comparison(owner="ann", scenario="tiny") for _ in range(2))
    run_ids = [store.add_run(comparison, "x", RUNS[1]) for comparison in (kept, gone)]
    store.flush()
    store.delete(gone)
    for comparison in (kept, gone):
        store.purge_one(comparison)
    assert [row.run_id for row in store.runs()] == run_ids[:1] and store.runs(deleted=True) == []
    with pytest.raises(LookupError):
        store.config(run_ids[1])
