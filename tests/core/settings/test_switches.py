"""The techniques as switches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.settings.algorithm import DAPO, GRPO
from core.settings.scenarios import LAB_REPAIRED
from core.settings.switches import KL_ON, SWITCHES, differs
from core.settings.techniques import DAPO_TECHNIQUES

BY_LABEL = {switch.label: switch for switch in SWITCHES}


def on(algorithm) -> list[str]:
    return [switch.label for switch in SWITCHES if switch.is_on(algorithm)]


def test_grpo_and_dapo_differ_in_the_techniques_of_dapo_alone():
    assert on(GRPO) == ["Std normalisation"]
    assert on(DAPO) == [*DAPO_TECHNIQUES, "Std normalisation"]
    assert [s.label for s in SWITCHES if differs(s, {"GRPO": GRPO, "DAPO": DAPO})] == list(DAPO_TECHNIQUES)


@pytest.mark.parametrize("base", [GRPO, DAPO])
@pytest.mark.parametrize("switch", SWITCHES, ids=lambda s: s.label)
def test_a_switch_turned_is_turned_and_turned_back_is_as_before(switch, base):
    before = switch.is_on(base)
    turned = replace(base, **switch.turned(not before, base, base))
    assert switch.is_on(turned) is not before
    assert replace(turned, **switch.turned(before, turned, base)) == base


def test_the_number_is_that_of_the_variant():
    refill, drop = DAPO, replace(DAPO, dynamic_sampling="filter")
    sampling = BY_LABEL["Dynamic sampling"]
    assert [sampling.number_of(a) for a in (GRPO, refill, drop)] == ["", "max_rounds", "filter_threshold"]
    assert [sampling.variant(a) for a in (GRPO, refill, drop)] == ["", "", "filter"]
    assert BY_LABEL["Token-level loss"].variant(replace(GRPO, loss_aggregation="constant")) == "constant"
    assert not BY_LABEL["Token-level loss"].is_on(replace(GRPO, loss_aggregation="constant"))
    numbers = {label: switch.number_of(replace(DAPO, kl_coef=0.1)) for label, switch in BY_LABEL.items()}
    assert numbers == {
        "Clip-Higher": "eps_high",
        "Token-level loss": "",
        "Dynamic sampling": "max_rounds",
        "Overlong shaping": "overlong_buffer_tokens",
        "Std normalisation": "",
        "KL penalty": "kl_coef",
    }


def test_turned_on_it_is_as_the_side_began():
    lab = LAB_REPAIRED.algorithms["DAPO"]  # it filters, and does not refill
    sampling = BY_LABEL["Dynamic sampling"]
    off = replace(lab, **sampling.turned(False, lab, lab))
    assert sampling.turned(True, off, lab) == {"dynamic_sampling": "filter"}
    assert sampling.turned(True, GRPO, GRPO) == {"dynamic_sampling": "refill"}
    assert BY_LABEL["KL penalty"].turned(True, GRPO, GRPO) == {"kl_coef": KL_ON}


def test_off_is_a_clip_of_equal_widths_whatever_the_lower_one_is():
    clip = BY_LABEL["Clip-Higher"]
    narrow = replace(DAPO, eps_low=0.1)
    assert clip.turned(False, narrow, DAPO) == {"eps_high": 0.1}
    assert not clip.is_on(replace(narrow, eps_high=0.1))
    assert clip.is_on(replace(GRPO, eps_high=(0.28, 0.4))) and not clip.is_on(replace(GRPO, eps_high=(0.2, 0.4)))


def test_a_number_alone_makes_a_difference():
    sides = {"A": DAPO, "B": replace(DAPO, max_rounds=20)}
    assert [s.label for s in SWITCHES if differs(s, sides)] == ["Dynamic sampling"]
    assert not any(
        differs(s, {"A": GRPO, "B": replace(GRPO, max_rounds=20)}) for s in SWITCHES
    )  # off, the number is without effect
