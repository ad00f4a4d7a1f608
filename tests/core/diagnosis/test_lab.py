"""The Lab's own runs are judged by the same rules: the shipped comparison, in which GRPO collapses and DAPO goes on."""

import pytest

from core.data.comparison import SHIPPED_COMPARISON
from core.diagnosis import FAULT, diagnose, evidence_of_history


def found(label: str, seed: int | None = None) -> dict[str, object]:
    return {
        finding.kind: finding for finding in diagnose(evidence_of_history(label, SHIPPED_COMPARISON.results[label].history, seed))
    }


@pytest.mark.parametrize("seed", [None, 0])
def test_the_run_that_collapses_is_told_to_have(seed):
    kinds = found("GRPO", seed)
    assert {"gradient_vanished", "no_signal", "entropy_collapse"} <= kinds.keys() and "healthy" not in kinds
    assert kinds["gradient_vanished"].since_step > 16  # the first two rollouts have a gradient


@pytest.mark.parametrize("seed", [None, 0])
def test_the_run_that_goes_on_is_healthy_and_pays_for_it_in_samples(seed):
    kinds = found("DAPO", seed)
    assert "healthy" in kinds and not [f for f in kinds.values() if f.severity == FAULT]
    assert kinds["no_signal"].variant == "refilled"
