"""The loop: what a record holds, that seeds are seeds in any company, and that the updates are those of plain PyTorch."""

import math
import threading
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis.metrics import LEVELS, METRIC_NAMES
from core.engine import trainer
from core.engine.policies import Parameters, make_policy
from core.engine.policies.mlp import MLPPolicy
from core.engine.rng import ReplicaStreams
from core.engine.rollout import RolloutCollector
from core.engine.tasks import make_task
from core.engine.tasks.chain import Chain
from core.engine.trainer import train
from core.engine.types import StepRecord, TrainingDiverged
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.run import Fork, RunConfig
from tests.support import ARITHMETIC, BANDIT, CHAIN, means_by_loop, small_run

TASKS = pytest.mark.parametrize("task", [CHAIN, BANDIT, ARITHMETIC], ids=["chain", "bandit", "arithmetic"])
ALGORITHMS = pytest.mark.parametrize("algorithm", [GRPO, DAPO], ids=["GRPO", "DAPO"])


def records(config: RunConfig, **options) -> list[StepRecord]:
    """Those of the updates."""
    return [record for record in train(config, **options) if record.update]


def assert_same(found: list[StepRecord], expected: list[StepRecord], *, rtol: float = 0.0, rows=slice(None)) -> None:
    """The same records but for wall_seconds; `rows` picks the replicas of `found`. With rtol 0: bit for bit."""
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        assert (one.update, one.rollout) == (other.update, other.rollout)
        assert one.samples_generated[rows].tolist() == other.samples_generated.tolist()
        assert set(one.metrics) == set(other.metrics)
        for name, values in other.metrics.items():
            np.testing.assert_allclose(
                one.metrics[name][rows],
                values,
                rtol=rtol,
                atol=rtol / 10,
                equal_nan=True,
                err_msg=f"{name} at update {one.update}",
            )
        assert (one.distribution is None) == (other.distribution is None)
        if other.distribution is not None:
            for name in ("token_probs", "rank_probs"):
                ours, theirs = (getattr(r.distribution, name) for r in (one, other))
                np.testing.assert_allclose(ours[rows], theirs, rtol=rtol, atol=rtol / 10, err_msg=f"{name} at {one.update}")


def series(found: list[StepRecord], name: str) -> np.ndarray:
    """(updates at which it was measured, R)."""
    return np.stack([r.metrics[name] for r in found if name in r.metrics])


# -- records -------------------------------------------------------------------------------------------------------------------


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


# -- distributions ---------------------------------------------------------------------------------------------------------------


@TASKS
@ALGORITHMS
def test_the_distribution_is_recorded_where_the_batch_is_surveyed(task, algorithm):
    found = records(
        small_run(task, algorithm, updates=15, eval_every=3)
    )  # 2 updates per rollout: surveyed before 1, 7, 13, after 15
    looked = [r.update for r in found if r.distribution is not None]
    assert looked == [r.update for r in found if "kl_base" in r.metrics] == [1, 7, 13, 15]
    assert [r.update for r in found if "eval_accuracy" in r.metrics] == [6, 12, 15]
    for record in (found[0], found[-1]):
        tokens, ranks = record.distribution.token_probs, record.distribution.rank_probs
        assert tokens.dtype == ranks.dtype == np.float32 and tokens.shape == ranks.shape == (3, make_task(task).vocab_size)
        np.testing.assert_allclose([tokens.sum(1), ranks.sum(1)], 1.0, rtol=1e-5)
        assert (np.diff(ranks) <= 0).all() and (ranks[:, 0] >= tokens.max(1) - 1e-6).all()


def test_the_first_distribution_is_that_of_the_initial_policy_where_it_generated():
    config = small_run(CHAIN, GRPO)
    started = trainer.Trainer(config)
    batch, _ = started.collector.collect(started.params, 0.0)
    chances = started.policy.distribution(started.params.detached(), batch.prompts, batch.tokens, config.temperature).exp()
    by_token, by_rank = means_by_loop(chances, batch.mask)
    first = records(config)[0].distribution
    np.testing.assert_allclose(first.token_probs, by_token, rtol=1e-4)
    np.testing.assert_allclose(first.rank_probs, by_rank, rtol=1e-4)


