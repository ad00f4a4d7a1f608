"""Expected costs against formulas worked out by hand, and against chance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy  # imports scipy.stats when it is first asked for: 0.7 s, not at collection

from core.diagnosis.calculator import POINTS, batch_cost, filtered, measured_rates, shifted, spread_rates
from core.settings.fields import ConfigError


def test_equal_pass_rates_by_hand():
    """p = 0.5 and G = 4: (1/2)^4 all wrong and as many all right."""
    cost = batch_cost(spread_rates(0.5, 0), 4, prompts=1, tokens=100)
    assert (cost.all_wrong, cost.all_right) == (1 / 16, 1 / 16)
    assert cost.rounds == pytest.approx(8 / 7)  # one group at a time: geometric
    assert cost.tokens == pytest.approx(8 / 7 * 4 * 100)


@pytest.mark.parametrize("mean, spread", [(0.3, 0.2), (0.05, 0.5), (0.9, 0.9)])
def test_a_distribution_has_its_mean_and_its_spread(mean, spread):
    found = spread_rates(mean, spread)
    variance = found.weights @ (found.rates - found.mean) ** 2
    assert found.mean == pytest.approx(mean, abs=0.01) and variance == pytest.approx(spread * mean * (1 - mean), rel=0.1)
    assert found.spread == pytest.approx(spread, rel=0.1)


def test_prompts_that_are_always_or_never_solved_carry_no_signal_in_any_group():
    cost = batch_cost(spread_rates(0.4, 1), 64, prompts=8, tokens=1)
    assert cost.dead == 1 and cost.rounds == float("inf")


def test_a_larger_group_leaves_fewer_dead_and_costs_more_completions():
    rates = spread_rates(0.1, 0.3)
    costs = [batch_cost(rates, size, 32, 500) for size in (4, 8, 16, 32)]
    assert all(a.dead > b.dead for a, b in pairwise(costs))


def test_an_easier_mix_and_a_filter():
    hard = spread_rates(0.02, 0.3)
    assert shifted(hard, 2.0).mean > hard.mean > shifted(hard, -2.0).mean
    kept, share = filtered(hard, 0.0, 1.0, tries=16)
    assert batch_cost(kept, 8, 16, 1).dead < batch_cost(hard, 8, 16, 1).dead and 0 < share < 1
    # what is kept are the prompts with neither 0 nor 16 right answers: a group of 16 of theirs would have been informative
    assert share == pytest.approx(1 - batch_cost(hard, 16, 16, 1).dead)


@pytest.mark.parametrize("wrong", [lambda: spread_rates(1.2, 0), lambda: spread_rates(0.5, -1), lambda: measured_rates(np.array([])),
                                   lambda: measured_rates(np.array([0.5, np.nan])), lambda: filtered(spread_rates(0, 0), 0, 1, 8)])  # fmt: skip
def test_what_is_no_share_is_refused(wrong):
    with pytest.raises(ConfigError, match="must"):
        wrong()


def test_the_distributions_are_scipys():
    at = (np.arange(POINTS) + 0.5) / POINTS
    for mean in (0.01, 0.3, 0.99):
        for spread in (0.01, 0.3, 0.99):
            strength = 1 / spread - 1
            wanted = scipy.stats.beta.ppf(at, mean * strength, (1 - mean) * strength)
            np.testing.assert_allclose(spread_rates(mean, spread).rates, wanted, rtol=1e-9, atol=1e-300)
    rates = np.array([1e-12, 0.1, 0.5, 0.9])
    found, kept = filtered(measured_rates(rates), 0.0, 1.0, 128)
    chance = scipy.stats.binom.pmf(np.arange(1, 128)[:, None], 128, rates[None]).sum(0)
    assert kept == pytest.approx(chance.mean(), rel=1e-9)
    np.testing.assert_allclose(found.weights, chance / chance.sum(), rtol=1e-9)
