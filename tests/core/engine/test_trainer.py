"""The loop: what a record holds, where the scores stand, and when a run ends."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.metrics import LEVELS, METRIC_NAMES
from core.engine import trainer
from core.engine.trainer import train
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.run import Fork
from tests.core.engine.records import ALGORITHMS, TASKS, assert_same, records, series
from tests.support import CHAIN, small_run


@TASKS
@ALGORITHMS
def test_the_ratio_is_1_and_nothing_is_clipped_on_the_first_update_of_each_rollout(task, algorithm):
    found = records(small_run(task, algorithm, learning_rate=0.05, temperature=0.8))
    first = [r for k, r in enumerate(found) if k == 0 or r.rollout != found[k - 1].rollout]
    later = [r for r in found if r not in first]
    assert len(first) == len(later) == 3
    for record in first:
        ratio = record.metrics["ratio_max"]
        np.testing.assert_allclose(ratio[~np.isnan(ratio)], 1.0, rtol=1e-5)
        for name in ("clip_fraction_low", "clip_fraction_high"):
            assert np.nansum(record.metrics[name]) == 0
    assert max(np.nanmax(r.metrics["ratio_max"]) for r in later) > 1.01


def test_all_metrics_are_emitted_and_no_others_each_at_its_level():
    # 7 updates, 2 per rollout: rollouts start at updates 1, 3, 5, 7; surveyed before rollouts 1 and 3, scored
    # before training and after rollout 2, and both at the end.
    untrained, *found = train(small_run(CHAIN, DAPO, updates=7, learning_rate=0.05))
    assert set().union(*(r.metrics for r in found)) == set(METRIC_NAMES)
    at = {"update": [1, 2, 3, 4, 5, 6, 7], "rollout": [1, 3, 5, 7]}
    exceptions = {"kl_base": [1, 5, 7], "eval_accuracy": [4, 7]}
    for name in METRIC_NAMES:
        assert [r.update for r in found if name in r.metrics] == (exceptions.get(name) or at[LEVELS[name]]), name
    assert untrained.update == untrained.rollout == 0 and list(untrained.metrics) == ["eval_accuracy"]
    assert untrained.samples_generated.tolist() == [0, 0, 0] and untrained.distribution is None
    for record in (untrained, *found):
        assert all(values.shape == (3,) and values.dtype == np.float64 for values in record.metrics.values())
    assert [r.update for r in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [r.rollout for r in found] == [1, 1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize("kind", ["plain", "noise", "shaping"])
def test_zero_advantages_are_counted_where_all_are_zero_and_not_where_all_answers_are_wrong_or_right(kind):
    noise, overlong = 0.2 * (kind == "noise"), "soft" if kind == "shaping" else "none"
    algorithm = replace(GRPO, overlong=overlong, overlong_buffer_tokens=4)
    loop = trainer.Trainer(small_run(replace(CHAIN, noise=noise, hard_fraction=0.9), algorithm))
    batches = []
    collect = loop.collector.collect
    loop.collector.collect = lambda *args, **named: batches.append(collect(*args, **named)) or batches[-1]
    metrics = next(loop.rollout()).metrics
    rewards = batches[0][0].rewards  # (R, B, G); a group of equal rewards has advantages of 0 alone
    zero = (rewards.amax(-1) == rewards.amin(-1)).double().mean(1)
    unmixed = metrics["all_wrong_fraction"] + metrics["all_right_fraction"]
    np.testing.assert_allclose(metrics["zero_advantage_fraction"], zero)
    assert unmixed.sum() > 0
    if kind == "plain":
        np.testing.assert_allclose(metrics["zero_advantage_fraction"], unmixed)
    else:
        assert metrics["zero_advantage_fraction"].sum() < unmixed.sum()


@ALGORITHMS
def test_samples_generated_counts_every_completion_of_every_round(algorithm):
    found = records(small_run(CHAIN, algorithm))
    rounds = np.cumsum(series(found, "generation_rounds"), axis=0)
    for record in found:
        assert record.samples_generated.tolist() == (rounds[record.rollout - 1] * 4 * 5).tolist()
    assert (rounds[-1] > 3).any() == (algorithm is DAPO)
    seconds = [r.wall_seconds for r in found]
    assert seconds == sorted(seconds) and seconds[0] > 0


def test_records_already_yielded_do_not_change():
    run = train(small_run(CHAIN, DAPO))
    first = next(run)
    samples, metrics = first.samples_generated.copy(), {name: v.copy() for name, v in first.metrics.items()}
    list(run)
    assert first.samples_generated.tolist() == samples.tolist()
    for name, values in metrics.items():
        np.testing.assert_array_equal(first.metrics[name], values)


def test_without_a_single_live_group_nothing_is_learned_and_clip_metrics_are_empty():
    found = records(small_run(replace(CHAIN, too_hard_fraction=1.0), DAPO, eval_every=1))
    for record in found:
        assert record.metrics["grad_norm"].tolist() == [0.0] * 3
        for name in ("clip_fraction_low", "clip_fraction_high", "upclipped_prob_mean", "ratio_max"):
            assert np.isnan(record.metrics[name]).all()
    assert np.isnan(series(found, "reward_trained_mean")).all()
    assert np.ptp(series(found, "eval_accuracy"), axis=0).tolist() == [0.0] * 3


def test_should_stop_stops_after_the_record_at_hand():
    found = []
    for record in train(small_run(CHAIN, GRPO), should_stop=lambda: len(found) == 4):
        found.append(record)
    assert [r.update for r in found] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("updates", "eval_every", "at"),
    [
        (1, 1, [0, 1]),
        (2, 1, [0, 2]),
        (5, 1, [0, 2, 4, 5]),  # the last rollout has one update: the score before it and the one after it are both there
        (5, 2, [0, 4, 5]),
        (7, 3, [0, 6, 7]),
        (8, 2, [0, 4, 8]),
        (8, 9, [0, 8]),
    ],
)
def test_every_score_stands_at_the_update_and_the_samples_of_its_policy(updates, eval_every, at):
    """Two updates per rollout. The score of the policy after n updates is that of a run which ends there."""
    config = small_run(CHAIN, GRPO, updates=updates, eval_every=eval_every, learning_rate=0.05)
    scored = {r.update: r for r in train(config) if "eval_accuracy" in r.metrics}
    assert list(scored) == at
    for update, record in scored.items():
        assert record.samples_generated.tolist() == [-(-update // 2) * 4 * 5] * 3
        if update:
            ended = list(train(replace(config, updates=update)))[-1]
            assert record.metrics["eval_accuracy"].tolist() == ended.metrics["eval_accuracy"].tolist()
    fresh = trainer.Trainer(config)
    assert scored[0].metrics["eval_accuracy"].tolist() == fresh.score().tolist()


def test_a_fork_begins_with_its_first_update():
    base = small_run(CHAIN, GRPO, eval_every=1)
    fork = list(train(replace(base, updates=5, fork=Fork(run=base, update=2))))
    assert [r.update for r in fork] == [3, 4, 5]
    assert [r.update for r in fork if "eval_accuracy" in r.metrics] == [4, 5]


@pytest.mark.parametrize("each", [1, 2])
@ALGORITHMS
def test_with_a_budget_of_samples_a_seed_trains_until_it_generated_as_many_and_is_silent_afterwards(algorithm, each):
    config = small_run(replace(CHAIN, drift=0.5), algorithm, samples=150, updates_per_rollout=each, learning_rate=0.05)
    together = records(config)
    assert together[-1].samples_generated.min() >= 150
    ends = []
    for row, seed in enumerate(config.seeds):
        alone = records(config.with_replica(seed))
        ends.append(alone[-1].update)
        assert alone[-1].samples_generated.item() >= 150 > alone[-each - 1].samples_generated.item()  # no rollout too many
        assert not np.isnan(alone[-1].metrics["eval_accuracy"]).any()
        for one, other in zip(together, alone, strict=False):
            assert one.samples_generated[row] == other.samples_generated[0]
            for name in METRIC_NAMES:  # measured where it is measured alone, and the same
                ours, theirs = (r.metrics.get(name, np.full(len(r.samples_generated), np.nan)) for r in (one, other))
                np.testing.assert_allclose(ours[row], theirs[0], rtol=1e-4, atol=1e-5, err_msg=f"{name} at {one.update}")
        for record in together[len(alone) :]:
            assert record.samples_generated[row] == alone[-1].samples_generated[0]
            assert all(np.isnan(values[row]) for values in record.metrics.values())
    assert len(together) == max(ends) <= config.most_updates
    assert (len(set(ends)) > 1) == (algorithm is DAPO)  # rounds differ between the seeds
    assert (max(ends) == config.most_updates) == (algorithm is GRPO)


def test_a_fork_leaves_a_run_with_a_budget_of_samples_only_while_every_seed_trains():
    config = small_run(CHAIN, DAPO, samples=150, learning_rate=0.05)
    found = records(config)
    ends = [next(r.update for r in found if r.samples_generated[row] >= 150) + 1 for row in range(3)]
    longer = replace(config, samples=300)
    assert_same(records(replace(longer, fork=Fork(run=config, update=min(ends)))), records(longer)[min(ends) :])
    with pytest.raises(ConfigError, match="choose an earlier update"):
        records(replace(longer, fork=Fork(run=config, update=max(ends))))
    with pytest.raises(ConfigError, match="samples of this fork must be above"):
        records(replace(config, samples=20, fork=Fork(run=config, update=2)))
