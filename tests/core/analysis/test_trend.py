"""Whether a score still rises: a slope with an interval, over the second half of the updates."""

import numpy as np
import pytest
import scipy  # imports scipy.stats when it is first asked for: 0.7 s, not at collection

from core.analysis.trend import WINDOWS, rising_seeds

UPDATES = np.arange(1, 401)
END = np.array([400])


def rises(values: np.ndarray, end: np.ndarray = END) -> float:
    return rising_seeds(UPDATES, values[:, None], end)[0]


def test_it_is_the_slope_of_the_window_means_with_students_interval():
    draw = np.random.default_rng(0)
    found, expected = [], []
    for slope in np.linspace(-0.002, 0.004, 25):
        values = 0.3 + slope * UPDATES + draw.normal(size=400) * 0.3
        line = scipy.stats.linregress(np.arange(WINDOWS), values[200:].reshape(WINDOWS, -1).mean(1))
        found.append(rises(values))
        expected.append(float(line.slope - scipy.stats.t.ppf(0.975, WINDOWS - 2) * line.stderr > 0))
    assert found == expected and 3 < sum(found) < 22


def test_what_rose_in_the_first_half_no_longer_rises():
    values = np.minimum(UPDATES, 200) / 200
    assert rises(values) == 0.0 and rises(values, np.array([200])) == 1.0 and rises(-values, np.array([200])) == 0.0


@pytest.mark.parametrize(("every", "told"), [(10, True), (40, True), (60, False)])
def test_a_few_measurements_are_no_trend(every, told):
    values = np.where(UPDATES % every == 0, UPDATES / 400, np.nan)
    assert rises(values) == 1.0 if told else np.isnan(rises(values))


def test_level_scores_are_called_rising_as_often_as_an_interval_of_95_percent_errs():
    level = np.random.default_rng(1).normal(size=(400, 2000))
    share = rising_seeds(UPDATES, level, np.full(2000, 400)).mean()
    assert 0.015 < share < 0.035  # 2.5 % lie above the interval


def test_a_fork_counts_from_where_it_began():
    values = np.where(UPDATES < 300, 0.0, UPDATES / 400.0)
    assert (
        rising_seeds(UPDATES[199:], np.minimum(values, 0.75)[199:, None], END)[0] == 0.0
    )  # level since 300, the half of 200 to 400
