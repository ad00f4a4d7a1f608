"""What earlier detectors got wrong of real logs, each on a made-up run with the same trait."""

from __future__ import annotations

import json

import numpy as np

from core.diagnosis import NOTE, diagnose, evidence_of_log
from core.logs import read_paths
from tests.core.diagnosis.made import ROWS, healthy, ramp, run, then

FLAT = ramp(0.3, 0.3, noise=0.05, seed=20)


def kinds(evidence) -> set[str]:
    return {finding.kind for finding in diagnose(evidence)}


def faults(evidence) -> set[str]:
    return {finding.kind for finding in diagnose(evidence) if finding.severity != NOTE}


def test_two_zeros_among_three_late_rows_are_no_vanished_gradient():
    gradient = ramp(0.33, 0.33, seed=30)
    gradient[[-2, -3]] = 0.0
    gradient[::12] = 0.0
    assert "gradient_vanished" not in kinds(run(grad_norm=gradient))


def test_two_lone_gradients_do_not_hide_that_there_was_none():
    gradient = np.zeros(ROWS)
    gradient[[20, 23]] = 8.0
    assert "gradient_never" in kinds(run(grad_norm=gradient, zero_std_fraction=1.0, rows=slice(0, 49)))


def test_a_reward_that_falls_while_the_gradient_grows_is_told_with_both():
    fall = then(ramp(0.6, 0.75, seed=31), ramp(0.75, 0.4, seed=32), 130)
    assert {"reward_falls", "gradient_growing"} <= kinds(
        run(reward_mean=fall, grad_norm=then(0.1, 0.9, 130), without=("truncated_fraction",))
    )


def test_completions_that_all_reach_the_limit_from_the_first_row_are_the_set_up_and_those_that_come_to_it_run_away():
    assert "truncation" in kinds(run(truncated_fraction=0.95, completion_tokens_mean=500, reward_mean=FLAT))
    grows = {"truncated_fraction": then(0.1, 1.0), "completion_tokens_mean": then(300, 512), "reward_mean": FLAT}
    assert "length_runaway" in kinds(run(**grows)) and "truncation" not in kinds(run(**grows))


def test_a_run_without_entropy_is_judged_by_what_it_has_and_told_what_it_lacks():
    found = {f.kind: f for f in diagnose(run(zero_std_fraction=0.7, without=("entropy_nats",)))}
    assert "no_signal" in found and "entropy" in found["metrics_missing"].facts["names"]


def test_what_is_initial_is_not_looked_for_in_a_file_that_begins_later():
    low = {"entropy_nats": then(0.8, 0.1), "grad_norm": then(0.3, 0.02), "reward_mean": FLAT}
    assert {"entropy_collapse", "gradient_vanished"} <= kinds(run(**low))
    assert not {"entropy_collapse", "gradient_vanished"} & kinds(run(**low, rows=slice(60, None)))


def test_a_gradient_that_falls_because_completions_grow_has_not_vanished():
    longer = {"grad_norm": ramp(0.43, 0.1, seed=33), "completion_tokens_mean": ramp(140, 560, seed=34)}
    assert not faults(run(**longer)) - {"healthy"}


def test_entropy_that_falls_or_rises_while_the_score_rises_is_no_disease():
    for last in (0.1, 3.0):
        assert faults(run(entropy_nats=ramp(0.8, last, seed=35))) == {"healthy"}


def test_rows_that_a_callback_copied_count_once(tmp_path):
    values, random = healthy(), np.random.default_rng(9)
    reward = 0.44 + 0.05 * random.standard_normal(95)
    rows = [
        {"step": step, "reward": reward[step // 10], "grad_norm": float(values["grad_norm"][step // 10])}
        | {"entropy": float(0.8 - (step // 10) / 950)}
        for step in range(10, 950)
    ]  # fmt: skip
    told = {}
    for name, kept in (("copies", rows), ("once", rows[::10])):
        (tmp_path / f"{name}.json").write_text(json.dumps(kept))
        told[name] = {f.kind: f for f in diagnose(evidence_of_log(read_paths([tmp_path / f"{name}.json"]).runs[0]))}
    assert told["copies"].keys() == told["once"].keys()
    for kind, finding in told["copies"].items():
        if "error" in finding.facts:
            assert finding.facts["error"] == told["once"][kind].facts["error"]