def test_a_policy_that_learns_the_bandit_ends_on_its_best_action():
    final = records(small_run(BANDIT, GRPO, updates=200, learning_rate=0.01, num_prompts=8, group_size=16))[-1].distribution
    assert (final.token_probs[:, 1] > 0.9).all() and (final.rank_probs[:, 0] > 0.9).all()


@pytest.mark.parametrize(
    ("replicas", "vocabulary", "rollouts", "eval_every", "expected"),
    [
        (16, 7, 60, 5, 5),  # 12 evaluations: all of them
        (16, 7, 1000, 5, 10),  # 200 evaluations: at most 100, every other one
        (16, 7, 1001, 5, 15),  # 201: every third
        (1024, 257, 10, 1, 10),  # 2.1 MB each: the first alone, and the last
    ],
)
def test_distributions_are_bounded_in_number_and_bytes(replicas, vocabulary, rollouts, eval_every, expected):
    config = RunConfig(task=CHAIN, updates=rollouts, updates_per_rollout=1, eval_every=eval_every, replicas=replicas)
    every = trainer.distribution_every(config, vocabulary)
    kept = 1 + -(-rollouts // every)
    assert every == expected and every % eval_every == 0
    assert kept <= 101 and (kept - 1) * 8 * replicas * vocabulary <= 4_000_000


def test_a_long_run_keeps_fewer_distributions_than_evaluations(monkeypatch):
    monkeypatch.setattr(trainer, "MAX_DISTRIBUTIONS", 3)
    found = records(small_run(BANDIT, GRPO, updates=20, eval_every=1))  # 10 rollouts, every 4th of them: before 1, 9, 17
    assert [r.update for r in found if r.distribution is not None] == [1, 9, 17, 20]
    assert len([r for r in found if "eval_accuracy" in r.metrics]) == 10


# -- seeds ---------------------------------------------------------------------------------------------------------------------


@TASKS
@ALGORITHMS
def test_the_same_seed_gives_the_same_records_bit_for_bit(task, algorithm):
    config = small_run(replace(task, noise=0.1), algorithm)
    assert_same(records(config), records(config))


def test_another_seed_gives_other_records():
    one, other = (records(small_run(CHAIN, GRPO, first_seed=seed, updates=1))[0] for seed in (0, 100))
    assert one.metrics["grad_norm"].tolist() != other.metrics["grad_norm"].tolist()


@TASKS
@ALGORITHMS
def test_a_seed_is_itself_in_any_company(task, algorithm):
    config = small_run(replace(task, noise=0.1, drift=0.5, flip_probability=0.1), algorithm, replicas=4, updates=4, first_seed=3)
    together = records(config)
    for r, seed in enumerate(config.seeds):
        assert_same(together, records(config.with_replica(seed)), rtol=1e-5, rows=[r])


def test_per_replica_settings_equal_separate_runs():
    algorithm = replace(GRPO, eps_low=(0.2, 0.02, 0.3), eps_high=(0.02, 0.4, 0.2))
    # Four passes over eight prompts, so that the ratios leave each replica's own clip range.
    sizes = {"num_prompts": 8, "group_size": 7, "updates_per_rollout": 8, "epochs": 4, "updates": 8}
    config = small_run(CHAIN, algorithm, learning_rate=(0.1, 0.05, 0.02), **sizes)
    together = records(config)
    for r, seed in enumerate(config.seeds):
        alone = config.with_replica(seed)
        assert isinstance(alone.learning_rate, float) and isinstance(alone.algorithm.eps_low, float)
        assert_same(together, records(alone), rtol=1e-5, rows=[r])
    assert (series(together, "clip_fraction_high") + series(together, "clip_fraction_low")).max(0).min() > 0


@pytest.mark.parametrize("name", ["eps_low", "eps_high"])
def test_a_clip_range_per_replica_reaches_the_loss(name):
    """The same seed's curves at a tight and a wide range, side by side in one run's settings."""
    sizes = {"num_prompts": 8, "group_size": 7, "updates_per_rollout": 8, "epochs": 4, "updates": 8}
    eps = [(0.02, 0.02, 0.02), (0.02, 0.02, 0.9)]
    runs = [records(small_run(CHAIN, replace(GRPO, **{name: e}), learning_rate=0.1, **sizes)) for e in eps]
    norms = [series(run, "grad_norm") for run in runs]
    np.testing.assert_allclose(norms[0][:, :2], norms[1][:, :2], rtol=1e-5)
    assert (abs(norms[0][:, 2] - norms[1][:, 2]) > 1e-3).any()


def test_two_runs_at_the_same_time_equal_each_alone_bit_for_bit():
    configs = [
        small_run(replace(CHAIN, noise=0.1), DAPO, updates=20),
        small_run(replace(CHAIN, noise=0.1), GRPO, updates=20, first_seed=50),
    ]
    alone = [records(config) for config in configs]
    together: dict[int, list[StepRecord]] = {}
    start = threading.Barrier(2)

    def work(k: int) -> None:
        start.wait()
        together[k] = records(configs[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(2):
        assert_same(together[k], alone[k])


@TASKS
def test_the_global_random_state_is_neither_read_nor_written(task):
    config = small_run(replace(task, noise=0.1), DAPO)
    with torch.random.fork_rng():
        torch.manual_seed(31337)
        before = torch.get_rng_state()
        first = records(config)
        assert torch.get_rng_state().equal(before)
        torch.manual_seed(999)
        assert_same(records(config), first)


# -- the update ----------------------------------------------------------------------------------------------------------------


def plain_loss(config: RunConfig, batch, scores, base: Tensor | None, slots: range) -> Tensor:
    """The loss of one replica's minibatch, with one completion after the other."""
    algorithm, total, tokens, sequences = config.algorithm, 0.0, 0, 0
    for b in slots:
        if not batch.live[0, b]:
            continue
        rewards = batch.rewards[0, b]
        std = rewards.std() if algorithm.normalize_std else 1 - 1e-6
        for g in range(config.group_size):
            length = int(batch.mask[0, b, g].sum())
            advantage = (rewards[g] - rewards.mean()) / (std + 1e-6) if rewards.max() > rewards.min() else 0.0
            ratio = (scores.logprobs[0, b, g, :length] - batch.old_logprobs[0, b, g, :length]).exp()
            wide = algorithm.reward_clip_factor if rewards[g] > 0.5 else 1.0
            clipped = ratio.clamp(1 - algorithm.eps_low, 1 + wide * algorithm.eps_high)
            losses = -torch.minimum(ratio * advantage, clipped * advantage)
            if algorithm.kl_coef:
                d = scores.logprobs[0, b, g, :length] - base[0, b, g, :length]
                losses = losses + algorithm.kl_coef * (torch.exp(-d) + d - 1)
            if algorithm.entropy_coef:
                losses = losses - algorithm.entropy_coef * scores.entropy[0, b, g, :length]
            total = total + (losses.mean() if algorithm.loss_aggregation == "sequence_mean" else losses.sum())
            tokens, sequences = tokens + length, sequences + 1
    return total / {"sequence_mean": sequences, "token_mean": tokens, "constant": sequences * 6}[algorithm.loss_aggregation]


@pytest.mark.parametrize(
    "algorithm",
    [
        GRPO,
        DAPO,
        replace(GRPO, loss_aggregation="constant", normalize_std=False),
        replace(DAPO, kl_coef=0.3, entropy_coef=0.05, overlong="none"),
        replace(GRPO, reward_clip_factor=3.0, eps_high=0.05),
    ],
    ids=["GRPO", "DAPO", "Dr-GRPO", "KL-and-entropy", "lab-clip"],
)
def test_updates_equal_plain_pytorch_with_adam_and_clip_grad_norm(algorithm):
    # Two passes over two minibatches of four prompts: in the second pass the ratios have moved.
    config = small_run(
        CHAIN,
        algorithm,
        replicas=1,
        updates=4,
        num_prompts=8,
        group_size=7,
        updates_per_rollout=4,
        epochs=2,
        learning_rate=0.1,
        max_grad_norm=0.05,
        temperature=0.8,
    )
    task = make_task(config.task)
    policy, streams = make_policy(task), ReplicaStreams(config.seeds)
    params = policy.initial(streams.generators)
    batch, _ = RolloutCollector(config, task, policy, streams).collect(params, 0.0)
    assert (batch.live & batch.correct.any(-1) & ~batch.correct.all(-1)).sum() >= 3  # there is something to learn from
    weights = torch.nn.Parameter(params.flat.clone())
    optimiser = torch.optim.Adam([weights], lr=0.1)
    base = policy.base_logprobs(batch.prompts, batch.tokens, 0.8)
    found = records(config)
    live, first = batch.live[0], found[0].metrics
    assert first["reward_trained_mean"].item() == pytest.approx(batch.rewards[0][live].mean().item(), rel=1e-5)
    divergence = policy.survey(params, batch.prompts, batch.tokens, batch.mask, 0.8).kl_to_base
    assert first["kl_base"].item() == pytest.approx(divergence[batch.trained_mask].mean().item(), rel=1e-5)
    for k, record in enumerate(found):
        scores = policy.scores(Parameters(weights, params.shapes), batch.prompts, batch.tokens, 0.8, entropy=True)
        loss = plain_loss(config, batch, scores, base, range(k % 2, 8, 2))
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([weights], 0.05)
        optimiser.step()
        assert record.metrics["loss"].item() == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)
        assert record.metrics["grad_norm"].item() == pytest.approx(norm.item(), rel=1e-4)
    assert max(r.metrics["grad_norm"].item() for r in found) > 0.05  # the limit does act
    assert series(found, "clip_fraction_low").max() > 0  # and so do the clips
    assert series(found, "clip_fraction_high").max() > 0


def test_the_minibatches_of_an_epoch_are_every_nth_slot():
    """With epochs 2, updates 3 and 4 see the slots of updates 1 and 2 again: the same tokens in the same number."""
    config = small_run(BANDIT, GRPO, updates=4, num_prompts=6, updates_per_rollout=4, epochs=2, learning_rate=1e-6)
    loss = series(records(config), "loss")
    np.testing.assert_allclose(loss[2:], loss[:2], atol=1e-4)
    norms = series(records(config), "grad_norm")
    np.testing.assert_allclose(norms[2:], norms[:2], rtol=1e-3)
    assert (abs(norms[0] - norms[1]) > 1e-3).any()


@pytest.mark.parametrize("aggregation", ["sequence_mean", "token_mean", "constant"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_micro_batches_leave_every_metric_unchanged(aggregation, pieces):
    # 6 prompts, 2 updates: minibatches of 3, in pieces of 1 + 1 + 1 or 2 + 1.
    algorithm = replace(DAPO, loss_aggregation=aggregation, kl_coef=0.1, entropy_coef=0.01, max_rounds=1)
    config = small_run(CHAIN, algorithm, num_prompts=6, updates=4, learning_rate=0.05)
    assert_same(records(replace(config, micro_batch_prompts=pieces)), records(config), rtol=1e-5)


def test_dapo_is_grpo_where_lengths_clips_and_filters_coincide():
    # The bandit's completions are one token long, so that both aggregations are the mean over completions.
    dapo = replace(DAPO, eps_high=0.2, dynamic_sampling="off", overlong="none")
    grpo_records, dapo_records = (records(small_run(BANDIT, a, updates=20, learning_rate=0.02)) for a in (GRPO, dapo))
    assert_same(dapo_records, grpo_records, rtol=1e-5)
    assert series(grpo_records, "clip_fraction_high").max() > 0


def test_where_lengths_differ_dapo_is_not_grpo():
    dapo = replace(DAPO, eps_high=0.2, dynamic_sampling="off", overlong="none")
    one, other = (records(small_run(CHAIN, a, updates=1))[0].metrics["grad_norm"] for a in (GRPO, dapo))
    assert (abs(one - other) > 1e-3).any()


def test_the_bandit_learns_past_a_threshold():
    found = records(small_run(BANDIT, GRPO, updates=120, num_prompts=8, group_size=8, updates_per_rollout=4, learning_rate=0.02))
    rewards = series(found, "eval_accuracy")
    assert series([next(train(small_run(BANDIT, GRPO)))], "eval_accuracy").max() < 0.7 and rewards[-1].min() > 0.95
    assert series(found, "entropy_nats")[0].min() > 0.9 and series(found, "entropy_nats")[-1].max() < 0.5


def test_drift_is_told_how_much_of_training_has_passed(monkeypatch):
    seen, plain = [], Chain.sample_prompts

    def watched(self, streams, count, active, progress):
        seen.append(progress)
        return plain(self, streams, count, active, progress)

    monkeypatch.setattr(Chain, "sample_prompts", watched)
    records(small_run(replace(CHAIN, drift=1.0), GRPO))
    assert seen == [0.0, 2 / 6, 4 / 6]


# -- the lab's defects ---------------------------------------------------------------------------------------------------------


def test_the_undetached_ratio_has_gradient_zero_and_learns_nothing():
    config = small_run(CHAIN, replace(GRPO, defects=("undetached_ratio",)), learning_rate=0.1, eval_every=1)
    found = records(config)
    assert series(found, "grad_norm").max() == 0.0
    assert (series(found, "ratio_max") == 1.0).all()
    assert np.ptp(series(found, "kl_base"), axis=0).max() < 1e-2  # only the sampled tokens differ
    healthy = records(replace(config, algorithm=GRPO))
    assert series(healthy, "grad_norm").max() > 0
    with_bonus = records(replace(config, algorithm=replace(config.algorithm, entropy_coef=0.01)))
    assert series(with_bonus, "grad_norm").min() > 0


def test_the_single_update_defect_keeps_the_ratio_at_1_for_ever():
    found = records(small_run(CHAIN, replace(GRPO, defects=("single_update",)), learning_rate=0.1))
    assert [r.rollout for r in found] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(series(found, "ratio_max"), 1.0, rtol=1e-5)
    assert series(found, "clip_fraction_high").max() == series(found, "clip_fraction_low").max() == 0.0


# -- divergence ----------------------------------------------------------------------------------------------------------------


def diverging(updates_per_rollout: int) -> RunConfig:
    """Three seeds, 7 to 9; seed 8 has a learning rate that no configuration allows."""
    config = small_run(BANDIT, GRPO, learning_rate=(1e-3, 0.5, 1e-3), first_seed=7, updates_per_rollout=updates_per_rollout)
    object.__setattr__(config, "learning_rate", (1e-3, 1e38, 1e-3))
    return config


@pytest.mark.parametrize("updates_per_rollout", [1, 4])
def test_divergence_names_update_tensor_and_seed_after_the_good_records(updates_per_rollout):
    config, seen = diverging(updates_per_rollout), []
    with pytest.raises(TrainingDiverged) as caught:
        for record in train(config):
            seen += [record] if record.update else []
    error = caught.value
    assert [r.update for r in seen] == list(range(1, error.update)) and 1 < error.update < 7
    assert error.tensor in ("loss", "grad_norm") and error.seeds == [8]
    assert str(error) == (
        f"training diverged at update {error.update}: {error.tensor} is not finite for seed(s) 8; lower learning_rate or max_grad_norm"
    )
    # The others' records are those of a healthy run.
    for r, seed in ((0, 7), (2, 9)):
        healthy = replace(config, learning_rate=1e-3).with_replica(seed)
        assert_same(seen, list(islice(train(healthy), 1, len(seen) + 1)), rtol=1e-5, rows=[r])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_named_even_if_its_gradient_is(monkeypatch, value):
    plain, calls = trainer.policy_loss, []

    def spoiled(*arguments, **settings):
        loss, stats = plain(*arguments, **settings)
        calls.append(0)
        return (loss + torch.tensor([value, 0.0, value]) if len(calls) == 3 else loss), stats

    monkeypatch.setattr(trainer, "policy_loss", spoiled)
    seen = []
    with pytest.raises(TrainingDiverged, match=r"update 3: loss is not finite for seed\(s\) 5, 7;"):
        for record in train(small_run(CHAIN, GRPO, first_seed=5)):
            seen += [record] if record.update else []
    assert [r.update for r in seen] == [1, 2]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_named_too(monkeypatch, value):
    """A finite loss with an infinite slope: the gradient of the second update is spoiled on its way."""
    scale = {"calls": 0}

    def spoil(gradient: Tensor) -> Tensor:
        scale["calls"] += 1
        if scale["calls"] == 2:
            gradient = gradient.clone()
            gradient[2, 0] = value
        return gradient

    plain = MLPPolicy.scores

    def scores(self, params, *arguments, **options):
        flat = params.flat.view_as(params.flat)
        if flat.requires_grad:
            flat.register_hook(spoil)
        return plain(self, Parameters(flat, params.shapes), *arguments, **options)

    monkeypatch.setattr(MLPPolicy, "scores", scores)
    seen = []
    with pytest.raises(TrainingDiverged, match=r"update 2: grad_norm is not finite for seed\(s\) 2;"):
        for record in train(small_run(CHAIN, GRPO)):
            seen += [record] if record.update else []
    assert [r.update for r in seen] == [1]


# -- a budget of samples -----------------------------------------------------------------------------------------------------------


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
