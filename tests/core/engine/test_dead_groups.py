"""What dynamic sampling is expected to cost, against counted draws."""

import numpy as np
import pytest
import scipy  # imports scipy.stats when it is first asked for: 0.7 s, not at collection

from core.engine.dead_groups import dead_chances, expected_rounds


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_a_group_is_dead_if_all_answers_are_alike(rate):
    right = np.random.default_rng(0).random((20_000, 4)) < rate
    wrong_chance, right_chance = dead_chances(rate, 4)
    assert wrong_chance == pytest.approx((~right).all(1).mean(), abs=0.015)
    assert right_chance == pytest.approx(right.all(1).mean(), abs=0.015)


@pytest.mark.parametrize("most", [None, 4])
def test_rounds_are_those_that_chance_takes(most):
    generator = np.random.default_rng(0)
    alive, prompts = 0.3, 16
    taken = []
    for _ in range(4000):
        count, rounds = 0, 0
        while count < prompts:
            count, rounds = count + generator.binomial(prompts, alive), rounds + 1
        taken.append(rounds if most is None else min(rounds, most))
    assert expected_rounds(prompts, alive, most) == pytest.approx(np.mean(taken), abs=4 * np.std(taken) / 63)


def test_where_no_group_is_alive_rounds_have_no_end_but_the_bound():
    assert expected_rounds(16, 0.0) == float("inf")
    assert expected_rounds(16, 0.0, 7) == 7.0
    assert expected_rounds(16, 1.0) == 1.0


@pytest.mark.parametrize("prompts", [1, 2, 8, 64, 512])
@pytest.mark.parametrize("alive", [0.0, 1e-6, 0.003, 0.1, 0.5, 0.99, 1.0])
def test_the_expected_rounds_are_sums_of_scipys_binomial(prompts, alive):
    for most in (1, 3, 20):
        sums = scipy.stats.binom.cdf(prompts - 1, np.arange(most) * prompts, alive).sum()
        assert expected_rounds(prompts, alive, most) == pytest.approx(sums, rel=1e-9)
