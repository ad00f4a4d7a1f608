"""The finished charts: their numbers against hand calculation, their words and colours, and what they do without data."""

import json
import re

import numpy as np
import pytest

from core.analysis.charts import all_charts, live_charts, more_charts
from core.analysis.charts.palette import KNOWN, OTHERS, faded, side_styles
from core.analysis.summary import half_variances, summarise
from core.data.comparison import SHIPPED_COMPARISON
from core.engine.types import Distribution
from core.settings.task import BanditConfig
from tests.core.analysis.made import NAN, T_975, by_name, distribution, record, result, shipped_charts

NAMES = [
    "entropy_nats", "grad_norm", "reward_mean", "eval_accuracy", "filter_ratio", "groups", "distribution_rank", "distribution_token",
    "stability", "clip_fraction", "upclipped_prob_mean", "completion_tokens_mean",
]  # fmt: skip


def traces(chart, name: str) -> list:
    return [trace for trace in chart.figure.data if trace.name == name]


def test_the_variance_over_the_second_half_equals_a_loop_and_needs_two_values():
    values = np.array([[9, 9, 9, 9], [1, 2, NAN, 5], [3, NAN, NAN, 5], [5, NAN, NAN, 5.0]])  # the second half: rows 3 and 4
    np.testing.assert_array_equal(half_variances(np.arange(1, 5), values), [1, NAN, NAN, 0])
    values = np.random.default_rng(2).normal(size=(31, 3))
    expected = [np.var(column[15:]) for column in values.T]
    np.testing.assert_allclose(half_variances(np.arange(1, 32), values), expected)
    np.testing.assert_allclose(half_variances(np.arange(32), np.vstack([values[:1], values])), expected)  # update 0 is no update


def test_the_stability_chart_shows_what_the_summary_says():
    chart = by_name(shipped_charts())["stability"]
    summary = summarise("collapse", SHIPPED_COMPARISON.results)["algorithms"]
    for label in ("GRPO", "DAPO"):
        dots = traces(chart, label)
        assert [dot.x[0] for dot in dots] == pytest.approx(list(summary[label]["stability"].values()))
        assert all(dot.error_x.array[0] > 0 and dot.error_x.arrayminus[0] > 0 for dot in dots)
        assert f"{label} {summary[label]['stability']['grad_norm']:.3g} [" in chart.text


def test_the_shipped_comparison_has_all_charts_with_words_and_numbers():
    charts = shipped_charts()
    assert [chart.words.name for chart in charts] == NAMES
    for chart in charts:
        assert chart.figure is not None and chart.words.title and chart.words.unit and chart.words.caption, chart.words.name
        assert "GRPO" in chart.text and "DAPO" in chart.text and re.search(r"\d", chart.text)
        assert "nan" not in chart.text.lower()
        json.loads(chart.figure.to_json())


def test_a_lines_numbers_are_those_of_the_history():
    charts = by_name(shipped_charts())
    history = SHIPPED_COMPARISON.results["DAPO"].history
    (line,) = traces(charts["entropy_nats"], "DAPO")
    measured = history.metric("entropy_nats")
    measured = measured[~np.isnan(measured).all(1)]
    np.testing.assert_allclose(line.y, measured.mean(1))
    assert line.line.color == KNOWN["DAPO"]["color"] and line.line.dash == KNOWN["DAPO"]["dash"]
    final = summarise("collapse", SHIPPED_COMPARISON.results)["algorithms"]["DAPO"]["entropy_nats"]
    low, high = final["final_ci95"]
    assert f"to {final['final']:.3g} [{low:.3g}, {high:.3g}]" in charts["entropy_nats"].text


