"""The history on disk: what goes in comes out, and lists of runs."""

import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import Status
from core.engine.trainer import train
from core.engine.types import Distribution, StepRecord
from core.runs.store import rows as blobs
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.serial import config_dict, config_to_json
from tests.core.runs.store.made import CONFIG, TASK, begin, record


def test_a_history_comes_back_with_the_bits_of_float32(store):
    stored_id = begin(store)
    measured = list(train(CONFIG))
    for step in measured:
        store.append(stored_id, step)
    assert store.flush()
    history = store.load_history(stored_id)
    assert history.seeds == CONFIG.seeds
    assert history.updates.tolist() == [r.update for r in measured]
    assert history.rollouts.tolist() == [r.rollout for r in measured]
    assert history.wall_seconds.tolist() == [r.wall_seconds for r in measured]
    assert np.array_equal(history.samples, [r.samples_generated for r in measured])
    for name in METRIC_NAMES:
        expected = np.array([r.metrics.get(name, np.full(2, np.nan)) for r in measured]).astype(np.float32)
        assert np.array_equal(history.metric(name).astype(np.float32), expected, equal_nan=True), name
        assert np.array_equal(history.metric(name), expected.astype(float), equal_nan=True), name
    assert [set(a.metrics) for a in history.after(-1)] == [set(r.metrics) for r in measured]


def test_distributions_come_back_bit_for_bit(store):
    stored_id = begin(store)
    measured = list(train(CONFIG))
    for step in measured:
        store.append(stored_id, step)
    assert store.flush()
    expected = [(r.update, r.distribution) for r in measured if r.distribution is not None]
    found = store.load_history(stored_id).distributions()
    assert [update for update, _ in found] == [update for update, _ in expected] == [1, 12]
    for (_, ours), (_, theirs) in zip(found, expected, strict=True):
        for name in ("token_probs", "rank_probs"):
            one, other = getattr(ours, name), getattr(theirs, name)
            assert one.dtype == np.float32 and one.shape == other.shape and one.tobytes() == other.tobytes()


def test_a_distribution_takes_as_many_bytes_as_promised(store, path):
    stored_id = begin(store)
    table = np.full((16, 7), 1 / 7, dtype=np.float32)
    step = replace(record(1), distribution=Distribution(table, table))
    assert sum(map(len, blobs.pack_distribution(step.distribution))) == 8 * 16 * 7
    store.append(stored_id, step)
    store.append(stored_id, step)  # again, as after a write that was tried twice
    assert store.flush()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), sum(length(tokens) + length(ranks)) FROM distributions").fetchone() == (
            1,
            896,
        )


def test_distributions_are_purged_with_their_run(store, path):
    stored_id = begin(store)
    table = np.ones((2, 3), dtype=np.float32)
    store.append(stored_id, replace(record(1), distribution=Distribution(table, table)))
    store.flush()
    comparison = store.runs()[0].comparison
    store.delete(comparison)
    store.purge(comparison)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM distributions").fetchone() == (0,)


def test_values_that_float32_finds_hard_are_kept_as_well_as_it_can():
    odd = record(7, loss=[1e300, -1e300], ratio_max=[np.nan, 1e-45], kl_base=[-0.0, np.inf], accuracy=[1 / 3, 2**24 + 1])
    back = blobs.unpack(blobs.pack(odd, METRIC_NAMES), METRIC_NAMES)
    with np.errstate(over="ignore"):
        for name, values in odd.metrics.items():
            assert back.metrics[name].astype("f4").tobytes() == values.astype("f4").tobytes()
    assert back.samples_generated.tolist() == [112, 2**40 + 7] and set(back.metrics) == set(odd.metrics)


def test_a_metric_without_a_place_in_the_table_is_an_error_not_a_loss(store):
    with pytest.raises(KeyError, match="temperature"):
        store.append(begin(store), record(1, temperature=[1, 2]))


def test_the_names_of_the_metrics_are_those_of_when_it_was_written(store, monkeypatch):
    stored_id = begin(store)
    store.append(stored_id, record(1, loss=[1, 2], kl_base=[3, 4]))
    assert store.flush()
    monkeypatch.setattr("core.runs.store.store.METRIC_NAMES", ("kl_base", "new", *METRIC_NAMES[::-1]))
    history = store.load_history(stored_id)
    assert history.metric("loss").tolist() == [[1, 2]] and history.metric("kl_base").tolist() == [[3, 4]]


def test_an_update_takes_as_many_bytes_as_promised(store, path):
    config = RunConfig(task=TASK, replicas=16, updates=2000)
    metrics = {name: np.full(16, 0.1) for name in METRIC_NAMES[:7]}  # 6 at each update, 12 more at each rollout of 8: 7.5
    stored_id = store.add_run(store.add_comparison(owner="a", scenario="s"), "x", config)
    store.flush()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    for update in range(1, 2001):
        store.append(stored_id, StepRecord(update, 1, np.full(16, update), 0.1, metrics))
    store.close()
    assert (path.stat().st_size - before) / 2000 < 750  # 8·16 + 4·16·7 = 576 of them numbers


