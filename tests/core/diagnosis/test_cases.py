"""Real logs: what is known of each, and what the rules say of it."""

from dataclasses import dataclass

import pytest

from core.diagnosis import NOTE, diagnose, evidence_of_log, told
from tests.core.logs.cases import needs_cases, read_case

pytestmark = needs_cases


@dataclass(frozen=True)
class Known:
    """`says`: kinds that must be told, notes included; `not_says`: kinds that would be false. `only`: nothing but these, notes apart."""

    file: str
    says: tuple[str, ...] = ()
    not_says: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    run: int = 0


KNOWN = [
    Known("01_", ("no_signal", "learning_rate_schedule"), only=("no_signal", "healthy")),
    Known("02_", ("length_runaway", "reward_noise", "clip_inactive"), ("gradient_vanished", "length_collapse", "healthy")),
    Known("03_", ("reward_noise", "kl_from_start", "no_learning"), ("kl_runaway", "eval_falls", "healthy")),
    Known("05_", ("kl_from_start",), ("gradient_vanished", "length_runaway", "entropy_collapse")),
    Known("08_", ("no_signal", "gradient_spikes"), only=("no_signal", "healthy")),
    Known("11_", ("truncation", "no_signal", "cannot_show"), ("healthy", "reward_stalled")),
    Known("20_", ("no_signal",), ("gradient_never", "gradient_vanished", "healthy", "reward_falls")),
    Known("22_", ("diverged",), ("no_signal", "gradient_vanished", "healthy")),
    Known("23_", ("single_answer", "clip_inactive"), ("healthy",)),
    Known("25_", ("cannot_show",), only=("cannot_show",)),
    Known("30_", ("gradient_never", "no_signal"), ("entropy_collapse", "healthy", "gradient_vanished")),
    Known("31_", only=("healthy",)),
    Known("40_", only=("healthy",)),
    Known("42_", ("cannot_show",), ("healthy",), run=1),
    Known("45_", only=("healthy",)),
    Known("46_", only=("healthy",)),
    Known("47_", only=("healthy",)),
    Known("50_", ("metrics_missing", "healthy"), ("gradient_never", "entropy_collapse")),
    Known("54_", not_says=("healthy", "diverged", "gradient_zero_with_signal")),
    Known("55_", ("diverged",), ("healthy",)),
    Known("56_", only=("cannot_show",)),
    Known("57_", only=("cannot_show",)),
    Known("63_", ("reward_parts_diverge",), ("healthy",)),
    Known("64_", ("metrics_missing",), only=("cannot_show",)),
    Known("65_", ("no_signal",), ("healthy",)),
    Known("66_", ("gradient_spikes",), ("healthy",)),
    Known("67_", ("truncation", "cannot_show"), ("healthy",)),
    Known("68_", only=("cannot_show",)),
    Known("69_", only=("cannot_show",)),
    Known("70_", ("diverged",), ("healthy",)),
    Known("71_", ("diverged",), ("healthy",)),
    Known("made/trl_healthy.trainer", ("truncation",), only=("healthy",)),
    Known("made/trl_healthy.console", ("truncation",), only=("healthy",)),
    Known("made/trl_healthy_tensorboard", ("truncation",), only=("healthy",)),
    Known("made/trl_const.trainer", ("reward_constant", "gradient_never"), ("healthy", "entropy_collapse")),
    Known("made/trl_const.console", ("reward_constant", "gradient_never"), ("healthy", "entropy_collapse")),
    Known("made/trl_coin.trainer", ("no_learning",), ("healthy", "gradient_vanished", "entropy_collapse", "no_signal")),
    Known("made/trl_coin.console", ("no_learning",), ("healthy", "gradient_vanished", "entropy_collapse", "no_signal")),
    Known("made/verl_dapo.jsonl", only=("healthy",)),
    Known("made/verl_dapo.console", only=("healthy",)),
    Known("made/verl_dapo_tensorboard", only=("healthy",)),
]


def findings(*files: str, run: int = 0):
    found = read_case(*files).runs[run]
    told_all = diagnose(evidence_of_log(found))
    assert all(told(finding, found.framework.name).seen for finding in told_all)  # every placeholder is there
    return told_all


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.file)
def test_a_real_log_is_told_as_what_it_is(known):
    found = findings(known.file, run=known.run)
    kinds = {finding.kind for finding in found}
    assert set(known.says) <= kinds and not set(known.not_says) & kinds
    if known.only is not None:
        assert {finding.kind for finding in found if finding.severity != NOTE} == set(known.only)


def test_late_collapse_is_told_with_the_gradient_that_grows():
    for run, sick in ((0, True), (1, False), (2, True)):
        kinds = {finding.kind for finding in findings("35_", "36_", run=run)}
        assert ({"reward_falls", "gradient_growing"} <= kinds) == sick and ("healthy" in kinds) != sick


def test_groups_of_two_are_bounded_from_the_steps_without_spread():
    (found,) = [finding for finding in findings("20_") if finding.kind == "no_signal"]
    assert found.facts["zeros"] == 80 and found.facts["rows"] == 200 and found.unsure == ("lower_bound",)
    assert found.facts["size"] == 2 and found.facts["size_how"] == "deviations"


def test_a_constant_reward_is_neither_too_easy_nor_too_hard():
    (found,) = [finding for finding in findings("made/trl_const.trainer") if finding.kind == "no_signal"]
    assert found.facts["groups"] == "constant"


def test_every_run_of_a_folder_is_told():
    for run in range(6):
        assert findings("60_", run=run)
