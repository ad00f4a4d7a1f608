"""The factorial of the four techniques: which algorithms, its effects against numbers by hand and a regression, sentences, and the command."""

import argparse
import csv
import json
import shlex
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from core.__main__ import main
from core.analysis.export import run_id
from core.analysis.history import History
from core.analysis.result import RunResult
from core.analysis.stats import contrast
from core.commands import factorial as command
from core.commands.running import start_of
from core.data.factorial import SHIPPED_FACTORIALS, study_runs
from core.engine.types import StepRecord
from core.ladder import ladder_runs
from core.ladder.factorial import cells, effects, factorial_runs, factorial_table, simple_effects
from core.ladder.factorial.chart import effects_chart
from core.ladder.factorial.numbers import cell_rows, effect_rows
from core.ladder.factorial.sentences import sentences
from core.ladder.factorial.studies import STUDIES
from core.settings.labels import check_label
from core.settings.overrides import apply_overrides
from core.settings.scenarios import SCENARIOS, find_scenario
from core.settings.techniques import DAPO_TECHNIQUES
from tests.core.ladder.made import all_trained, whole_runs

SCENARIO = SCENARIOS["ladder"]
CLIP, TOKEN, SAMPLING, OVERLONG = DAPO_TECHNIQUES
ON = np.array(list(product((False, True), repeat=4)))


def history(scores, *, updates=10, each=10) -> History:
    """Ten updates of one score per seed, all of it measured at every update."""
    out, seeds = History(range(len(scores))), len(scores)
    for update in range(1, updates + 1):
        metrics = {
            "eval_accuracy": np.array(scores, dtype=float),
            "entropy_nats": np.full(seeds, 1.0),
            "grad_norm": np.ones(seeds),
        }
        metrics |= {
            "accuracy": np.full(seeds, 0.5),
            "all_wrong_fraction": np.full(seeds, 0.1),
            "all_right_fraction": np.zeros(seeds),
        }
        out.append(StepRecord(update, 1, np.full(seeds, each * update), 0.0, metrics))
    return out


def results(score) -> dict[str, RunResult]:
    """A run of every cell, whose seeds have the scores `score(on)`."""
    runs = factorial_runs(SCENARIO, updates=10, replicas=3)
    return {cell.label: RunResult(runs[cell.label], history(score(cell.on))) for cell in cells(SCENARIO)}


# Which algorithms


