"""What each step of a ladder brings, and what agrees with what was published."""

import csv
from dataclasses import replace
from itertools import islice

import pytest

from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.analysis.stats import Estimate
from core.analysis.summary import summarise
from core.analysis.verdict import Verdict, verdict
from core.ladder import ORDERS, PUBLISHED, ladder_runs, ladder_table
from core.ladder.charts import ladder_chart, published_chart
from core.ladder.numbers import seeds_markdown, table_csv, table_markdown
from core.ladder.published import PAPER, VERL
from core.ladder.report import Agreement, across, agreement, agreement_table, sentences, steps
from core.ladder.rungs import SCENARIO
from tests.core.ladder.made import LADDER, OURS, history, results


def spread(value: Estimate) -> list[float]:
    return [value.mean, *value.ci95]


# Numbers
def test_at_equal_updates_a_step_is_the_paired_difference_of_the_last_tenth():
    table = ladder_table("ours", LADDER, results())
    found = steps(table, "updates")
    assert [row.per["updates"].score.mean for row in table.rows] == pytest.approx([0.4, 0.4, 0.6, 0.6, 0.6])
    assert found["Token-level loss"].mean == pytest.approx(0.2)  # (0.5 - 0.3 + 0.6 - 0.4 + 0.7 - 0.5) / 3
    assert found["Token-level loss"].ci95 == pytest.approx((0.2, 0.2))  # paired: all seeds gain as much
    assert found["Overlong shaping"].mean == pytest.approx(0.0)  # +0.1, 0 and -0.1
    assert table.total["updates"].mean == pytest.approx(0.2)


def test_at_equal_samples_every_rung_is_read_at_the_fewest_that_one_generated():
    table = ladder_table("ours", LADDER, results())
    assert table.budget == 100
    # The third rung has generated 90 to 100 samples between updates 2.25 and 2.5; its curve at update u is (u - 1) / 9 of its end.
    middle = ((2.25 + 2.5) / 2 - 1) / 9
    third = table.rows[2].per["samples"]
    assert third.score.mean == pytest.approx(middle * 0.6)
    assert third.brings.mean == pytest.approx(middle * 0.6 - 0.4)
    assert table.total["samples"].mean == pytest.approx(0.6 - 0.4)
    assert [row.samples for row in table.rows] == [100, 100, 400, 400, 200]


def test_entropy_and_gradient_stand_beside_the_score():
    row = ladder_table("ours", LADDER, results()).rows[0]
    assert row.entropy.mean == pytest.approx(0.2)  # 2 / update at update 10
    assert row.entropy_change == pytest.approx(0.2 / ((2 + 1 + 2 / 3) / 3))
    assert row.gradient.mean == 0.5


def test_what_is_left_out_counts_by_how_much_better_it_is_with_it():
    configs = ladder_runs(LADDER, ("leave-one-out",), updates=10, replicas=2)
    scores = [0.8, 0.8, 0.7, 0.3, 0.9]
    made = {label: RunResult(c, history([(s, s)] * 2, 10)) for (label, c), s in zip(configs.items(), scores, strict=True)}
    table = ladder_table("leave-one-out", LADDER, made)
    brought = {name: step.mean for name, step in steps(table, "updates").items()}
    assert brought == pytest.approx(
        {"Clip-Higher": 0.0, "Token-level loss": 0.1, "Dynamic sampling": 0.5, "Overlong shaping": -0.1}
    )
    assert table.total["updates"] is None
    assert "(-0.500)" in " ".join(ladder_chart(table, "updates").figure.data[-1].text)  # the bar says what is lost


def test_steps_are_those_of_summary_json():
    made = results(**{OURS[3]: history([(0.1, 0.9), (0.3, 0.4), (0.2, 0.5)], 40)})
    table = ladder_table("ours", LADDER, made)
    differences = summarise(SCENARIO, made)["differences"]
    for row in table.rows[1:]:
        expected = differences[f"{row.rung.label} - {row.rung.before}"]["eval_accuracy"]
        assert spread(row.per["updates"].brings) == pytest.approx([expected["mean"], *expected["ci95"]])
    whole = differences[f"{OURS[-1]} - {OURS[0]}"]["eval_accuracy_equal_samples"]
    assert spread(table.total["samples"]) == pytest.approx([whole["mean"], *whole["ci95"]])


