"""Intervals, paired comparisons and detectors, against numbers worked out by hand."""

import numpy as np
import pytest
import scipy  # imports scipy.stats when it is first asked for: 0.7 s, not at collection

from core.analysis import detectors, stats


def test_the_interval_of_a_mean_is_that_of_the_text_book():
    # 1, 2, 6: mean 3, deviations -2, -1, 3, variance 14 / 2 = 7, standard error sqrt(7 / 3), t(0.975, 2) = 4.303
    found = stats.interval(np.array([1.0, 2.0, 6.0]))
    assert found == pytest.approx((3.0, 3 - 4.3027 * (7 / 3) ** 0.5, 3 + 4.3027 * (7 / 3) ** 0.5), rel=1e-4)


@pytest.mark.parametrize("count", [3, 5, 16])
def test_the_interval_is_that_of_scipys_t_test(count):
    a, b = np.random.default_rng(count).normal(size=(2, count))
    expected = scipy.stats.ttest_rel(a, b).confidence_interval(0.95)
    assert stats.contrast(a, b) == pytest.approx(((a - b).mean(), *expected))


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.5], [0.3, np.nan, 0.5, np.nan]])
def test_below_three_seeds_there_is_no_interval(values):
    for found in (
        stats.interval(np.array(values)),
        stats.contrast(np.array(values), np.zeros(len(values))),
        stats.ratio(np.array(values), np.ones(len(values))),
    ):
        assert found.mean == pytest.approx(np.nanmean(values))
        assert np.isnan(found.low) and np.isnan(found.high) and found.ci95 is None
        assert found.as_dict()["ci95"] is None


def test_equal_values_give_an_interval_of_no_width_and_nothing_measured_gives_nothing():
    assert stats.interval(np.full(5, 0.3)) == pytest.approx((0.3, 0.3, 0.3))
    assert np.isnan(stats.interval(np.array([np.nan] * 4))).all()


def test_the_rows_of_a_band_are_the_intervals_of_each_row():
    table = np.random.default_rng(0).normal(size=(4, 6))
    table[1, :2], table[2, 1:] = np.nan, np.nan
    found = stats.intervals(table)
    assert found.shape == (4, 3)
    np.testing.assert_array_equal(found, [stats.interval(row) for row in table])


def test_a_paired_difference_is_narrower_than_its_seeds_are_apart():
    seeds = np.arange(16.0)  # very different seeds, each 0.5 better
    assert stats.contrast(seeds + 0.5, seeds) == pytest.approx((0.5, 0.5, 0.5))


def test_a_ratio_is_the_ratio_of_means_and_not_the_mean_of_ratios():
    # means 3 and 2: ratio 1.5; the mean of the ratios 4/1 and 2/3 would be 2.33
    assert stats.ratio(np.array([4.0, 2.0]), np.array([1.0, 3.0])).mean == pytest.approx(1.5)


@pytest.mark.parametrize("seed", range(10))
def test_the_ends_of_a_ratios_interval_are_where_the_contrast_begins_to_include_zero(seed):
    draw = np.random.default_rng(seed)
    ours, theirs = 1 + draw.random(6), 0.5 + draw.random(6)
    found = stats.ratio(ours, theirs)
    for end, outwards in ((found.low, -1), (found.high, 1)):
        for inside, sign in ((True, -1), (False, 1)):
            contrast = stats.contrast(ours, (end + sign * outwards * 1e-6) * theirs)
            assert (contrast.low <= 0 <= contrast.high) is inside


def test_a_ratio_to_what_may_be_zero_has_no_interval():
    draw = np.random.default_rng(1)
    assert stats.ratio(1 + draw.random(8), draw.normal(size=8)).ci95 is None
    nothing = stats.ratio(np.ones(8), np.zeros(8))
    assert np.isnan(nothing.mean) and nothing.ci95 is None


@pytest.mark.parametrize(("happened", "count"), [(0, 16), (3, 16), (16, 16), (2, 5)])
def test_the_interval_of_a_share_is_scipys_wilson_interval(happened, count):
    expected = scipy.stats.binomtest(happened, count).proportion_ci(method="wilson")
    found = stats.share(np.arange(count) < happened)
    assert found == pytest.approx((happened / count, *expected), abs=1e-12)


def test_seeds_that_were_not_measured_are_left_out_of_both_sides():
    result = stats.contrast(np.array([1.0, np.nan, 3.0]), np.array([0.0, 5.0, 0.0]))
    assert result.mean == pytest.approx(2.0)  # (1 + 3) / 2


@pytest.mark.parametrize("count", [1, 3, 4, 8, 15, 16])
def test_the_interquartile_mean_is_scipys_trimmed_mean(count):
    values = np.random.default_rng(count).normal(size=count)
    assert stats.interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25))


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
    assert detectors.entropy_low_update(updates, entropy) == expected


def test_a_dip_shorter_than_the_window_is_no_collapse():
    updates = np.arange(1, 101)
    entropy = np.ones(100)
    entropy[50:60] = 0.0
    assert detectors.entropy_low_update(updates, entropy) is None


def test_a_gradient_vanishes_only_after_there_was_one():
    updates = np.arange(1, 101)
    assert detectors.vanished_update(updates, np.zeros(100)) is None
    assert detectors.vanished_update(updates, np.ones(100)) is None
    late = np.where((updates > 40) & (updates <= 50), 1.0, 0.0)  # ten updates: of 32, 7 are 22 % and 6 are 19 %
    assert detectors.vanished_update(updates, late) == 45 + 31  # the window from 45 on holds 45 to 50