def test_the_cells_are_the_sixteen_combinations_from_grpo_to_dapo():
    found = cells(SCENARIO)
    assert [cell.on for cell in found] == list(product((False, True), repeat=4))
    assert len({cell.algorithm for cell in found}) == len({cell.label for cell in found}) == 16
    assert found[0].techniques == () and found[-1].techniques == DAPO_TECHNIQUES
    assert found[0].algorithm == SCENARIO.algorithms["GRPO"]
    assert found[-1].algorithm == SCENARIO.algorithms["with overlong (DAPO)"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_in_every_scenario_a_cell_has_the_label_that_the_ladder_gives_it(name):
    scenario = SCENARIOS[name]
    shared = factorial_runs(scenario, updates=8).keys() & ladder_runs(scenario, updates=8).keys()
    assert len(shared) >= 9  # GRPO, our three steps between, DAPO and what it lacks one of
    for label in shared:
        assert factorial_runs(scenario, updates=8)[label] == ladder_runs(scenario, updates=8)[label]
    for cell in cells(scenario):
        if cell.label not in scenario.algorithms:
            check_label(cell.label)


def test_the_strength_of_a_technique_is_that_of_the_scenarios_own_dapo():
    unstable = next(s for s in SCENARIOS.values() if s.algorithms.get("DAPO") and s.algorithms["DAPO"].max_rounds == 20)
    assert {cell.algorithm.max_rounds for cell in cells(unstable) if cell.on[2]} == {20}
    assert cells(unstable)[-1].algorithm == unstable.algorithms["DAPO"]


def test_the_budget_is_the_scenarios_samples_unless_one_is_given():
    scenario = next(s for s in SCENARIOS.values() if s.samples)
    assert {run.samples for run in factorial_runs(scenario).values()} == {scenario.samples}
    assert {(run.samples, run.updates) for run in factorial_runs(scenario, updates=80).values()} == {(None, 80)}
    assert {run.samples for run in factorial_runs(SCENARIO).values()} == {None}


# Effects


def test_the_effects_of_two_techniques_by_hand():
    on = np.array([(False, False), (False, True), (True, False), (True, True)])
    scores = np.array([[1.0, 2.0, 0.0], [2.0, 3.0, 1.0], [4.0, 4.0, 4.0], [9.0, 8.0, 7.0]])  # (4, 3)
    found = effects(scores, on, ("A", "B"))
    # A: (4 + 9 - 1 - 2) / 2 = 5; (4 + 8 - 2 - 3) / 2 = 3.5; (4 + 7 - 0 - 1) / 2 = 5
    assert found["A",].value.mean == pytest.approx((5 + 3.5 + 5) / 3)
    # B: (2 - 1 + 9 - 4) / 2 = 3; (3 - 2 + 8 - 4) / 2 = 2.5; (1 - 0 + 7 - 4) / 2 = 2
    assert found["B",].value.mean == pytest.approx(2.5)
    # A x B: B brings 5 - 1 = 4 more with A; 4 - 1 = 3; 3 - 1 = 2. s = 1, t(0.975, 2) = 4.303, half = 4.303 / sqrt(3) = 2.484
    assert found["A", "B"].value == pytest.approx((3.0, 3.0 - 2.484, 3.0 + 2.484), abs=1e-3)
    off, with_it = simple_effects(scores, on, ("A", "B"), "B", "A")
    assert (off.mean, with_it.mean) == pytest.approx((1.0, 4.0))


def test_the_effects_are_the_coefficients_of_the_regression_with_plus_and_minus_a_half():
    scores = np.random.default_rng(0).normal(size=(16, 5))
    found = effects(scores, ON, DAPO_TECHNIQUES)
    x = np.where(ON, 0.5, -0.5)
    columns = {names: np.prod([x[:, DAPO_TECHNIQUES.index(n)] for n in names], axis=0) for names in found}
    design = np.column_stack([np.ones(16), *columns.values()])
    fitted = np.linalg.solve(design, scores)[1:]  # (15, 5)
    assert len(found) == 15
    for coefficient, effect in zip(fitted, found.values(), strict=True):
        assert effect.value.mean == pytest.approx(coefficient.mean())


def test_an_interaction_is_the_difference_of_its_simple_effects_and_paired_by_seed():
    scores = np.random.default_rng(1).normal(size=(16, 6))
    pair = effects(scores, ON, DAPO_TECHNIQUES)[CLIP, SAMPLING].value
    for technique, given in ((CLIP, SAMPLING), (SAMPLING, CLIP)):
        off, on = simple_effects(scores, ON, DAPO_TECHNIQUES, technique, given)
        assert pair.mean == pytest.approx(on.mean - off.mean)
    clip, sampling = ON[:, 0], ON[:, 2]
    both = scores[clip & sampling].mean(0) - scores[~clip & sampling].mean(0)
    alone = scores[clip & ~sampling].mean(0) - scores[~clip & ~sampling].mean(0)
    assert tuple(pair) == pytest.approx(tuple(contrast(both, alone)))


def test_seeds_that_differ_by_a_constant_do_not_widen_an_interval():
    base = np.random.default_rng(2).normal(size=(16, 1))
    found = effects(base + np.array([[0.0, 5.0, -3.0]]), ON, DAPO_TECHNIQUES)
    assert all(effect.value.high - effect.value.low < 1e-9 for effect in found.values())


@pytest.mark.parametrize("wrong", [ON[:15], np.concatenate((ON[:15], ON[:1])), ON[:, :3]])
def test_effects_need_every_combination_once(wrong):
    with pytest.raises(ValueError, match="each of the 16 combinations"):
        effects(np.zeros((len(wrong), 3)), wrong, DAPO_TECHNIQUES)


# The table and the sentences


def test_cells_are_read_where_the_first_of_them_ends():
    made = results(lambda on: [0.1, 0.2, 0.3])
    made["GRPO"] = RunResult(made["GRPO"].config, history([0.4] * 3, updates=8))
    table = factorial_table(SCENARIO, made)
    assert table.at == {"updates": 8, "samples": 80}
    assert table.rows[0].score("updates").mean == pytest.approx(0.4) and table.rows[1].middle("updates") == pytest.approx(0.2)


def test_techniques_that_bring_more_together_are_said_to_work_together():
    told = sentences(
        factorial_table(SCENARIO, results(lambda on: [0.1 + 0.2 * (on[0] and on[2]) + s for s in (0, 0.1, 0.3)])), "updates"
    )
    assert told[0].startswith(
        "**“Clip-Higher and dynamic sampling work together”** holds here: together they bring more than one by one"
    )
    assert "Their interaction is +0.200 [0.200, 0.200]." in told[0]
    assert (
        "Clip-Higher brings +0.200 [0.200, 0.200] where Dynamic sampling is on, and 0.000 [0.000, 0.000] where it is off."
        in told[0]
    )
    assert "Clip-Higher +0.100 [0.100, 0.100] (helps)" in told[1] and "Overlong shaping 0.000" in told[1]


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (lambda on: [0.1 + 0.2 * (on[0] or on[2]) + s for s in (0, 0.1, 0.3)], "is contradicted here"),
        (lambda on: [0.1 + 0.2 * on[0] + 0.1 * on[2] + s for s in (0, 0.1, 0.3)], "does not hold here"),
        (lambda on: [0.1 + (on[0] and on[2]) * s for s in (-0.2, 0.1, 0.3)], "is not shown here"),
    ],
)
def test_the_claim_follows_the_interaction(score, verdict):
    assert verdict in sentences(factorial_table(SCENARIO, results(score)), "samples")[0]


