"""Intervals, paired comparisons and detectors, against numbers worked out by hand."""

import numpy as np
import pytest

from core.analysis import detectors, stats


def test_student_t_quantiles_are_those_of_the_printed_tables():
    table = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 7: 2.365, 15: 2.131, 30: 2.042}
    for degrees, value in table.items():
        assert stats.student_t_quantile(0.975, degrees) == pytest.approx(value, abs=6e-4)


def test_the_interval_of_sixteen_values_covers_the_mean_in_about_95_percent_of_cases(monkeypatch):
    monkeypatch.setattr(stats, "RESAMPLES", 1000)
    draw = np.random.default_rng(3)
    trials, hits = 600, 0
    for _ in range(trials):
        low, high = stats.estimate(draw.normal(size=16)).ci95
        hits += low <= 0 <= high
    assert 0.925 <= hits / trials <= 0.975  # the plain percentile interval reaches 0.915 here


def test_equal_values_give_an_interval_of_no_width_and_one_value_gives_none():
    assert stats.estimate(np.full(5, 0.3)).ci95 == pytest.approx((0.3, 0.3))
    assert stats.estimate(np.array([0.3])).ci95 is None
    assert np.isnan(stats.estimate(np.array([np.nan])).mean)


def test_the_same_values_give_the_same_interval_and_leave_the_global_generator_alone():
    values = np.random.default_rng(0).normal(size=12)
    state = np.random.get_state()[1].copy()
    assert stats.estimate(values) == stats.estimate(values)
    assert (np.random.get_state()[1] == state).all()


def test_a_paired_difference_is_narrower_than_its_seeds_are_apart():
    seeds = np.arange(16.0)  # very different seeds, each 0.5 better
    result = stats.difference(seeds + 0.5, seeds)
    assert result.mean == pytest.approx(0.5)
    assert result.ci95 == pytest.approx((0.5, 0.5))


def test_a_ratio_is_the_ratio_of_means_and_not_the_mean_of_ratios():
    # means 3 and 2: ratio 1.5; the mean of the ratios 4/1 and 2/3 would be 2.33
    assert stats.ratio(np.array([4.0, 2.0]), np.array([1.0, 3.0])).mean == pytest.approx(1.5)


def test_seeds_that_were_not_measured_are_left_out_of_both_sides():
    result = stats.difference(np.array([1.0, np.nan, 3.0]), np.array([0.0, 5.0, 0.0]))
    assert result.mean == pytest.approx(2.0)  # (1 + 3) / 2


def test_the_interquartile_mean_drops_a_quarter_at_each_end():
    assert stats.interquartile_mean(np.array([100.0, 1.0, 2.0, 3.0, 4.0, -50.0, 5.0, 6.0])) == pytest.approx(3.5)  # 2 3 4 5


def test_initial_is_the_first_three_updates_and_final_the_last_tenth():
    updates = np.arange(1, 21)
    values = np.arange(1.0, 21.0)[:, None]
    assert stats.initial_values(updates, values) == pytest.approx([2.0])  # (1 + 2 + 3) / 3
    assert stats.final_values(updates, values) == pytest.approx([19.5])  # updates 19 and 20
    assert stats.final_values(updates, values, until=10) == pytest.approx([10.0])  # update 10 alone


def test_final_falls_back_to_the_last_measured_value():
    values = np.full((20, 1), np.nan)
    values[4] = 0.7
    assert stats.final_values(np.arange(1, 21), values) == pytest.approx([0.7])
    assert np.isnan(stats.final_values(np.arange(1, 21), np.full((20, 1), np.nan))).all()


def test_a_curve_is_read_at_a_number_of_samples_by_straight_lines():
    samples = np.array([[0, 0], [100, 200], [200, 400]])
    values = np.array([[0.0, 0.0], [1.0, np.nan], [2.0, 1.0]])
    # seed 0: mean of the line over 90 … 100 = 0.95; seed 1 is measured at 0 and 400 only: over 180 … 200 mean 190 / 400
    assert stats.value_at_samples(samples, values, np.array([100, 200])) == pytest.approx([0.95, 0.475])


def naive_first_below(updates, values, threshold):
    for end, update in enumerate(updates):
        window = [
            v
            for u, v in zip(updates[: end + 1], values, strict=False)
            if u > update - detectors.EVENT_UPDATES and not np.isnan(v)
        ]
        if update >= detectors.EVENT_UPDATES and window and np.mean(window) < threshold:
            return update
    return None


@pytest.mark.parametrize("seed", range(5))
def test_the_detector_agrees_with_a_loop_that_recomputes_every_window(seed):
    draw = np.random.default_rng(seed)
    updates = np.arange(1, 200)
    entropy = np.exp(-updates / 60) + 0.2 * draw.random(len(updates))
    entropy[draw.random(len(updates)) < 0.7] = np.nan
    entropy[0] = 1.1
    start = np.nanmean(entropy[:3])
    expected = naive_first_below(updates, entropy, detectors.ENTROPY_COLLAPSE_FRACTION * start)
    assert expected is not None
    assert detectors.collapse_update(updates, entropy) == expected


def test_a_dip_shorter_than_the_window_is_no_collapse():
    updates = np.arange(1, 101)
    entropy = np.ones(100)
    entropy[50:60] = 0.0
    assert detectors.collapse_update(updates, entropy) is None


def test_a_gradient_that_was_never_there_counts_as_vanished():
    assert detectors.vanished_update(np.arange(1, 101), np.full(100, 1e-6)) == detectors.EVENT_UPDATES
    assert detectors.vanished_update(np.arange(1, 101), np.ones(100)) is None
