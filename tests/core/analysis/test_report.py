"""The report's sentences and the safety of what is exported."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.csv_files import safe_cell
from core.analysis.export import run_id
from core.analysis.findings import findings, headline
from core.analysis.history import History
from core.analysis.report import report_markdown
from core.analysis.result import RunResult, Status
from core.analysis.summary import clean, summarise
from core.analysis.tables import about_numbers, numbers_table, seeds_table
from core.engine.types import StepRecord
from core.settings.algorithm import GRPO
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.task import ChainConfig

CONFIG = RunConfig(task=ChainConfig(), replicas=4, updates=40)


def result(score, *, entropy=1.0, status=Status.DONE, error="", updates=40, **more):
    """A made-up run of as many seeds as `score` has values: measured at the first and at the last update. `more` metrics are constants."""
    count = len(score)
    config = replace(CONFIG, replicas=count)
    history = History(config.seeds)
    for update in range(1, updates + 1):
        metrics = {"grad_norm": np.ones(count), "entropy_nats": np.full(count, entropy if update > 3 else 1.0)}
        metrics |= {"all_wrong_fraction": np.full(count, 0.5), "all_right_fraction": np.full(count, 0.25)}
        metrics |= {name: np.full(count, value) for name, value in more.items()}
        if update in (1, updates):
            metrics["eval_accuracy"] = np.asarray(score, dtype=float) * (update > 1)
        history.append(StepRecord(update, update, np.full(count, 10 * update), float(update), metrics))
    return RunResult(config, history, status, error)


def sentences(**results):
    return findings(summarise("made-up", results))


def test_a_difference_whose_interval_excludes_zero_is_stated_with_its_numbers():
    text = " ".join(sentences(A=result([0.1, 0.2, 0.1, 0.2]), B=result([0.6, 0.6, 0.6, 0.7])))
    assert "B ends ahead of A by 0.475" in text  # (0.6 + 0.6 + 0.6 + 0.7) / 4 - 0.15


def test_the_headline_is_the_difference_at_equal_updates_of_two_sides():
    two = {"A": result([0.1, 0.2, 0.1, 0.2]), "B": result([0.6, 0.6, 0.6, 0.7])}
    told = headline(summarise("made-up", two))
    assert told.startswith("At equal updates, B ends ahead of A by 0.475 in held-out accuracy [") and told.endswith("].")
    assert any(sentence.startswith(told) for sentence in sentences(**two))
    assert headline(summarise("made-up", two | {"C": result([0.1] * 4)})) == "" == headline(summarise("made-up", {"A": two["A"]}))


def test_a_difference_that_chance_can_explain_is_not_called_one():
    text = " ".join(sentences(A=result([0.1, 0.9, 0.5, 0.4]), B=result([0.6, 0.2, 0.5, 0.7])))
    assert "no difference in held-out accuracy between B and A can be told from chance" in text
    assert "ahead" not in text and "behind" not in text


def test_a_difference_that_rounds_to_zero_has_no_minus():
    told = sentences(A=result([0.1, 0.9, 0.5, 0.4001]), B=result([0.9, 0.1, 0.5, 0.4]))
    assert any("told from chance: +0.000 [" in text for text in told) and "-0.000" not in " ".join(told)


def test_two_seeds_are_too_few_to_tell():
    results = {"A": result([0.1, 0.2]), "B": result([0.6, 0.7])}
    summary = summarise("made-up", results)
    told, report = " ".join(findings(summary)), report_markdown("T", "L.", "", summary, results)
    assert "At equal updates, B ends +0.500 from A in held-out accuracy: too few seeds to tell." in told
    assert "ahead" not in told and "[" not in told
    assert "Too few seeds to tell how sure the numbers are: an interval needs at least 3." in report
    assert summary["differences"]["B - A"]["eval_accuracy"] == {"mean": pytest.approx(0.5), "ci95": None}


def test_runs_that_end_alike_are_level():
    text = " ".join(sentences(A=result([0.1, 0.9, 0.5, 0.4]), B=result([0.1, 0.9, 0.5, 0.4])))
    assert "B and A end level in held-out accuracy, within 0.005 [0, 0]" in text


def test_a_run_that_is_worse_is_called_behind():
    assert "B ends behind A by 0.5" in " ".join(sentences(A=result([0.6, 0.7, 0.6, 0.7]), B=result([0.1, 0.2, 0.1, 0.2])))


def test_a_collapse_is_reported_with_its_update_and_the_share_of_groups_without_advantages():
    text = sentences(A=result([0.5] * 4, entropy=0.1, zero_advantage_fraction=0.1))[0]
    assert "Its mean entropy fell below 40% at update 32 (entropy collapsed)." in text
    assert "At the end every advantage was 0 in 10% of the groups it trained on" in text
    assert (
        "every group it trained on had advantages other than 0." in sentences(A=result([0.5] * 4, zero_advantage_fraction=0))[0]
    )
    older = sentences(A=result([0.5] * 4, entropy=0.1))[0]
    assert "At the end 75% of its groups were all wrong or all right" in older  # 0.5 + 0.25, whatever their advantages
    assert "Its gradient did not vanish." in text


def test_a_run_of_few_updates_tells_nothing_of_events():
    """No update had a gradient, and the entropy has fallen to a tenth: neither is told of as if it had been looked for."""
    early, enough = (sentences(A=result([0.5] * 4, entropy=0.1, grad_norm=0.0, updates=n))[0] for n in (31, 32))
    assert "too few updates to tell whether its gradient vanished or its entropy fell: that takes 32." in early
    assert "did not vanish" not in early and "stayed above" not in early
    assert "too few updates" not in enough and "never had a gradient" in enough and "fell below 40%" in enough


def test_an_entropy_that_falls_at_the_end_is_not_said_to_have_stayed():
    """In the last 4 of 40 updates it is a tenth: every seed has collapsed, and the mean over 32 updates is still at (28 + 0.4) / 32."""
    late, end = result([0.5] * 4, updates=36), result([0.5] * 4, entropy=0.1)
    for record in end.history.after(36):
        late.history.append(record)
    text = sentences(A=late)[0]
    assert "At the end 4 of 4 seeds have collapsed" in text
    assert "Its entropy, as a mean over 32 updates, stayed above 40% of the initial one." in text


@pytest.mark.parametrize(
    ("dropped", "told"),
    [
        (0.002, "dropped under 1% of"), (0.996, "dropped over 99% of"), (0.25, "dropped 25% of the groups it generated."),
        (0.9999, "nearly every group that it generated, and had hardly anything"), (1.0, "every group that it generated, and had nothing"),
    ],
)  # fmt: skip
def test_a_share_that_is_not_all_is_not_told_as_all(dropped, told):
    assert told in sentences(A=result([0.5] * 4, filter_ratio=dropped))[0]


def test_the_report_tells_which_settings_are_not_those_that_its_text_is_about():
    runs = SCENARIOS["collapse"].runs(replicas=4, first_seed=9, updates=40)
    own = {label: replace(result([0.5] * 4), config=run) for label, run in SCENARIOS["collapse"].runs(replicas=4).items()}
    other = {label: replace(result([0.5] * 4), config=replace(run, group_size=2)) for label, run in runs.items()}
    report = report_markdown("T", "L.", "After.", summarise("collapse", other), other)
    line = next(line for line in report.splitlines() if line.startswith("This text is about the scenario's own settings."))
    assert "GRPO: " in line and "group\\_size 2" in line.replace("group_size", "group\\_size") and "updates 40" in line
    assert "## What comes after, with the scenario's own settings\n\nAfter." in report
    assert "This text is about" not in report_markdown("T", "L.", "After.", summarise("collapse", own), own)


def test_failed_and_stopped_runs_come_first():
    told = sentences(
        A=result([0.5] * 4, status=Status.FAILED, error="training diverged at update 41", updates=40),
        B=result([0.5] * 4, status=Status.STOPPED),
    )
    assert told[0].startswith("**A failed** after update 40: training diverged at update 41")
    assert told[1].startswith("**B was stopped**")


def test_seeds_that_tie_do_not_beat_each_other():
    """Two seeds of A and B tie, so that of nine pairs B wins six, loses one and ties in two: 7 / 9."""
    told = " ".join(sentences(A=result([0.1, 0.2, 0.9]), B=result([0.2, 0.9, 0.95])))
    assert "A seed of B beats a seed of A with probability 0.778 [" in told and "], if a tie counts as half." in told
    assert "tie" not in " ".join(sentences(A=result([0.1, 0.2, 0.9]), B=result([0.3, 0.8, 0.95])))


def test_a_budget_of_samples_is_proposed_only_where_it_would_compare_more():
    short, long = result([0.5] * 4, updates=20), result([0.5] * 4)
    stopped = replace(short, status=Status.STOPPED)
    budgets = {label: replace(run, config=replace(run.config, samples=1)) for label, run in (("A", short), ("B", long))}
    for runs, proposed in (({"A": short, "B": long}, True), ({"A": stopped, "B": long}, False), (budgets, False)):
        told = " ".join(sentences(**runs))
        assert "as far as both have been run (the first 200 of 400 per seed" in told
        assert ("a budget of samples would compare all of them" in told) == proposed


def test_a_run_without_any_record_is_reported_and_breaks_nothing():
    empty = RunResult(CONFIG, History(CONFIG.seeds), Status.FAILED, "out of luck")
    results = {"A": empty, "B": result([0.5] * 4)}
    summary = summarise("made-up", results)
    assert list(summary["algorithms"]) == ["B"]
    assert "A failed" in report_markdown("T", "L.", "", summary, results)


@pytest.mark.parametrize("text", ["=1+1", "+A", "-A", "@A", "\tA", "\nA", "+ Clip-Higher"])
def test_no_cell_is_a_formula(text):
    assert safe_cell(text) == "'" + text
    assert safe_cell("GRPO") == "GRPO" and safe_cell("=") == "="


def test_a_run_id_names_the_label_and_changes_with_the_configuration():
    other = RunConfig(task=ChainConfig(), algorithm=GRPO, replicas=5, updates=40)
    assert run_id("GRPO", CONFIG).startswith("grpo-")
    assert run_id("GRPO", CONFIG) == run_id("GRPO", CONFIG) != run_id("GRPO", other)


def test_numbers_that_json_does_not_have_become_null():
    assert clean({"a": [float("nan"), np.float64(1.5), np.int64(2), (float("inf"),)]}) == {"a": [None, 1.5, 2, [None]]}


def test_dropped_groups_are_told_as_dropped_and_not_as_trained_on():
    run = result([0.5] * 4, filter_ratio=0.9)
    assert "At the end it dropped 90% of the groups it generated" in sentences(A=run)[0]


def test_a_mean_of_seeds_in_two_groups_has_its_interquartile_mean_beside_it():
    two = [0.05, 0.06, 0.04, 0.05, 0.9, 0.92, 0.91, 0.9, 0.93, 0.92, 0.91, 0.9]
    summary = summarise("made-up", {"A": result(two), "B": result(np.linspace(0.4, 0.6, 12))})
    middle = (0.06 + 3 * 0.9 + 2 * 0.91) / 6  # of 12 values three are cut off at each end
    assert summary["algorithms"]["A"]["eval_accuracy"]["final_iqm"] == pytest.approx(middle)
    assert summary["algorithms"]["A"]["eval_accuracy"]["final_skewed"]
    assert not summary["algorithms"]["B"]["eval_accuracy"]["final_skewed"]
    told = findings(summary)
    assert f"interquartile mean {middle:.3g}" in told[0] and "interquartile" not in told[1]
    row = next(line for line in numbers_table(summary).splitlines() if line.startswith("| `eval_accuracy`"))
    assert row.count("IQM") == 1 and "leaves out the lowest and the highest quarter" in about_numbers(summary)


def test_the_probability_that_a_seed_is_ahead_stands_with_each_difference():
    summary = summarise("made-up", {"A": result([0.1, 0.2, 0.3, 0.4]), "B": result([0.6, 0.7, 0.8, 0.35])})
    found = summary["differences"]["B - A"]["probability_of_improvement"]["eval_accuracy"]
    assert found["mean"] == pytest.approx(15 / 16)  # 0.35 loses to 0.4 and wins the other three; the others win all four
    contrasts = [text for text in findings(summary) if "samples generated" in text or text.startswith("At equal updates")]
    assert len(contrasts) == 2
    assert all("A seed of B beats a seed of A with probability 0.938 [" in text for text in contrasts)


def test_every_seed_is_listed_with_its_score_and_what_became_of_it():
    made = {"A": result([0.1, 0.2, 0.3]), "B": result([0.6, 0.7, 0.8])}
    summary = summarise("made-up", made)
    assert summary["algorithms"]["A"]["by_seed"]["eval_accuracy"] == pytest.approx([0.1, 0.2, 0.3])
    lines = seeds_table(summary).splitlines()
    assert lines[0] == "| seed | A: held-out accuracy | B: held-out accuracy |" and lines[3].startswith("| 1 | 0.2")
    assert seeds_table(summary) in report_markdown("T", "L.", "", summary, made)
    summary["algorithms"]["B"]["by_seed"]["collapsed"] = [False, False, True]
    assert seeds_table(summary).splitlines()[-1].endswith("0.8 (collapsed) |")


def test_the_shares_of_seeds_stand_in_the_table_with_wilsons_interval():
    summary = summarise("made-up", {"A": result([0.1, 0.2, 0.3, 0.4])})
    row = next(line for line in numbers_table(summary).splitlines() if line.startswith("| seeds that collapsed"))
    found = summary["algorithms"]["A"]["seeds"]["collapsed"]
    assert (
        row
        == f"| seeds that collapsed: share | {found['count']} of 4, {found['share']:.3g} [{found['ci95'][0]:.3g}, {found['ci95'][1]:.3g}] |"
    )
