"""What a policy would generate is recorded where the batch is surveyed, bounded in number and bytes."""

import numpy as np
import pytest

from core.engine import trainer
from core.engine.tasks import make_task
from core.settings.algorithm import GRPO
from core.settings.run import RunConfig
from tests.core.engine.records import ALGORITHMS, TASKS, records
from tests.support import BANDIT, CHAIN, means_by_loop, small_run


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