def test_a_rung_that_was_cut_short_does_not_set_the_samples_and_is_left_out_there():
    made = results()
    short = History(range(3))
    for record in islice(made[OURS[1]].history.after(0), 5):
        short.append(record)
    made[OURS[1]] = replace(made[OURS[1]], history=short, status=Status.STOPPED)
    table = ladder_table("ours", LADDER, made)
    assert table.budget == 100
    assert table.rows[1].per["samples"] is None and table.rows[2].per["samples"].brings is None
    assert table.rows[1].per["updates"].score.mean == pytest.approx(0.4)
    assert "stopped after 5 updates" in ladder_chart(table, "updates").figure.data[-1].text[1]


def test_a_step_beside_a_rung_that_was_cut_short_ends_where_that_one_does():
    made = results()
    short = History(range(3))
    for record in islice(made[OURS[2]].history.after(0), 5):
        short.append(record)
    made[OURS[2]] = replace(made[OURS[2]], history=short, status=Status.STOPPED)
    rows = ladder_table("ours", LADDER, made).rows
    assert rows[3].per["updates"].brings.mean == pytest.approx(0.0)  # the same curve, read at the same update
    assert rows[3].per["updates"].score.mean == pytest.approx(0.6)


def test_rungs_that_are_not_there_are_missing_and_keep_their_place():
    made = {label: result for label, result in results().items() if label != OURS[1]}
    table = ladder_table("ours", LADDER, made)
    assert [rung.label for rung in table.missing] == [OURS[1]]
    assert steps(table, "updates").keys() == {"Dynamic sampling", "Overlong shaping"}
    chart = ladder_chart(table, "updates")
    assert chart.figure.data[-1].text[1] == "+ Clip-Higher  (not measured)"
    assert "Not measured: + Clip-Higher." in chart.text


def test_a_rung_whose_seeds_fall_apart_has_its_interquartile_mean_and_every_seed_can_be_read():
    made = results()
    apart = [(0.1, 0.1)] * 2 + [(0.9, 0.9)] * 6  # of eight values two are cut off at each end: four times 0.9
    configs = ladder_runs(LADDER, ("ours",), updates=10, replicas=8)
    made = {label: RunResult(configs[label], history([(0.4 + k / 100, 0.5) for k in range(8)], 10)) for label in made}
    made[OURS[2]] = RunResult(configs[OURS[2]], history(apart, 10))
    table = ladder_table("ours", LADDER, made)
    lines = table_markdown(table).splitlines()
    assert [("IQM" in line) for line in lines[2:]] == [False, False, True, False, False] and "IQM 0.9 |" in lines[4]
    # entropy falls from 2 to 0.2 with 2 / update, below 40 % of the first three: all eight collapsed, Wilson 1 / (1 + z² / 8) = 0.676
    assert all(line.endswith("| 1 [0.676, 1] |") for line in lines[2:])
    assert seeds_markdown(table, "updates").splitlines()[4].endswith("| 0.10 | 0.10 " + "| 0.90 " * 6 + "|")
    row = next(csv.DictReader(table_csv([table]).splitlines()))
    assert float(row["collapsed_share"]) == 1 and float(row["collapsed_share_low"]) == pytest.approx(0.6756, abs=1e-3)


# Beside what was published
def test_the_published_ladders_are_those_of_the_sources():
    assert [percent for _, _, percent in PAPER.rungs] == [30, 36, 38, 41, 42, 50]
    assert PAPER.gains == {
        "Overlong filtering": 6, "Clip-Higher": 2, "Overlong shaping": 3, "Token-level loss": 1, "Dynamic sampling": 8
    }  # fmt: skip
    assert [percent for _, _, percent in VERL.rungs] == [44, 50, 52]
    assert [technique for _, technique, _ in PAPER.rungs[1:]] == list(ORDERS["paper"].techniques)
    assert all(
        published.link.startswith("https://") and sum(published.gains.values()) == published.total for published in PUBLISHED
    )


@pytest.mark.parametrize(
    ("mean", "ci95", "expected"),
    [
        (0.1, (0.05, 0.15), Verdict.UP),
        (-0.1, (-0.15, -0.05), Verdict.DOWN),
        (0.1, (-0.05, 0.2), Verdict.UNCLEAR),
        (0.0, (-0.08, 0.08), Verdict.UNCLEAR),
        (-0.003, (-0.006, -0.0004), Verdict.UNCLEAR),  # it is shown as [-0.006, 0.000]
        (-0.001, (-0.002, 0.0), Verdict.LEVEL),
        (0.3, (), Verdict.TOO_FEW),
    ],
)
def test_a_step_is_judged_by_its_interval(mean, ci95, expected):
    assert verdict(Estimate(mean, *ci95)) is expected
    unknown = expected in (Verdict.UNCLEAR, Verdict.TOO_FEW)  # neither agrees with a sign nor contradicts it
    for gain, agreeing in ((2.0, Verdict.UP), (-2.0, Verdict.DOWN)):
        kind = Agreement.UNKNOWN if unknown else Agreement.AGREES if expected is agreeing else Agreement.DIFFERS
        assert agreement(Estimate(mean, *ci95), gain) is kind


