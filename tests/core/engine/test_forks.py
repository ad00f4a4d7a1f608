"""What can be left, where, with which changes; and what the summary and the report say of it."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.cost import token_costs
from core.analysis.detectors import suggested_point
from core.analysis.findings import findings
from core.analysis.history import History
from core.analysis.summary import summarise
from core.engine.forks import fork_changes, fork_points, make_fork, originals
from core.engine.types import StepRecord
from core.runs.foreground import run_all
from core.settings.algorithm import DAPO
from core.settings.run import Fork
from core.settings.scenarios import SCENARIOS
from core.settings.techniques import with_techniques

RUN = SCENARIOS["collapse"].runs(updates=48, replicas=2)["GRPO"]  # rollouts of eight updates


def record(update: int, **metrics) -> StepRecord:
    return StepRecord(update, 1, np.array([update]), 0.1, {name: np.array(values) for name, values in metrics.items()})


def test_a_run_can_be_left_at_the_ends_of_its_rollouts():
    assert fork_points(RUN, 0) == [] and fork_points(RUN, 7) == []
    assert fork_points(RUN, 25) == [8, 16, 24]
    assert fork_points(make_fork(RUN, 16), 40) == [24, 32, 40]


def test_a_fork_at_the_very_end_goes_on_for_half_as_long():
    assert make_fork(RUN, 24).updates == 48
    assert make_fork(RUN, 48).updates == 72
    assert make_fork(RUN, 24, updates=32).updates == 32


def test_changes_are_named_as_on_the_command_line():
    assert fork_changes(RUN) == fork_changes(make_fork(RUN, 8)) == {}
    fork = make_fork(RUN, 8, learning_rate=0.5, task=replace(RUN.task, noise=0.2), algorithm=DAPO)
    assert fork_changes(fork) == {
        "learning_rate": 0.5,
        "task.noise": 0.2,
        "algorithm.eps_high": 0.28,
        "algorithm.loss_aggregation": "token_mean",
        "algorithm.dynamic_sampling": "refill",
        "algorithm.overlong": "soft",
    }


def test_originals_are_found_even_if_they_go_on_for_longer():
    fork = make_fork(RUN, 8, algorithm=DAPO)
    assert originals({"GRPO": [replace(RUN, updates=96)], "Mine": [fork]}) == {"Mine": "GRPO"}
    assert originals({"GRPO": [replace(RUN, learning_rate=0.1)], "Mine": [fork]}) == {}


def test_a_rescue_is_suggested_where_the_run_collapsed():
    history = History((0,))
    for update in range(1, 97):
        history.append(record(update, entropy_nats=[1.0 if update < 40 else 0.1], grad_norm=[1.0]))
    at = suggested_point(RUN, history)
    assert at % 8 == 0 and 40 < at <= 72
    calm = History((0,))
    for update in range(1, 97):
        calm.append(record(update, entropy_nats=[1.0], grad_norm=[1.0]))
    assert suggested_point(RUN, calm) == 48
    assert suggested_point(RUN, History((0,))) is None


def test_the_report_says_where_it_left_and_what_became_of_it():
    results = run_all({"GRPO": RUN, "Mine": make_fork(RUN, 16, algorithm=with_techniques(RUN.algorithm, ["Clip-Higher"]))})
    summary = summarise("collapse", results)
    fork = summary["forks"]["Mine"]
    assert (fork["of"], fork["update"], fork["changes"]) == ("GRPO", 16, {"algorithm.eps_high": 0.28})
    original = results["GRPO"].history
    assert fork["before"]["grad_norm"] == pytest.approx(original.metric("grad_norm")[1:17].mean())
    told = " ".join(findings(summary))
    assert "**Mine** left GRPO after update 16 with `algorithm.eps_high` = 0.28: entropy" in told
    assert "not measured" not in told
    assert "forks" not in summarise("collapse", {"GRPO": results["GRPO"]})


def test_a_fork_has_cost_what_its_original_had_cost_when_it_was_left():
    """One that changes nothing is bit for bit the original, and costs as much at each update; so does a fork of that fork."""
    first = make_fork(RUN, 16)
    results = run_all({"GRPO": RUN, "Same": first, "Again": make_fork(first, 32)})
    costs = token_costs(results)
    assert costs["Same"].shape == (32, 2) and costs["Again"].shape == (16, 2) and costs["GRPO"].shape == (49, 2)
    np.testing.assert_allclose(costs["Same"], costs["GRPO"][17:])
    np.testing.assert_allclose(costs["Again"], costs["GRPO"][33:])
    equal = summarise("collapse", results)["differences"]["Same - GRPO"]["eval_accuracy_equal_cost"]
    assert equal["tokens"] == equal["of_tokens"] == pytest.approx(costs["GRPO"][-1].mean()) and equal["mean"] == 0


def test_a_fork_whose_settings_are_changed_in_its_course_still_has_its_original():
    fork = make_fork(RUN, 16, learning_rate=0.02)
    changed = replace(fork, learning_rate=0.01, fork=Fork(run=fork, update=32))
    results = run_all({"GRPO": RUN, "Mine": fork})
    results["Mine"].config = changed
    summary = summarise("collapse", results)
    assert (summary["forks"]["Mine"]["of"], summary["forks"]["Mine"]["update"]) == ("GRPO", 16)
    assert summary["forks"]["Mine"]["changes"] == {"learning_rate": 0.02}
    assert [one["update"] for one in summary["changed"]["Mine"]] == [32]


def test_a_run_that_was_changed_in_its_course_is_no_fork_of_one_that_began_alike():
    results = run_all({"GRPO": RUN, "Mine": RUN})
    results["Mine"].config = make_fork(RUN, 16, learning_rate=0.02)
    summary = summarise("collapse", results)
    assert "forks" not in summary and list(summary["changed"]) == ["Mine"]


def test_a_run_that_has_spent_its_samples_can_be_left_at_its_end_with_half_as_many_more():
    """Dynamic sampling takes several rounds, so that only what was measured tells when the samples were spent."""
    run = SCENARIOS["collapse"].runs(samples=1500, replicas=2)["DAPO"]
    history = run_all({"DAPO": run})["DAPO"].history
    at = fork_points(run, history.common_end)[-1]
    spent = int(history.samples[history.updates == at].max())
    assert at < run.most_updates and spent >= run.samples  # the settings alone do not tell that it is over
    longer = make_fork(run, at, spent=spent)
    assert longer.samples == max(2250, spent + 1)
    gone_on = run_all({"Fork": longer})["Fork"]
    assert not gone_on.error and min(gone_on.history.last_samples) >= longer.samples
    assert f"above {spent:,}" in run_all({"Fork": make_fork(run, at)})["Fork"].error
