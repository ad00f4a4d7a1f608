"""The Lab's own runs are judged by the same rules: the shipped comparison, in which GRPO collapses and DAPO goes on."""

import numpy as np

from core.analysis.detectors import collapsed_seeds
from core.data.comparison import SHIPPED_COMPARISON
from core.diagnosis import FAULT, diagnose, evidence_of_history


def found(label: str, seed: int | None = None) -> dict[str, object]:
    return {
        finding.kind: finding for finding in diagnose(evidence_of_history(label, SHIPPED_COMPARISON.results[label].history, seed))
    }


def collapsed(label: str) -> np.ndarray:
    """Which seeds the summary counts as collapsed: (16,) bool."""
    history = SHIPPED_COMPARISON.results[label].history
    return collapsed_seeds(history.updates, history.metric, np.full(len(history.seeds), history.last_update))


def test_every_seed_that_collapsed_is_told_to_have_lost_its_gradient_and_never_to_be_healthy():
    told = {seed: found("GRPO", int(seed)) for seed in np.flatnonzero(collapsed("GRPO"))}
    assert len(told) >= 12
    for kinds in told.values():
        assert "no_signal" in kinds and "healthy" not in kinds
    assert sum("gradient_vanished" in kinds for kinds in told.values()) >= len(told) - 1
    assert "healthy" not in found("GRPO")


def test_dapo_as_a_whole_is_healthy_and_pays_for_it_in_samples_and_its_seed_that_collapsed_is_told():
    kinds = found("DAPO")
    assert "healthy" in kinds and not [f for f in kinds.values() if f.severity == FAULT]
    assert kinds["no_signal"].variant == "refilled"
    (seed,) = np.flatnonzero(collapsed("DAPO"))
    assert {"entropy_collapse", "gradient_vanished"} <= found("DAPO", int(seed)).keys()
