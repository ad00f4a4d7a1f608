"""Update 0, the score before training: where it counts, and where it does not. Histories of earlier versions lack it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.analysis.charts.curves import curve
from core.analysis.detectors import entropy_low_update, vanished_update
from core.analysis.findings import findings
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import RunResult, Status
from core.analysis.stats import initial_values, value_at_samples
from core.analysis.summary import summarise
from core.engine.trainer import train
from core.engine.types import StepRecord
from core.inspection.step import check_against, inspect_step
from core.runs.store.store import Store
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import RunConfig
from tests.support import CHAIN, small_run

RUNS = {"GRPO": small_run(CHAIN, GRPO, updates=16, eval_every=2), "DAPO": small_run(CHAIN, DAPO, updates=16, eval_every=2)}


def as_of_earlier_versions(config: RunConfig, records: list[StepRecord]) -> History:
    """The scores stand at the first update of the rollout after them, and there is no update 0. The last one was where it is."""
    old = [replace(record, metrics=dict(record.metrics)) for record in records]
    for before, record in reversed(list(pairwise(old))):
        if "eval_accuracy" in before.metrics:
            record.metrics["eval_accuracy"] = before.metrics.pop("eval_accuracy")
    history = History(config.seeds)
    for record in old[1:]:
        history.append(record)
    return history


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, RunResult], dict[str, RunResult]]:
    """The same runs as they are measured now and as earlier versions measured them."""
    new, old = {}, {}
    for label, config in RUNS.items():
        records = list(train(config))
        new[label] = RunResult(config, History(config.seeds))
        for record in records:
            new[label].history.append(record)
        old[label] = RunResult(config, as_of_earlier_versions(config, records))
    return new, old


def test_every_number_but_those_of_the_score_is_the_one_without_it(both):
    new, old = (summarise("collapse", results) for results in both)
    assert new["status"] == old["status"] and new["status"]["GRPO"]["updates"] == 16
    for label, numbers in new["algorithms"].items():
        before = old["algorithms"][label]
        assert {k: v for k, v in numbers.items() if k != "eval_accuracy"} == {
            k: v for k, v in before.items() if k != "eval_accuracy"
        }
        assert numbers["eval_accuracy"]["initial"] == before["eval_accuracy"]["initial"]  # the untrained policy's
    for pair, numbers in new["differences"].items():
        for name in set(METRIC_NAMES) - {"eval_accuracy"}:
            assert numbers[name] == old["differences"][pair][name]


def test_an_old_history_opens_and_is_read_as_it_was_written(both, tmp_path):
    store = Store(tmp_path / "runs.sqlite")
    for results in both:
        comparison = store.add_comparison(owner="ann", scenario="collapse")
        for label, result in results.items():
            run = store.add_run(comparison, label, result.config, status=Status.RUNNING)
            for record in result.history.after(-1):
                store.append(run, record)
            store.set_status(run, Status.DONE)
        assert store.flush()
        assert [row.updates for row in store.runs(comparison=comparison)] == [16, 16]
        read = store.results(comparison)
        for label, result in results.items():
            history = read[label].history
            assert history.updates.tolist() == result.history.updates.tolist() and history.trained == 16
            for ours, theirs in zip(history.after(-1), result.history.after(-1), strict=True):
                assert ours.metrics.keys() == theirs.metrics.keys()
        assert findings(summarise("collapse", read))
    store.close()


def test_on_the_axes_the_untrained_policy_stands_at_0_now_and_where_it_stood_in_an_old_history(both):
    new, old = (results["GRPO"].history for results in both)
    scores = curve(new, "eval_accuracy")
    assert scores.x.tolist() == [0, 4, 8, 12, 16] and curve(old, "eval_accuracy").x.tolist() == [1, 5, 9, 13, 16]
    assert scores.mean[0] == curve(old, "eval_accuracy").mean[0]
    assert new.samples[0].tolist() == [0] * 3 and new.wall_seconds[0] == 0 < new.wall_seconds[1]


def test_at_equal_samples_the_untrained_policys_score_is_that_of_0_samples():
    scores = np.array([[0.0], [np.nan], [np.nan], [1.0]])  # at updates 0 and 3
    samples = np.array([[0], [100], [200], [200]])
    assert value_at_samples(samples, scores, np.array([0])) == 0
    window = np.linspace(90, 100, 11)
    assert value_at_samples(samples, scores, np.array([100])) == pytest.approx((window / 200).mean())


def test_the_first_three_updates_and_the_windows_of_the_detectors_begin_at_update_1():
    values = np.concatenate(([np.nan], [3.0, 6.0, 9.0, 100.0], np.full(40, 0.01)))
    updates = np.arange(len(values))
    assert initial_values(updates, values[:, None]) == initial_values(updates[1:], values[1:, None]) == 6
    for detect in (entropy_low_update, vanished_update):
        assert detect(updates, values) == detect(updates[1:], values[1:]) is not None
    low = np.concatenate(([np.nan, 1.0], np.full(39, 1e-4)))
    assert vanished_update(np.arange(41), low) == vanished_update(np.arange(1, 41), low[1:]) == 32


def test_a_step_of_an_old_history_is_the_same_step_although_its_score_stood_elsewhere(both):
    new, old = (results["GRPO"].history for results in both)
    for update in (1, 4, 5, 16):
        step = inspect_step(RUNS["GRPO"], 1, update)
        assert check_against(step, new) == check_against(step, old) == ""
