"""The Lab's own runs are judged by the same rules, seed by seed: the shipped comparison, in which GRPO collapses and DAPO goes on."""

from functools import cache

import numpy as np
import pytest

from core.analysis.detectors import seed_states
from core.data.comparison import SHIPPED_COMPARISON
from core.diagnosis import FAULT, diagnose, diagnose_seeds, evidence_of_history

LABELS = ("GRPO", "DAPO")


def history(label: str):
    return SHIPPED_COMPARISON.results[label].history


@cache  # half a second, not at collection
def told(label: str) -> dict[int, dict[str, object]]:
    """Seed -> kind -> finding."""
    return {int(s): {f.kind: f for f in diagnose(evidence_of_history(label, history(label), s))} for s in history(label).seeds}


def in_state(label: str, state: str) -> set[int]:
    held = history(label)
    inside = seed_states(held.updates, held.metric, np.full(len(held.seeds), held.last_update))[state]
    return {int(seed) for seed, there in zip(held.seeds, inside, strict=True) if there}


@pytest.mark.parametrize("label", LABELS)
def test_a_seed_is_told_to_have_collapsed_where_the_summary_counts_it_and_nowhere_else(label):
    assert {seed for seed, kinds in told(label).items() if "entropy_collapse" in kinds} == in_state(label, "collapsed")
    assert len(in_state("GRPO", "collapsed")) >= 9


@pytest.mark.parametrize("label", LABELS)
def test_a_seed_that_has_solved_its_prompts_has_no_fault_of_entropy_or_gradient(label):
    for seed in in_state(label, "solved"):
        kinds = told(label)[seed]
        assert not {"gradient_vanished", "entropy_collapse"} & kinds.keys()
        assert kinds["healthy"].variant == "solved" and not [f for f in kinds.values() if f.severity == FAULT]
    assert len(in_state("DAPO", "solved")) >= 5


def test_a_gradient_has_vanished_where_few_of_the_last_updates_have_one_and_prompts_are_left():
    for label in LABELS:
        held = history(label)
        for seed, kinds in told(label).items():
            norms = held.metric("grad_norm")[:, held.seeds.index(seed)]
            share = float(np.mean(norms[held.updates > 0.9 * held.last_update] >= 1e-3))
            assert ("gradient_vanished" in kinds) == (share < 0.2 and seed not in in_state(label, "solved")), (label, seed)


def test_the_findings_of_all_seeds_say_in_how_many_of_them():
    found = {together.finding.kind: together for together in diagnose_seeds("GRPO", history("GRPO"))}
    collapse = found["entropy_collapse"]
    assert set(collapse.seeds) == in_state("GRPO", "collapsed")
    assert collapse.share == f"{len(collapse.seeds)} of 16 seeds"
    since = sorted(told("GRPO")[seed]["entropy_collapse"].since_step for seed in collapse.seeds)
    assert collapse.finding.since_step == since[len(since) // 2]


def test_the_size_of_the_labs_groups_is_read_off_its_log_and_no_smaller_one_is_advised():
    facts = told("GRPO")[0]["no_signal"].facts
    assert facts["size"] == SHIPPED_COMPARISON.results["GRPO"].config.group_size == 16
    assert facts["group_size"] == "unknown"


def test_a_seed_that_is_not_there_is_refused():
    with pytest.raises(KeyError):
        evidence_of_history("GRPO", history("GRPO"), 999)