def test_settings_come_back_equal_and_damaged_ones_are_refused(store, path):
    stored_id = begin(store)
    store.flush()
    assert store.run(stored_id).config == CONFIG
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET config = json_set(config, '$.updates', -1)")
    with pytest.raises(ConfigError, match="updates must be between 1"):
        _ = store.run(stored_id).config


def test_runs_are_listed_by_owner_newest_comparison_first(store):
    first = store.add_comparison(owner="ann", scenario="collapse")
    ids = [store.add_run(first, label, CONFIG) for label in ("GRPO", "DAPO")]
    later = begin(store, label="later")
    other = begin(store, owner="bob")
    for update in (1, 2, 3):
        store.append(ids[1], record(update))
    store.set_status(ids[0], Status.FAILED, "out of luck", "Traceback …")
    assert store.flush()
    mine = store.runs(owner="ann")
    assert [row.stored_id for row in mine] == [later, *ids]
    assert [row.stored_id for row in store.runs()] == [other, later, *ids]
    assert [row.label for row in store.runs(comparison=first)] == ["GRPO", "DAPO"]
    failed, going = mine[1:]
    assert (failed.status, failed.error, failed.traceback) == ("failed", "out of luck", "Traceback …")
    assert failed.created <= failed.finished <= time.time() and going.finished is None
    assert (going.updates, going.total, failed.updates) == (3, 12, 0)
    assert (going.owner, going.scenario, going.comparison) == ("ann", "collapse", first)
    assert store.runs(owner="nobody") == []


def test_rename_delete_undelete_and_purge_are_seen_at_once(store, path):
    stored_id = begin(store)
    store.append(stored_id, record(1))
    assert store.flush()
    (row,) = store.runs()
    store.rename(row.comparison, "a; DROP TABLE runs --")
    assert store.runs()[0].name == "a; DROP TABLE runs --"
    store.delete(row.comparison)
    assert store.runs() == [] and store.runs(deleted=True)[0].stored_id == stored_id
    store.undelete(row.comparison)
    assert len(store.runs()) == 1 and len(store.load_history(stored_id)) == 1
    store.purge(row.comparison)
    assert len(store.runs()) == 1  # only what is deleted
    store.delete(row.comparison)
    store.purge(row.comparison)
    assert store.runs(deleted=True) == []
    with pytest.raises(LookupError, match=str(stored_id)):
        store.load_history(stored_id)
    store.append(stored_id, record(2))  # it may still be training
    assert store.flush() and store.problem == ""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM steps").fetchone() == (0,)


def test_results_are_what_reports_and_exports_take(store):
    stored_id = begin(store)
    store.append(stored_id, record(1))
    store.set_status(stored_id, Status.STOPPED, "nobody was watching")
    store.flush()
    store.flush()
    comparison = store.runs()[0].comparison
    result = store.results(comparison)["DAPO"]
    assert (result.config, len(result.history), result.status, result.error) == (CONFIG, 1, "stopped", "nobody was watching")
    store.delete(comparison)
    assert list(store.results(comparison)) == ["DAPO"]
    with pytest.raises(LookupError, match="none such"):
        store.results("none such")


OTHER = replace(CONFIG, first_seed=9)


def test_settings_of_listed_runs_are_plain_values_and_damaged_ones_none(store):
    comparison = store.add_comparison(owner="ann", scenario="tiny")
    first, second = (store.add_run(comparison, label, run) for label, run in zip("ab", (CONFIG, OTHER), strict=True))
    store.flush()
    found = {run.stored_id: run.settings for run in store.runs()}
    assert found.keys() == {first, second}
    assert found[first] == config_dict(CONFIG) | {"algorithm": {**config_dict(CONFIG)["algorithm"], "defects": []}}
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE runs SET config = ? WHERE id = ?", (config_to_json(CONFIG)[:-9], first))
    found = {run.stored_id: run.settings for run in store.runs()}
    assert found[first] is None and found[second]["first_seed"] == OTHER.first_seed


def test_only_what_was_deleted_can_be_removed_for_good(store):
    kept, gone = (store.add_comparison(owner="ann", scenario="tiny") for _ in range(2))
    stored_ids = [store.add_run(comparison, "x", OTHER) for comparison in (kept, gone)]
    store.flush()
    store.delete(gone)
    for comparison in (kept, gone):
        store.purge(comparison)
    assert [row.stored_id for row in store.runs()] == stored_ids[:1] and store.runs(deleted=True) == []
    with pytest.raises(LookupError):
        store.run(stored_ids[1])


def test_a_run_whose_settings_this_version_does_not_know_still_shows_what_it_measured(store, path):
    stored_id = begin(store)
    store.append(stored_id, record(1))
    assert store.flush()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET config = json_set(config, '$.of_a_later_version', 1)")
    with pytest.raises(ConfigError):
        _ = store.run(stored_id).config
    assert store.run(stored_id).settings["of_a_later_version"] == 1
    history = store.load_history(stored_id)
    assert history.seeds == CONFIG.seeds and history.metric("loss").tolist() == [[1.0, -1.0]]
