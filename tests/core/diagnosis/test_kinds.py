"""What a diagnosis must be able to say, kind by kind, and the document that lists it."""

import pytest

from bench.diagnosis_kinds import DOCUMENT, document, rule_of
from core.diagnosis.tell import kinds, read_text
from tests.core.diagnosis.test_rules import CASES

# What is asked -> (kind, variant) that tells it.
ASKED = {
    "entropy collapse": ("entropy_collapse", ""), "entropy explosion": ("entropy_explosion", ""),
    "gradient vanished": ("gradient_vanished", "zero"), "gradient faded": ("gradient_vanished", "faded"),
    "never had a gradient": ("gradient_never", ""), "gradient spikes": ("gradient_spikes", "many"),
    "gradient growing": ("gradient_growing", ""), "clipped all the time": ("gradient_clipped", ""),
    "groups without signal": ("no_signal", ""), "the same, bounded from deviations": ("no_signal", "bound"),
    "the same, refilled": ("no_signal", "refilled"), "loss near 0": ("loss_near_zero", ""),
    "gradient 0 although rewards differ": ("gradient_zero_with_signal", ""), "clip never acts, one update": ("clip_inactive", "one_update"),
    "clip never acts, too wide": ("clip_inactive", "wide"), "clips too much": ("clip_too_much", ""), "stale": ("stale", ""),
    "sampler and trainer disagree": ("mismatch", "grows"), "length runaway": ("length_runaway", ""), "truncation": ("truncation", ""),
    "length collapse": ("length_collapse", ""), "KL runaway": ("kl_runaway", ""), "reference elsewhere": ("kl_from_start", ""),
    "evaluation falls": ("eval_falls", ""), "reward falls": ("reward_falls", ""), "above its maximum": ("reward_above_maximum", ""),
    "stalled": ("reward_stalled", ""), "noise": ("reward_noise", ""), "constant": ("reward_constant", ""), "diverged": ("diverged", ""),
    "learning rate at zero": ("learning_rate_zero", ""), "one answer per prompt": ("single_answer", ""),
}  # fmt: skip
SHOWN_IN_THE_LAB = {
    "entropy_collapse", "gradient_vanished", "gradient_never", "gradient_zero_with_signal", "no_signal", "length_runaway", "truncation",
    "clip_inactive", "clip_too_much", "reward_constant", "loss_near_zero", "stale",
    "entropy_explosion", "kl_runaway", "reward_noise", "no_learning", "gradient_spikes",  # 14 of 16 seeds or more of the first side
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_has_a_rule_a_run_that_shows_it_and_words(asked):
    kind, variant = ASKED[asked]
    assert rule_of(kind)
    assert any(case.kind == kind and (not variant or case.variant == variant) for case in CASES)
    head, sections = read_text(kind)
    assert sections["causes"] and head["try"] and head["learn"]
    assert not variant or f"seen: {variant}" in sections or "seen" in sections


def test_what_a_scenario_shows_has_a_link_to_it():
    assert {kind for kind in kinds() if read_text(kind)[0].get("lab")} >= SHOWN_IN_THE_LAB


def test_the_document_is_that_of_the_texts():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run python -m bench.diagnosis_kinds"
