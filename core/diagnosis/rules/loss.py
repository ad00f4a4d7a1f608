"""A loss of nearly 0 with a gradient that is not: normal, and often asked about."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import NOTE, SURE, Finding
from core.diagnosis.thresholds import limit


def loss(evidence: Evidence) -> list[Finding]:
    series, gradient = evidence.get("loss"), evidence.get("grad_norm")
    if series is None or gradient is None or len(series) < 3 or float(np.median(gradient.values)) < limit("zero"):
        return []
    size = float(np.median(np.abs(series.values)))
    if size >= limit("loss_zero"):
        return []
    return [
        Finding(
            kind="loss_near_zero", severity=NOTE, confidence=SURE, since_step=int(series.steps[0]), value=size,
            facts={"loss": trends.number(size), "gradient": trends.number(float(np.median(gradient.values)))}, marks=(series.mark(),),
        )
    ]  # fmt: skip
