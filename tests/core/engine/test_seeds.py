"""A seed is itself in any company, and nothing global is read or written."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.engine.types import StepRecord
from core.settings.algorithm import DAPO, GRPO
from tests.core.engine.records import ALGORITHMS, TASKS, assert_same, records, series
from tests.support import CHAIN, small_run


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
    config = small_run(replace(task, noise=0.1, drift=0.5, flip_probability=0.1), algorithm, replicas=3, updates=4, first_seed=3)
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
        small_run(replace(CHAIN, noise=0.1), DAPO, updates=10),
        small_run(replace(CHAIN, noise=0.1), GRPO, updates=10, first_seed=50),
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
