"""One answer per prompt: the advantage is the reward itself, there is no baseline."""

from __future__ import annotations

import numpy as np

from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import FAULT, LIKELY, POSSIBLE, SURE, Finding
from core.diagnosis.thresholds import limit

PAIRS = (("advantage_mean", "mean"), ("advantage_max", "reward_max"), ("advantage_min", "reward_min"))


def single_answer(evidence: Evidence) -> list[Finding]:
    reward = evidence.get("reward_trained_mean") or evidence.get("reward_mean")
    advantage = evidence.get("advantage_mean")
    if reward is None or advantage is None:
        return []
    same = []
    for ours, theirs in PAIRS:
        a, r = evidence.get(ours), reward if theirs == "mean" else evidence.get(theirs)
        if a is not None and r is not None and np.array_equal(a.steps, r.steps):
            size = float(np.abs(r.values).max())
            if size == 0:  # the smallest of rewards of 0 and 1: equal if the advantage is never below 0, and then nothing new
                if float(np.abs(a.values).max()) > 0:
                    return []
                continue
            # The mean over tokens differs from the mean over answers; the extremes do not.
            same.append(np.allclose(a.values, r.values, rtol=0, atol=(0.25 if theirs == "mean" else 1e-3) * size))
    if len(same) < 2 or not all(same) or float(np.abs(advantage.values).max()) < 1e-3:
        return []
    few = len(reward) < limit("window_rows")
    return [
        Finding(
            kind="single_answer", severity=FAULT, confidence=POSSIBLE if few else SURE if len(same) == 3 else LIKELY,
            since_step=int(advantage.steps[0]), value=1.0, facts={"rows": len(advantage), "column": advantage.column},
            marks=(advantage.mark(), reward.mark()), unsure=("few_rows",) if few else (),
        )
    ]  # fmt: skip
