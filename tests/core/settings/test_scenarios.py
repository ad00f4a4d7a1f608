"""The named experiments: well-formed, honest about their defects, and the quick ones re-measured."""

import functools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.claims import claims_section
from bench.marked import replace_section
from bench.scenario_tables import EQUAL_SAMPLES, MINIMUM_SEEDS, VARIANTS, criterion_text, findings_tables, readme_table
from bench.scenarios import MEASURED, ROOT, judge, variants
from bench.sections import factorials_section, ladders_section, rescues_section
from core.analysis.metrics import metric_table
from core.analysis.summary import summarise
from core.runs.foreground import run_all
from core.settings.algorithm import LAB_DEFECTS
from core.settings.scenario import Criterion
from core.settings.scenarios import DEFAULT, SCENARIOS

NAMES = (
    "collapse", "sample-efficiency", "addition", "ladder", "clip-higher-entropy", "random-reward", "clip-higher-helps", "clip-higher-hurts",
    "samples-not-updates", "length-runaway", "lab", "lab-repaired",
)  # fmt: skip


def test_all_named_experiments_are_there_and_collapse_is_the_first():
    assert tuple(SCENARIOS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_says_what_to_look_for_and_what_comes_after(name):
    scenario = SCENARIOS[name]
    assert len(scenario.algorithms) >= 2
    assert 2 <= scenario.look_for.count(". ") + scenario.look_for.endswith(".") <= 3
    assert scenario.afterwards.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_the_algorithms_of_a_scenario_share_every_other_setting(name):
    runs = list(SCENARIOS[name].runs().values())
    for run in runs[1:]:
        assert replace(run, algorithm=runs[0].algorithm, updates=runs[0].updates) == runs[0]


def test_the_lab_defects_are_used_by_the_lab_and_nothing_else():
    for name, scenario in SCENARIOS.items():
        for algorithm in scenario.algorithms.values():
            assert algorithm.defects == (LAB_DEFECTS if name == "lab" else ())


@functools.cache
def anew(name: str):
    """A scenario trained on seeds that were not used to find its settings, once for all tests."""
    return run_all(SCENARIOS[name].runs(first_seed=200))


@pytest.mark.parametrize(
    "name",
    [*(pytest.param(name, marks=pytest.mark.thorough) for name in ("collapse", "clip-higher-helps", "lab-repaired")), "lab"],
)
def test_the_criteria_hold_on_seeds_that_were_not_used_to_find_the_settings(name):
    scenario = SCENARIOS[name]
    summary = summarise(name, anew(name))
    missed = [(criterion_text(c), c.value(summary)) for c in scenario.criteria if not c.holds(summary)]
    assert not missed


def test_the_lab_prints_no_gradient_at_any_update():
    for result in anew("lab").values():
        trained = result.history.updates > 0
        assert result.history.metric("grad_norm")[trained].max() < 1e-3
        assert (result.history.metric("filter_ratio")[trained] == 0).all()


@pytest.mark.thorough
def test_the_repaired_lab_collapses_and_the_detector_says_so():
    summary = summarise("lab-repaired", anew("lab-repaired"))
    assert summary["algorithms"]["GRPO"]["events"]["entropy_low_update"] is not None


def test_a_criterion_that_was_not_measured_does_not_hold():
    criterion = Criterion(("differences", "B - A", "eval_accuracy", "ci95", 0), at_least=0.1)
    assert not criterion.holds({"differences": {"B - A": {"eval_accuracy": {"mean": 0.5, "ci95": None}}}})
    assert criterion.holds({"differences": {"B - A": {"eval_accuracy": {"mean": 0.5, "ci95": [0.1, 0.9]}}}})
    assert not criterion.holds({"differences": {"B - A": {"eval_accuracy": {"mean": 0.5, "ci95": [0.09, 0.9]}}}})


@pytest.fixture(scope="module")
def measured():
    return json.loads(MEASURED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_was_measured_on_three_disjoint_sets_of_sixteen_seeds_or_more_and_five_times_longer(measured, name):
    kept = measured["scenarios"][name]
    assert set(kept) == set(variants(SCENARIOS[name]))
    sets = [range(kept[v]["seeds"][0], kept[v]["seeds"][1] + 1) for v, how in VARIANTS.items() if "times" not in how]
    assert len(sets) == 3 and min(map(len, sets)) >= MINIMUM_SEEDS and len(set().union(*sets)) == sum(map(len, sets))
    longest = {label: run.updates for label, run in SCENARIOS[name].runs().items()}
    for label, updates in longest.items():
        assert kept["seeds from 0"]["algorithms"][label]["updates"] == updates
        assert kept["five times longer"]["algorithms"][label]["updates"] == 5 * updates


@pytest.mark.parametrize("name", NAMES)
def test_the_measured_criteria_are_those_of_the_scenario(measured, name):
    for variant, how in variants(SCENARIOS[name]).items():
        criteria = SCENARIOS[name].samples_criteria if variant in EQUAL_SAMPLES else SCENARIOS[name].criteria
        promised = [] if "times" in how else [criterion_text(c) for c in criteria]
        assert [c["criterion"] for c in measured["scenarios"][name][variant]["criteria"]] == promised


@pytest.mark.parametrize("name", NAMES)
def test_every_criterion_holds_on_every_set_of_seeds_that_was_measured(measured, name):
    again = {"scenarios": {name: measured["scenarios"][name]}}
    judge(again)  # by the criteria as they are today
    missed = {v: [c for c in found["criteria"] if not c["holds"]] for v, found in again["scenarios"][name].items()}
    assert not any(missed.values()), missed


def test_the_default_comparison_survives_equal_samples_five_times_longer(measured):
    """The difference at equal samples over the whole budget is still above 0, and every set of seeds has its difference above 0.2."""
    kept = measured["scenarios"]["collapse"]
    longer = kept["equal samples, five times longer"]
    assert longer["differences"]["DAPO - GRPO"]["eval_accuracy_equal_samples"]["ci95"][0] > 0
    assert longer["algorithms"]["GRPO"]["samples_generated"] >= 5 * SCENARIOS["collapse"].samples
    for variant in ("seeds from 0", "seeds from 100", "seeds from 200"):
        assert kept[variant]["differences"]["DAPO - GRPO"]["eval_accuracy"]["ci95"][0] > 0.2
        assert kept[f"equal samples, {variant}"]["differences"]["DAPO - GRPO"]["eval_accuracy_equal_samples"]["ci95"][0] > 0.2


def test_the_default_is_the_first_scenario_and_one_that_both_questions_are_asked_of():
    assert DEFAULT == next(iter(SCENARIOS)) == "collapse"
    assert SCENARIOS[DEFAULT].samples and SCENARIOS[DEFAULT].samples_criteria


def section(path: Path, name: str, content: str) -> tuple[str, str]:
    """The file as it is, and as it would be with the section made anew."""
    text = path.read_text(encoding="utf-8")
    return text, replace_section(text, name, content)


def test_what_the_documents_tell_is_what_was_measured(measured):
    for path, name, content in (
        (ROOT / "README.md", "measured", readme_table(measured)),
        (ROOT / "docs" / "findings.md", "measured", findings_tables(measured)),
        (ROOT / "docs" / "findings.md", "claims", claims_section(measured)),
    ):
        now, anew = section(path, name, content)
        assert now == anew, f"{path.name} has drifted: run python -m bench.scenarios --tables"


@pytest.mark.parametrize(
    ("name", "made"), [("ladders", ladders_section), ("factorials", factorials_section), ("rescues", rescues_section)]
)
def test_the_findings_tell_what_the_data_says(name, made):
    now, anew = section(ROOT / "docs" / "findings.md", name, made())
    assert now == anew, "findings.md has drifted: run python -m bench.scenarios --tables"


def test_the_metric_table_of_the_readme_comes_from_the_code():
    now, anew = section(ROOT / "README.md", "metrics", metric_table())
    assert now == anew, "README.md has drifted: run python -m bench.scenarios --tables"