def test_the_sentences_say_which_steps_agree_and_change_with_the_data():
    made = results()
    told = " ".join(sentences(ladder_table("ours", LADDER, made), "updates"))
    assert "held-out accuracy changes by +0.200 [" in told and "] from the first rung to the last." in told
    assert "Token-level loss brings the most, +0.200 [0.200, 0.200]." in told
    assert (
        "**Beside the paper**, 1 of 4 steps agree in sign. Those of Clip-Higher and Dynamic sampling do not. "
        "That of Overlong shaping cannot be told." in told
    )
    assert "1 of 2 steps agree in sign. That of Dynamic sampling does not." in told
    assert "The largest is another one: Token-level loss here, Dynamic sampling there." in told
    assert "in another order than this one" in told and "not samples" not in told
    made[OURS[3]] = replace(made[OURS[3]], history=history([(0.9, 0.9)] * 3, 40))
    told = " ".join(sentences(ladder_table("ours", LADDER, made), "updates"))
    assert "2 of 4 steps agree in sign. Those of Clip-Higher and Overlong shaping do not." in told
    assert "The largest is the same: Dynamic sampling." in told
    assert "not samples" in " ".join(sentences(ladder_table("ours", LADDER, made), "samples"))


def test_with_too_few_seeds_no_step_is_said_to_contradict_a_published_one():
    made = {
        label: replace(r, config=replace(r.config, replicas=2), history=history([(0.4, 0.4)] * 2, 10))
        for label, r in results().items()
    }
    told = " ".join(sentences(ladder_table("ours", LADDER, made), "updates"))
    assert (
        "0 of 4 steps agree in sign. Those of Clip-Higher, Overlong shaping, Token-level loss and Dynamic sampling cannot be told."
        in told
    )
    assert "not agree" not in agreement_table(ladder_table("ours", LADDER, made), "updates") and "do not" not in told


def test_the_shares_are_of_the_gain_that_both_ladders_have_in_common():
    made = results()
    made[OURS[3]] = replace(made[OURS[3]], history=history([(0.8, 0.8), (0.9, 0.9), (1.0, 1.0)], 40))  # +0.3 after +0.2
    lines = agreement_table(ladder_table("ours", LADDER, made), "updates").splitlines()
    token = next(line for line in lines if line.startswith("| Token-level loss"))
    # The overlong rung then costs 0.3, so our common gain with the paper is 0.2; with verl's two steps it is 0.2 + 0.3.
    assert "+1: agrees (100 % of the gain here, 7 % there)" in token  # 1 of 14 points
    assert "+6: agrees (40 % of the gain here, 75 % there)" in token
    assert "not published" in next(line for line in lines if line.startswith("| Clip-Higher"))


def test_a_technique_that_helps_in_one_order_only_is_named():
    made = results()
    for label, config in ladder_runs(LADDER, ("paper",), updates=10, replicas=3).items():
        made.setdefault(label, RunResult(config, history([(0.4, 0.4)] * 3, 10)))
    tables = [ladder_table(order, LADDER, made) for order in ("ours", "paper")]
    token, sampling = across(tables, "updates")
    assert token.startswith(
        "**Token-level loss** depends on the techniques that are there already, at equal updates: added, in our order +0.200"
    )
    assert "added, in the paper's order 0.000 [0.000, 0.000], no difference to speak of." in token
    assert sampling.startswith("**Dynamic sampling**")  # 0.6 after 0.4 in the paper's order
    assert across(tables[:1], "updates") == []


def test_the_bars_are_the_numbers_of_the_table():
    table = ladder_table("ours", LADDER, results())
    for count in ("updates", "samples"):
        chart = ladder_chart(table, count)
        bars = [trace for trace in chart.figure.data if trace.type == "bar"]
        assert [bar.x[0] for bar in bars] == [row.per[count].score.mean for row in table.rows]
        ends = [end for bar in bars for end in (bar.x[0] - bar.error_x.arrayminus[0], bar.x[0] + bar.error_x.array[0])]
        assert ends == pytest.approx([end for row in table.rows for end in row.per[count].score.ci95])
    assert len({bar.marker.color for bar in bars}) == 5
    paper = published_chart(PAPER)
    assert [t.x[0] for t in paper.figure.data if t.type == "bar"] == [30, 36, 38, 41, 42, 50]
    assert "Dynamic sampling (DAPO) 50" in paper.text
