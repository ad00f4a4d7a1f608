"""The rescues that the page on entropy collapse shows are those that the code computes."""

import numpy as np
import pytest

from bench.rescues import ALONE, MEDICINES, METRICS, PATIENTS, curve, forks, measure
from core.analysis.detectors import suggested_point
from core.analysis.export import run_id
from core.analysis.stats import final_values
from core.runs.foreground import run_all
from core.settings.scenarios import find_scenario
from pages.shared.learn.numbers import entropy_collapse as page
from pages.shared.learn.values import measured as scenarios

COMMAND = "run python -m bench.rescues"


@pytest.mark.parametrize("patient", PATIENTS)
def test_they_were_measured_with_the_scenarios_present_settings(patient):
    found = page.measured()[patient]
    ids = {name: run_id(name, config) for name, config in forks(patient, found["at"]).items()}
    assert found["ids"] == ids, COMMAND
    assert found["updates"] == find_scenario(patient).run.updates, COMMAND


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_medicine_has_all_that_the_figure_and_the_text_need(patient):
    told = page.rescues()[patient]
    assert set(page.MEDICINES.values()) == set(MEDICINES) and next(iter(page.MEDICINES)) == "alone"
    for key in page.MEDICINES:
        for metric in METRICS:
            updates = [update for update, _ in told["curves"][key][metric]]
            assert updates == sorted(updates) and told["at"] < updates[0] and updates[-1] <= told["updates"]
    assert page.held_out(PATIENTS.index(patient), 0) == told["final"]["alone"]["eval_accuracy"]


@pytest.mark.thorough
def test_the_rescue_of_collapse_is_what_the_code_computes_today():
    found = page.measured()["collapse"]
    original = run_all({"GRPO": find_scenario("collapse").runs()["GRPO"]})["GRPO"]
    assert suggested_point(original.config, original.history) == found["at"], COMMAND
    for metric in METRICS:
        now = [point for point in curve(original, metric) if point[0] <= found["at"]]
        np.testing.assert_allclose(now, found["before"][metric], rtol=0.05, atol=2e-3, err_msg=COMMAND)
    results = run_all(forks("collapse", found["at"], names=(ALONE, "Dynamic sampling")))
    for name, result in results.items():
        for metric, within in (
            ("eval_accuracy", 0.04),
            ("entropy_nats", 0.1),
        ):  # processors round differently, and training amplifies it
            now = final_values(result.history.updates, result.history.metric(metric)).mean()
            assert abs(now - found["final"]["seeds from 0"][name][metric]) < within, f"{name} {metric}: {COMMAND}"


@pytest.mark.parametrize("patient", PATIENTS)
def test_a_patient_is_left_at_the_end_of_the_rollout_of_its_first_sign(patient):
    events = scenarios()[patient]["seeds from 0"]["algorithms"]["GRPO"]["events"]
    signs = [events[name] for name in ("entropy_low_update", "gradient_vanished_update") if events[name] is not None]
    at = page.measured()[patient]["at"]
    assert min(signs) <= at < min(signs) + find_scenario(patient).run.updates_per_rollout


def test_measuring_an_unknown_patient_says_so():
    with pytest.raises(ValueError, match="scenario must be a known name"):
        measure("nobody")
