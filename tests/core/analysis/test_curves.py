"""The lines of the charts: each point's mean and interval, and where it stands."""

import math

import numpy as np
import pytest

from core.analysis.charts import all_charts
from core.analysis.charts.curves import curve, mean_and_half_width, rollouts_per_point
from core.engine.types import StepRecord
from tests.core.analysis.made import NAN, T_975, record, result


def test_a_point_is_the_mean_over_a_rollouts_updates_and_then_over_seeds():
    history = result(
        record(1, 1, grad_norm=[1, 2, 3]), record(2, 1, grad_norm=[3, 4, 5]), record(3, 2, grad_norm=[NAN, 1, 5]),
        record(4, 2, grad_norm=[math.inf, 3, 7]), record(5, 3, grad_norm=[NAN, 1, 5]),
    ).history  # fmt: skip
    found = curve(history, "grad_norm")
    # Seeds over rollout 1: 2, 3, 4, mean 3, deviation 1; over rollout 2: nothing, 2, 6: mean 4, and too few seeds for an interval.
    assert found.x.tolist() == [1.5, 3.5, 5] and found.mean.tolist() == [3, 4, 3]
    np.testing.assert_allclose(found.half, [T_975[2] / 3**0.5, NAN, NAN], rtol=1e-4)


def test_a_metric_of_a_rollout_stands_at_its_update_and_one_of_an_update_breaks_where_it_was_not_measured():
    rows = [
        record(u, (u + 1) // 2, **({"entropy_nats": [u], "upclipped_prob_mean": [0.1]} if u in (1, 5) else {"loss": [1]}))
        for u in range(1, 7)
    ]
    history = result(*rows).history
    sparse, broken = curve(history, "entropy_nats"), curve(history, "upclipped_prob_mean")
    assert sparse.x.tolist() == [1, 5] and sparse.mean.tolist() == [1, 5] and np.isnan(sparse.half).all()
    np.testing.assert_array_equal(broken.x, [1, NAN, 5])
    np.testing.assert_array_equal(broken.mean, [0.1, NAN, 0.1])


def test_a_long_run_is_merged_into_few_points_whose_mean_is_unchanged():
    values = np.random.default_rng(0).random((1000, 2))
    history = result(*(record(u + 1, u // 2 + 1, grad_norm=row) for u, row in enumerate(values))).history
    found = curve(history, "grad_norm", points=100)
    assert rollouts_per_point(history, 100) == 5 and len(found.x) == 100
    np.testing.assert_allclose(found.mean, values.mean(1).reshape(100, 10).mean(1))
    assert found.x[0] == 5.5  # updates 1 to 10


def test_an_unmeasured_metric_has_no_points():
    assert len(curve(result(record(1, 1, loss=[1, 2])).history, "grad_norm").x) == 0
    assert len(curve(result().history, "grad_norm").x) == 0


def test_intervals_of_many_seeds_are_quick():
    mean, half = mean_and_half_width(np.random.default_rng(1).normal(size=(3, 1024)))
    assert (abs(mean) < 0.2).all() and (half < 0.1).all()  # 1.96 / 32 = 0.06


def test_the_score_before_training_is_a_point_at_update_0_also_where_rollouts_are_merged():
    untrained = StepRecord(0, 0, np.zeros(2, dtype=int), 0.0, {"eval_accuracy": np.array([0.1, 0.3])})
    rows = [record(u, u, grad_norm=[1, 1], **({"eval_accuracy": [0.5, 0.7]} if u % 4 == 0 else {})) for u in range(1, 9)]
    history = result(untrained, *rows).history
    assert rollouts_per_point(history, 8) == 1 and rollouts_per_point(history, 4) == 2
    for points in (8, 4):
        scores = curve(history, "eval_accuracy", points)
        assert scores.x.tolist() == [0, 4, 8] and scores.mean == pytest.approx([0.2, 0.6, 0.6])
    assert curve(history, "grad_norm", 4).x.tolist() == [1.5, 3.5, 5.5, 7.5]
    only = result(untrained)
    assert curve(only.history, "eval_accuracy").x.tolist() == [0] and all_charts({"x": only}) == all_charts({"x": result()})


def test_intervals_do_not_depend_on_whether_another_row_has_a_gap():
    table = np.random.default_rng(0).normal(size=(5, 8))
    with_gap = np.vstack([table, [[np.nan, *range(7)]]])
    for whole, beside in zip(mean_and_half_width(table), mean_and_half_width(with_gap), strict=True):
        np.testing.assert_array_equal(whole, beside[:-1])
        assert np.isfinite(beside[-1])