def test_the_distribution_chart_has_the_first_beside_the_last_and_both_in_words():
    first, last = (
        distribution([0.5, 0.3, 0.2, 0.0], [0.3, 0.5, 0.2, 0.0], [0.5, 0.3, 0.2, 0.0]),
        distribution([0.9, 0.1, 0.0, 0.0], [0.1, 0.9, 0.0, 0.0], [0.8, 0.2, 0.0, 0.0]),
    )
    charts = by_name(
        more_charts(
            {
                "GRPO": result(
                    record(1, 1, first, loss=[1, 2, 3]), record(9, 2, loss=[1, 2, 3]), record(17, 3, last, loss=[1, 2, 3])
                )
            }
        )
    )
    rank, token = charts["distribution_rank"], charts["distribution_token"]
    np.testing.assert_allclose([bar.y for bar in rank.figure.data], [[0.5, 0.3, 0.2, 0], [13 / 15, 2 / 15, 0, 0]], rtol=1e-6)
    np.testing.assert_allclose([bar.y for bar in token.figure.data], [[13 / 30, 11 / 30, 0.2, 0], [0.6, 0.4, 0, 0]], rtol=1e-6)
    assert list(token.figure.data[0].x) == ["a", "b", "c", "ANSWER"]
    # 0.9, 0.1, 0.8: mean 0.6, squares 0.09 + 0.25 + 0.04, variance 0.19, error sqrt(0.19 / 3), times t for three seeds.
    assert token.figure.data[1].error_y.array[0] == pytest.approx((0.19 / 3) ** 0.5 * T_975[2], rel=1e-4)
    assert "at update 17: rank 1 has 0.867 (0.5 at first), rank 2 has 0.133 (0.3 at first)" in rank.text
    assert "a has 0.6 (0.433 at first)" in token.text


def test_a_large_vocabulary_shows_its_likeliest_tokens_and_the_rest_in_one_bar():
    rows = np.full((2, 40), 0.5 / 38)
    rows[:, [5, 30]] = 0.25
    seen = Distribution(rows.astype("f4"), -np.sort(-rows.astype("f4"), axis=1))
    runs = {"x": result(record(1, 1, seen, loss=[1, 2]), task=BanditConfig(actions=40, contexts=2))}
    (bar,) = by_name(more_charts(runs))["distribution_token"].figure.data  # one distribution: nothing to compare it with
    assert len(bar.x) == 16 and bar.x[-1] == "25 others" and {"action 5", "action 30"} <= set(bar.x)
    assert sum(bar.y) == pytest.approx(1, rel=1e-5) and bar.y[-1] == pytest.approx(25 * 0.5 / 38, rel=1e-5)


def test_without_a_recorded_distribution_the_chart_says_so():
    for name in ("distribution_rank", "distribution_token"):
        chart = by_name(more_charts({"GRPO": result(record(1, 1, loss=[1, 2]))}))[name]
        assert chart.figure is None and "was not recorded" in chart.text


def test_on_a_bandit_the_score_has_its_name_and_length_is_left_out():
    task = BanditConfig()
    rows = [
        record(u, u, entropy_nats=[1, 1], eval_accuracy=[0.5, 0.6], completion_tokens_mean=[1, 1], truncated_fraction=[0, 0])
        for u in (1, 2)
    ]
    charts = by_name(all_charts({"GRPO": result(*rows, task=task)}))
    assert charts["eval_accuracy"].words.title == "Expected true reward" and charts["eval_accuracy"].words.unit == "reward"
    assert "one token" in charts["completion_tokens_mean"].text and charts["completion_tokens_mean"].figure is None
    assert by_name(shipped_charts())["eval_accuracy"].words.title == "Held-out accuracy"


def test_what_never_happened_is_a_sentence_and_not_an_empty_figure():
    charts = by_name(more_charts({"GRPO": result(record(1, 1, clip_fraction_high=[0, 0], clip_fraction_low=[0, 0]))}))
    assert charts["upclipped_prob_mean"].figure is None and "has not stopped a single token" in charts["upclipped_prob_mean"].text
    assert "GRPO is 0 throughout" in charts["clip_fraction"].text


