"""The curves and lengths that the Learn pages draw are those that training gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.history import History
from core.analysis.stats import mean_over_seeds
from core.data.comparison import SHIPPED_COMPARISON
from core.data.recorded import CURVES, LENGTHS, RECORDED, by_rollout, curve, lengths, record, recorded_runs
from core.engine.types import StepRecord
from tests.support import mostly_thorough

ANEW = 2  # rollouts of a curve that are trained anew; of lengths one more, to their second frame
RUNS = recorded_runs()


@pytest.mark.parametrize("pair", mostly_thorough(CURVES, lambda pair: pair[0] != "addition"), ids="/".join)
def test_a_curve_is_what_training_gives(pair):
    label = "/".join(pair)
    stored, made = RECORDED.results[label].history, record(label, RUNS[label], until=ANEW).history
    rows = len(made)
    assert stored.rollouts[-1] == RUNS[label].rollouts
    assert stored.updates[:rows].tolist() == made.updates.tolist()
    for name in CURVES[pair]:
        near(pair[0], name, stored.metric(name)[:rows], made.metric(name))


def near(scenario: str, name: str, known: np.ndarray, made: np.ndarray) -> None:
    """`addition` begins with a base model that is built on the spot, and after a thousand steps of imitation another kind of
    processor has built another one. Seen between two kinds: fractions and nats differ by up to 0.09, gradient norms by half."""
    if scenario != "addition":
        np.testing.assert_allclose(made, known, rtol=2e-3, atol=1e-6, err_msg=name)
    else:
        rough = {"rtol": 0.75} if name == "grad_norm" else {"rtol": 0, "atol": 0.15}
        np.testing.assert_allclose(mean_over_seeds(made), mean_over_seeds(known), **rough, err_msg=name)


@pytest.mark.parametrize("label", LENGTHS)
def test_the_lengths_are_what_training_gives(label):
    stored, made = RECORDED.tables(label), record(label, RUNS[label], until=ANEW + 1).tables
    assert stored.keys() == made.keys() and len(made["update"]) == 2 and made["update"][0] == 1
    for name, values in made.items():
        np.testing.assert_allclose(stored[name][:2], values, rtol=0, atol=2e-3, err_msg=name)
    np.testing.assert_allclose(stored["ended"].sum(1) + stored["cut"], 1, rtol=1e-6)


def test_the_figure_gets_the_lengths_as_plain_numbers():
    for treatment, label in zip(lengths(), LENGTHS, strict=True):
        frames = lengths()[treatment]["frames"]
        assert [one["update"] for one in frames] == RECORDED.tables(label)["update"].tolist()
        assert frames[-1]["cut"] == pytest.approx(RECORDED.tables(label)["cut"][-1], rel=1e-3)
        assert len(lengths()[treatment]["eval_accuracy"]) > 2


def test_a_row_per_rollout_is_each_seeds_mean_over_its_updates_and_an_evaluation_keeps_its_own():
    history = History((0, 1))
    rows = [  # update, rollout, grad_norm, eval_accuracy
        (1, 1, [1.0, 2.0], [0.1, 0.1]), (2, 1, [3.0, np.nan], None), (3, 2, [5.0, 5.0], None), (4, 2, [7.0, 9.0], [0.5, 0.7])
    ]  # fmt: skip
    for update, rollout, grad_norm, score in rows:
        metrics = {"grad_norm": np.array(grad_norm)} | ({} if score is None else {"eval_accuracy": np.array(score)})
        history.append(StepRecord(update, rollout, np.array([4, 4]), 0.0, metrics))
    found = by_rollout(history, ("grad_norm", "eval_accuracy"))
    nothing = [np.nan, np.nan]
    assert found.updates.tolist() == [1, 3, 4]
    np.testing.assert_array_equal(found.metric("grad_norm"), [[2, 2], [6, 7], nothing])
    np.testing.assert_array_equal(found.metric("eval_accuracy"), [[0.1, 0.1], nothing, [0.5, 0.7]])


def test_a_curve_of_the_shipped_run_is_its_mean_over_seeds():
    history = SHIPPED_COMPARISON.results["DAPO"].history
    entropy = dict(zip(history.updates.tolist(), mean_over_seeds(history.metric("entropy_nats")), strict=True))
    points = curve("collapse", "DAPO", "entropy_nats")
    assert len(points) == history.rollouts[-1]
    for update, value in points:
        assert value == pytest.approx(entropy[update], rel=1e-3)
