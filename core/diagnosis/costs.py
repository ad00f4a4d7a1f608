"""What a finding has cost so far."""

from __future__ import annotations

import numpy as np

from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import Waste


def wasted(evidence: Evidence, steps: np.ndarray, share: np.ndarray) -> Waste:
    """`share` (n,) of what was generated at each of `steps` (n,) taught nothing. Long completions count more where lengths are logged."""
    lengths = evidence.get("completion_tokens_mean")
    weights = np.interp(steps, lengths.steps, lengths.values) if lengths is not None else np.ones(len(steps))
    total = float(weights.sum())
    seconds = evidence.seconds
    spent = None
    if seconds is not None:
        spent = float((np.interp(seconds.steps, steps, share) * seconds.values).sum())
    return Waste(float((weights * share).sum() / total) if total > 0 else float(share.mean()), spent)