def test_a_few_large_norms_do_not_hide_that_the_gradient_has_vanished():
    updates = np.arange(1, 101)
    norms = np.ones((100, 4))
    norms[30:] = 0.0
    norms[40::16, 0] = 50.0  # one seed's rare updates: the mean norm stays above its start
    shares = detectors.seeds_with_gradient(norms)
    assert shares[:30].tolist() == [1.0] * 30 and shares[40] == 0.25
    # a window that ends at u holds 62 - u updates with a gradient, and one or two quarters: 6 and a quarter of 32 are 19.5 %
    assert detectors.vanished_update(updates, shares) == 56
    norms[:, :] = np.nan
    assert np.isnan(detectors.seeds_with_gradient(norms)).all()


@pytest.mark.parametrize(
    ("wrong", "right", "why"),
    [(1.0, 0.0, "all wrong"), (0.05, 0.95, "all right"), (0.3, 0.4, "mixed"), (0.5, 0.5, "all wrong or all right")],
)
def test_a_run_without_any_gradient_never_had_one_and_the_groups_say_why(wrong, right, why):
    updates = np.arange(1, 41)
    shares = {"all_wrong_fraction": wrong, "all_right_fraction": right, "grad_norm": 1e-6}
    assert detectors.never_had_gradient(updates, lambda name: np.full((40, 2), shares[name])) == why
    assert detectors.never_had_gradient(updates[:20], lambda name: np.full((20, 2), shares[name])) is None  # too early to tell
    once = np.zeros((40, 2))
    once[3] = 0.5
    assert detectors.never_had_gradient(updates, lambda name: once if name == "grad_norm" else np.zeros((40, 2))) is None


def test_a_seed_of_low_entropy_has_solved_its_prompts_or_collapsed_or_still_learns():
    updates = np.arange(1, 101)
    end = {  # from update 21 on, one column per seed; `rise` is what accuracy gains after that
        "entropy_nats": [0.1, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1],
        "accuracy": [0.98, 0.02, 0.5, 0.5, 0.95, 0.4, 0.4, 0.4],
        "rise": [0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0, 0.2],
        "all_right_fraction": [0.97, 0.0, 0.5, 0.1, 0.9, 0.1, 0.1, 0.1],
        "all_wrong_fraction": [0.01, 0.9, 0.5, 0.1, 0.0, 0.6, 0.6, 0.6],
        "grad_norm": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    }
    kinds = ["certain and right", "certain and wrong", "certain on half of the prompts", "uncertain", "right at high entropy"]
    kinds += [
        "certain and getting better",
        "certain, with a gradient that brings nothing",
        "a score that rises without a gradient",
    ]
    noise = 0.01 * np.random.default_rng(0).normal(size=(100, len(kinds)))

    def metric(name):
        late = np.where(updates[:, None] > 20, end[name], 1.0)
        return late + noise + np.array(end["rise"]) * (updates[:, None] - 20) / 80 if name == "accuracy" else late

    until = np.full(len(kinds), 100)
    named = {
        state: [kind for kind, found in zip(kinds, seeds, strict=True) if found]
        for state, seeds in detectors.seed_states(updates, metric, until).items()
    }
    assert named == {
        "collapsed": [kinds[1], kinds[2], kinds[6], kinds[7]],
        "solved": [kinds[0], kinds[4]],
        "still_learning": [kinds[5]],
    }
    assert detectors.collapsed_seeds(updates, metric, until).tolist() == [kind in named["collapsed"] for kind in kinds]


def test_what_was_not_measured_is_no_proof_of_learning():
    updates, until = np.arange(1, 101), np.array([100])
    rising = np.linspace(0.1, 0.5, 100)[:, None]
    measured = {"entropy_nats": np.where(updates[:, None] > 20, 0.1, 1.0), "grad_norm": np.ones((100, 1)), "accuracy": rising}

    def learns(*names):
        return bool(
            detectors.learning_seeds(updates, lambda n: measured[n] if n in names else np.full((100, 1), np.nan), until)[0]
        )

    assert learns("grad_norm", "accuracy") and learns("accuracy")
    assert not learns("grad_norm") and not learns()  # a gradient alone, without any score
    measured["reward_mean"] = rising
    assert learns("grad_norm", "reward_mean")
    measured["accuracy"] = np.where(np.isin(updates, (1, 90))[:, None], 0.3, np.nan)  # two measurements: the gradient decides
    assert learns("grad_norm", "accuracy") and not learns("accuracy")


def test_the_share_of_updates_with_a_gradient_does_not_hang_on_the_size_of_the_first_ones():
    updates = np.arange(1, 41)
    norms = np.zeros((40, 2))
    norms[:, 0] = 1e3  # a heavy first update, then the last four: two with a gradient
    norms[1:, 0] = 0.0
    norms[36:38, 0] = 0.02
    norms[:, 1] = 0.5
    assert detectors.gradient_shares(updates, norms, np.full(2, 40)).tolist() == [0.5, 1.0]


def test_the_end_of_a_seed_that_was_done_earlier_is_its_own_end():
    updates = np.arange(1, 21)
    values = np.stack([updates * 1.0, np.where(updates <= 10, updates, np.nan)], 1)
    # The last tenth of 20 updates is 19 and 20; of 10 updates it is the 10th.
    assert stats.final_values(updates, values, np.array([20, 10])).tolist() == [19.5, 10.0]


def test_an_interval_that_is_not_finite_is_none():
    assert stats.Estimate(1.0, -np.inf, np.inf).ci95 is None and stats.Estimate(1.0, 0.5, np.inf).as_dict() == {
        "mean": 1.0,
        "ci95": None,
    }