def test_a_pair_that_interacts_is_told_and_the_chart_has_every_number():
    table = factorial_table(SCENARIO, results(lambda on: [0.5 - 0.3 * (on[1] and on[3]) + s for s in (0, 0.1, 0.3)]))
    told = sentences(table, "updates")
    assert any(
        text.startswith("**Token-level loss and Overlong shaping**: together they bring less than one by one") for text in told
    )
    chart = effects_chart(table, "updates")
    points = [trace for trace in chart.figure.data if trace.mode == "markers"]
    assert [point.x[0] for point in points] == pytest.approx([e.value.mean for e in list(table.effects("updates").values())[:10]])
    filled = [i for i, point in enumerate(points) if point.marker.symbol == "circle"]
    assert filled == [1, 3, 8]  # both techniques of the pair, and the pair; each of the others is 0
    assert "Token-level loss × Overlong shaping -0.300 [-0.300, -0.300]" in chart.text


def test_without_one_cell_there_are_no_effects_and_it_is_named():
    made = results(lambda on: [0.1, 0.2, 0.3])
    del made["GRPO + token"]
    table = factorial_table(SCENARIO, made)
    assert table.effects("updates") == {} and len(table.rows) == 15
    assert sentences(table, "updates") == [
        "There are no effects: they take all 16 cells, and these have not measured anything: GRPO + token."
    ]
    assert effects_chart(table, "updates").figure is None


# The command


def test_the_command_writes_effects_that_can_be_computed_from_the_seeds(tmp_path):
    options = ["--scenario", "ladder", "--seeds", "3", "--updates", "8", "--set", "task.noise=0.1"]
    assert main(["factorial", *options, "--out", str(tmp_path)]) == 0
    names = [
        "cells.csv",
        "charts.html",
        "config.json",
        "effects.csv",
        "factorial.json",
        "factorial.md",
        "metrics.csv",
        "seeds.csv",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    told = json.loads((tmp_path / "factorial.json").read_text())
    assert len(told["cells"]) == 16 and told["compared_at"]["updates"] == 8 and told["length"] == "8 updates"
    with open(tmp_path / "seeds.csv", encoding="utf-8", newline="") as file:
        seeds = list(csv.DictReader(file))
    scores = np.array([float(row["score_equal_updates"]) for row in seeds]).reshape(16, 3)
    with open(tmp_path / "effects.csv", encoding="utf-8", newline="") as file:
        written = {row["techniques"]: row for row in csv.DictReader(file) if row["equal"] == "updates"}
    sampling = scores[ON[:, 2]].mean() - scores[~ON[:, 2]].mean()
    assert float(written["Dynamic sampling"]["effect"]) == pytest.approx(sampling, rel=1e-6, abs=1e-9)
    assert json.loads((tmp_path / "config.json").read_text())["runs"]["DAPO - clip"]["task"]["noise"] == 0.1
    assert (tmp_path / "charts.html").read_text(encoding="utf-8").count("Plotly.newPlot(") >= 2


def test_bad_input_is_refused_before_anything_is_written(tmp_path, capsys):
    assert main(["factorial", "--scenario", "laddr", "--out", str(tmp_path / "out")]) == 2
    assert "did you mean ladder?" in capsys.readouterr().err and not (tmp_path / "out").exists()


# What is shipped


def test_the_shipped_factorials_were_made_with_the_present_settings_and_are_small():
    runs = study_runs()
    assert SHIPPED_FACTORIALS.about["runs"] == {label: run_id(label, run) for label, run in runs.items()}, (
        f"run {SHIPPED_FACTORIALS.command}"
    )
    assert SHIPPED_FACTORIALS.path.stat().st_size < 1_500_000
    assert all(len(result.config.seeds) >= 16 for result in SHIPPED_FACTORIALS.results.values())


def test_what_is_shipped_gives_the_numbers_of_the_whole_run(tmp_path, monkeypatch):
    histories = all_trained(monkeypatch, "core.data.factorial.trained")
    small = replace(SHIPPED_FACTORIALS, folder=tmp_path, runs=lambda **counts: STUDIES["default"].runs(**counts))
    small.write(samples=600, replicas=2)
    whole = whole_runs(STUDIES["default"].runs(samples=600, replicas=2), histories)
    kept, ours = (factorial_table(STUDIES["default"].scenario, found) for found in (small.results, whole))
    assert kept.at == ours.at
    pairs = zip(cell_rows(kept) + effect_rows(kept), cell_rows(ours) + effect_rows(ours), strict=True)
    for a, b in ((one[name], other[name]) for one, other in pairs for name in one):
        assert a == b or a == pytest.approx(b, rel=1e-5, abs=1e-7, nan_ok=True)  # single precision is kept


@pytest.mark.parametrize("name", STUDIES)
def test_the_command_of_a_study_trains_its_runs(name):
    options = argparse.ArgumentParser()
    command.add_options(options)
    chosen = options.parse_args(shlex.split(STUDIES[name].command)[4:])
    runs = apply_overrides(factorial_runs(find_scenario(chosen.scenario), **start_of(chosen)), chosen.settings)
    assert runs == STUDIES[name].runs()
