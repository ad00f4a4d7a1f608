"""Settings changed while a run goes on: one line, whose parts are those of the run and of its fork, known to history, CSV and report."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from io import StringIO
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from core.analysis.cost import token_cost
from core.analysis.export import comparison_files, run_id
from core.analysis.findings import findings
from core.analysis.history import History
from core.analysis.summary import summarise
from core.engine.forks import fork_changes, make_fork, stage_at, stages
from core.engine.trainer import train
from core.inspection.step import check_against, inspect_step
from core.runs.manager import RunManager, UnknownComparison
from core.runs.store.store import Store
from core.settings.algorithm import DAPO
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.task import ChainConfig

CONFIG = RunConfig(
    task=ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4),
    replicas=3,
    updates=16,
    num_prompts=4,
    group_size=4,
    updates_per_rollout=4,
)
WANTED = replace(CONFIG, learning_rate=0.02, algorithm=DAPO)


@pytest.fixture
def changed(tmp_path):
    """A manager whose one run was changed while its update 5 was held, so that its settings change after update 8; and the comparison."""
    held, go = threading.Event(), threading.Event()

    def holding(config, **options):
        for record in train(config, **options):
            yield record
            if record.update == 5:
                held.set()
                go.wait(30)

    store = Store(tmp_path / "runs.sqlite")
    with RunManager(store, train=holding) as manager:
        comparison = manager.start({"Mine": CONFIG}, owner="me", scenario="collapse")
        assert held.wait(30)
        manager.change(comparison, "Mine", replace(WANTED, learning_rate=0.5))
        manager.change(comparison, "Mine", WANTED)  # the later one counts
        assert manager.settings_ahead(comparison) == {"Mine": WANTED}
        go.set()
        assert manager.wait(comparison, 30)
        yield manager, comparison, store
    store.close()


def same(ours, theirs) -> bool:
    return ours.metrics.keys() == theirs.metrics.keys() and all(
        np.array_equal(values, theirs.metrics[name], equal_nan=True) for name, values in ours.metrics.items()
    )


def test_the_line_is_that_of_the_run_and_then_bit_for_bit_that_of_its_fork(changed):
    manager, comparison, _ = changed
    result = manager.results(comparison)["Mine"]
    fork = make_fork(CONFIG, 8, learning_rate=0.02, algorithm=DAPO)
    assert result.config == fork and stages(fork, result.history.first_update) == [CONFIG, fork]
    expected = [*islice(train(CONFIG), 9), *train(fork)]
    ours = result.history.after(-1)
    assert [r.update for r in ours] == [r.update for r in expected] == list(range(17))
    assert all(same(a, b) for a, b in zip(ours, expected, strict=True))
    assert list(result.history.wall_seconds) == sorted(result.history.wall_seconds)  # one clock


def test_history_csv_settings_and_report_know_it(changed):
    manager, comparison, store = changed
    assert store.flush()
    (stored,) = store.results(comparison).values()
    fork = make_fork(CONFIG, 8, learning_rate=0.02, algorithm=DAPO)
    assert stored.config == fork and stored.history.first_update == 0
    results = manager.results(comparison)
    files = comparison_files("collapse", results, summarise("collapse", results), "test")
    table = pd.read_csv(StringIO(files["metrics.csv"]))
    names = table.groupby("update")["run_id"].unique()
    assert all(list(names[u]) == [run_id("Mine", CONFIG if u <= 8 else fork)] for u in range(17))
    assert json.loads(files["config.json"])["runs"]["Mine"]["fork"]["update"] == 8
    told = next(sentence for sentence in findings(summarise("collapse", results)) if "went on after update 8" in sentence)
    assert "`learning_rate` = 0.02" in told and "`algorithm.dynamic_sampling` = refill" in told
    assert told in files["report.md"]


def test_reset_begins_as_the_run_began(changed):
    manager, comparison, store = changed
    again = manager.reset(comparison)
    assert manager.results(again)["Mine"].config == CONFIG
    assert store.flush()
    with RunManager(store) as other:
        assert other.results(other.reset(comparison))["Mine"].config == CONFIG


def test_a_step_before_and_one_after_the_change_can_be_looked_into(changed):
    manager, comparison, _ = changed
    result = manager.results(comparison)["Mine"]
    for update in (6, 11):
        step = inspect_step(stage_at(result.config, result.history.first_update, update), 1, update)
        assert check_against(step, result.history) == ""


def test_what_a_run_cannot_go_on_with_is_refused_at_once():
    held, go = threading.Event(), threading.Event()

    def holding(config, **options):
        for record in train(config, **options):
            yield record
            if record.update == 2:
                held.set()
                go.wait(30)

    with RunManager(train=holding) as manager:
        comparison = manager.start({"Mine": CONFIG}, owner="me", scenario="collapse")
        assert held.wait(30)
        for wanted, told in (
            (replace(CONFIG, replicas=4), "replicas of a fork must be"),
            (replace(CONFIG, task=replace(CONFIG.task, width=8)), "policy of the same size"),
            (replace(CONFIG, updates=4), "must be above 4, where its present rollout ends"),
        ):
            with pytest.raises(ConfigError, match=told):
                manager.change(comparison, "Mine", wanted)
        with pytest.raises(UnknownComparison):
            manager.change(comparison, "Theirs", CONFIG)
        assert manager.settings_ahead(comparison) == {"Mine": CONFIG}
        go.set()
        assert manager.wait(comparison, 30)
        assert manager.results(comparison)["Mine"].config == CONFIG


def test_a_change_may_follow_another():
    asked = {4: replace(CONFIG, learning_rate=0.02), 12: replace(CONFIG, group_size=8)}
    present = CONFIG

    def change(update):
        nonlocal present
        if update in asked:
            present = make_fork(present, update, **_differing(asked[update]))
            return present
        return None

    records = list(train(CONFIG, change=change))
    assert [r.update for r in records] == list(range(17))
    parts = stages(present, 0)
    assert [part.start for part in parts] == [0, 4, 12]
    assert [fork_changes(part) for part in parts[1:]] == [{"learning_rate": 0.02}, {"group_size": 8}]
    assert same(records[-1], list(train(present))[-1])
    assert [stage_at(present, 0, update) for update in (1, 4, 5, 12, 13)] == [parts[0], parts[0], parts[1], parts[1], parts[2]]


def _differing(wanted: RunConfig) -> dict:
    return {
        name: getattr(wanted, name) for name in ("learning_rate", "group_size") if getattr(wanted, name) != getattr(CONFIG, name)
    }


def test_the_cost_of_each_part_is_that_of_its_own_settings():
    fork = make_fork(CONFIG, 8, group_size=8)
    history, alone = History(CONFIG.seeds), History(CONFIG.seeds)
    for record in (*islice(train(CONFIG), 9), *train(fork)):
        history.append(record)
    for record in train(CONFIG):
        alone.append(record)
    cost = token_cost(history, fork)
    assert np.array_equal(cost[:9], token_cost(alone, CONFIG)[:9], equal_nan=True)
    # From update 9 on an update trains on 4 prompts x 8 / 4 minibatches = 8 completions, and not on 4; the rollout of 32 is paid at its first.
    length = history.metric("completion_tokens_mean")[9:13]
    known = length[0]
    assert np.allclose(cost[10] - cost[9], 8 * known) and np.allclose(cost[9] - cost[8], 8 * known + CONFIG.price * 32 * known)
