"""How often an interval excludes the truth where there is no effect: at most 7 % at every number of seeds, by repetition."""

import numpy as np
import pytest

from core.analysis import stats

TRIALS = 20_000  # a share of 5 % is known to 0.15 points
MOST = 0.07
SEEDS = (3, 4, 8, 16, 64)
DRAWS = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "lognormal": lambda draw, shape: draw.lognormal(size=shape),
    "exponential": lambda draw, shape: draw.exponential(size=shape),
    "most live, some die": lambda draw, shape: np.where(draw.random(shape) < 0.2, 0.05, 0.9) + 0.02 * draw.normal(size=shape),
}


def false_alarms(differences: np.ndarray) -> float:
    """Share of the rows of (TRIALS, n) whose interval excludes 0."""
    low, high = stats.intervals(differences)[:, 1:].T
    return float(((low > 0) | (high < 0)).mean())


@pytest.mark.parametrize("count", SEEDS)
@pytest.mark.parametrize("kind", DRAWS)
def test_a_paired_difference_without_an_effect_is_called_one_in_at_most_7_percent(kind, count):
    draw = np.random.default_rng(count)
    ours, theirs = (DRAWS[kind](draw, (TRIALS, count)) for _ in range(2))
    assert false_alarms(ours - theirs) <= MOST


@pytest.mark.parametrize("count", SEEDS)
def test_intervals_of_normal_values_miss_as_often_as_they_say(count):
    """Neither more nor less: an interval that is always wide would raise no false alarm either."""
    assert 0.045 <= false_alarms(np.random.default_rng(count).normal(size=(TRIALS, count))) <= 0.055


def test_two_seeds_raise_no_alarm_because_they_have_no_interval():
    assert np.isnan(stats.intervals(np.random.default_rng(2).normal(size=(100, 2)))[:, 1:]).all()


@pytest.mark.parametrize("count", SEEDS)
def test_the_mean_of_one_skewed_sample_misses_more_often_which_the_docstring_says(count):
    missed = false_alarms(np.random.default_rng(count).lognormal(size=(TRIALS, count)) - np.exp(0.5))
    assert MOST < missed < 0.2


@pytest.mark.parametrize("count", SEEDS)
def test_a_ratio_of_equals_excludes_one_in_at_most_7_percent_and_is_finite_or_absent(count):
    draw = np.random.default_rng(count)
    ours, theirs = (1 + 0.4 * draw.normal(size=(1000, count)) for _ in range(2))
    found = [stats.ratio(a, b) for a, b in zip(ours, theirs, strict=True)]
    known = [one for one in found if one.ci95 is not None]
    assert all(np.isfinite(one).all() for one in known)
    assert sum(one.low > 1 or one.high < 1 for one in known) / len(found) <= MOST