def test_a_run_without_a_single_update_is_left_out_and_colours_stay_in_place():
    runs = {"nothing": result(), "second": result(record(1, 1, entropy_nats=[1, 2], loss=[1, 1]))}
    chart = live_charts(runs)[0]
    assert "nothing" not in chart.text and traces(chart, "second")[0].line.color == OTHERS[1]["color"]
    assert all_charts({"nothing": result()}) == []


def test_one_update_of_one_seed_draws_without_a_warning():
    seen = distribution([0.25, 0.25, 0.25, 0.25])
    charts = all_charts(
        {"one": result(record(1, 1, seen, entropy_nats=[1], grad_norm=[0], all_wrong_fraction=[0.5], all_right_fraction=[0.25]))}
    )
    assert (
        "one: at the end 25.0 % of the groups are mixed, 50.0 % all wrong and 25.0 % all right" in by_name(charts)["groups"].text
    )
    assert "Too few updates" in by_name(charts)["stability"].text


def test_a_band_stays_within_the_metrics_bounds():
    rows = [record(u, u, filter_ratio=[0.0, 1.0, 1.0]) for u in (1, 2)]
    band = by_name(live_charts({"x": result(*rows)}))["filter_ratio"].figure.data[0]
    assert np.nanmin(band.y) == 0 and np.nanmax(band.y) == 1


def test_two_seeds_have_a_line_and_no_band():
    rows = [record(u, u, filter_ratio=[0.0, 1.0]) for u in (1, 2)]
    chart = by_name(live_charts({"x": result(*rows)}))["filter_ratio"]
    band, line = chart.figure.data
    assert len(band.x) == 0 and list(line.y) == [0.5, 0.5] and all("±" not in text for text in line.hovertemplate)
    assert "[" not in chart.text


def test_the_dotted_line_is_two_fifths_of_where_the_entropy_began():
    (line,) = shipped_charts()[0].figure.layout.shapes  # both sides start alike
    start = np.mean([r.history.metric("entropy_nats")[1].mean() for r in SHIPPED_COMPARISON.results.values()])
    assert line.y0 == pytest.approx(0.4 * start)
    apart = {k: result(record(1, 1, entropy_nats=[v, v])) for k, v in (("GRPO", 1.0), ("DAPO", 2.0))}
    assert [shape.y0 for shape in live_charts(apart)[0].figure.layout.shapes] == pytest.approx([0.4, 0.8])


def test_a_run_whose_start_was_not_measured_has_none_to_compare_with():
    measured = {"entropy_nats": [1, 2], "all_wrong_fraction": [0, 0.5], "all_right_fraction": [0, 0]}
    rows = [record(u, u, **(measured if u > 54 else {"loss": [1, 1]})) for u in range(50, 57)]
    charts = by_name(live_charts({"fork": result(*rows)}))
    assert charts["entropy_nats"].figure.layout.shapes == () and "fork is 1.5 throughout" in charts["entropy_nats"].text
    assert charts["groups"].text == "fork: at the end 75.0 % of the groups are mixed, 25.0 % all wrong and 0.0 % all right."


def test_figures_do_not_depend_on_plotlys_default_and_have_ink_for_light_and_dark():
    light, dark = (charts[0].figure for charts in (shipped_charts(), live_charts(SHIPPED_COMPARISON.results, dark=True)))
    assert light.layout.paper_bgcolor == light.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert (
        contrast(light.layout.xaxis.tickfont.color, "#FFFFFF") > 7 and contrast(dark.layout.xaxis.tickfont.color, "#1A1A17") > 7
    )
    assert light.layout.template.layout.font.color is None  # the template called none


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_sides_colour_stands_out_on_its_page_and_no_two_share_colour_and_dash():
    styles = side_styles(["GRPO", "DAPO", *"abcde"])
    assert len({style["color"] for style in styles}) == len({style["dash"] for style in styles}) == 7
    for style in styles:
        assert contrast(style["color"], "#FFFFFF") > 3 and contrast(style["color_dark"], "#1A1A17") > 3, style
    assert faded("#0072B2", 0.5) == "rgba(0,114,178,0.5)"
