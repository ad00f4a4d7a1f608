"""The probability that one side beats the other, and the shape of its seeds: by hand, by definition, and by how often intervals hold."""

import math

import numpy as np
import pytest
import scipy  # imports scipy.stats when it is first asked for: 0.7 s, not at collection

from core.analysis.shape import UNIFORM, bimodality, is_skewed
from core.analysis.superiority import superiority

DRAWS = 1000
NOISE = 3 * math.sqrt(0.05 * 0.95 / DRAWS)  # three standard errors of a share of 95 %


def test_it_is_the_share_of_pairs_that_are_won_and_half_of_the_ties():
    # 3 beats 1 and 2 and ties with 3; 2 beats 1, ties with 2, loses to 3: (2.5 + 1.5) / 6
    assert superiority(np.array([3.0, 2.0, np.nan]), np.array([1.0, 2.0, 3.0])).mean == pytest.approx(4 / 6)


def test_it_is_mann_whitneys_u_per_pair():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 12).astype(float), rng.integers(1, 7, 9).astype(float)
    assert superiority(a, b).mean == pytest.approx(scipy.stats.mannwhitneyu(a, b).statistic / (12 * 9))


def test_its_bounds_are_z_standard_errors_from_it():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.7, 1, 10), rng.normal(0, 1, 14)
    found = superiority(a, b)
    for theta in found.ci95:  # the equation of Newcombe's method 5, N = (10 + 14) / 2 - 1 = 11
        variance = theta * (1 - theta) / 140 * (1 + 11 * (1 - theta) / (2 - theta) + 11 * theta / (1 + theta))
        assert abs(found.mean - theta) / math.sqrt(variance) == pytest.approx(1.959964, rel=1e-6)
    swapped = superiority(b, a)
    assert swapped.ci95 == pytest.approx((1 - found.high, 1 - found.low))


def test_who_wins_every_comparison_has_an_interval_with_a_width_all_the_same():
    found = superiority(np.arange(16) + 100.0, np.arange(16.0))
    assert found.mean == found.high == 1.0 and 0.8 < found.low < 0.95


def test_below_three_seeds_there_is_no_interval():
    assert superiority(np.array([1.0, 2.0]), np.array([0.0, 3.0, 1.0])).ci95 is None
    assert math.isnan(superiority(np.array([np.nan]), np.array([1.0])).mean)


@pytest.mark.parametrize("seeds", [4, 16])
@pytest.mark.parametrize("shared", [0.0, 0.6])
def test_the_interval_holds_in_95_of_100_draws_and_with_shared_seeds_in_more(seeds, shared):
    rng = np.random.default_rng(2)
    held = dict.fromkeys((0.0, 1.0, 2.0), 0)
    for shift in held:
        truth = scipy.special.ndtr(shift / math.sqrt(2))  # of two independent seeds
        for _ in range(DRAWS):
            common = math.sqrt(shared) * rng.normal(size=seeds)
            a, b = (common + math.sqrt(1 - shared) * rng.normal(size=seeds) for _ in range(2))
            found = superiority(a + shift, b)
            held[shift] += found.low <= truth <= found.high
    assert min(held.values()) / DRAWS > 0.95 - NOISE


def test_the_bimodality_coefficient_by_its_definition():
    values = np.array([0.1, 0.2, 0.2, 0.3, 0.9, 0.7])
    skewness, kurtosis = scipy.stats.skew(values, bias=False), scipy.stats.kurtosis(values, bias=False)
    assert bimodality(values) == pytest.approx((skewness**2 + 1) / (kurtosis + 3 * 25 / (4 * 3)))
    assert math.isnan(bimodality(np.full(8, 0.3))) and math.isnan(bimodality(np.array([1.0, 2.0, 3.0])))


def test_seeds_that_die_or_live_are_told_from_normal_ones():
    rng = np.random.default_rng(3)
    normal = np.mean([is_skewed(rng.normal(size=16)) for _ in range(DRAWS)])
    groups = np.mean([is_skewed((rng.random(16) < 0.5) + 0.05 * rng.normal(size=16)) for _ in range(DRAWS)])
    assert normal < 0.03 and groups > 0.97
    assert bimodality(np.linspace(0, 1, 10_001)) == pytest.approx(UNIFORM, abs=1e-3)
