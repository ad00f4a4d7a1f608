"""A learning rate of 0: always, from the middle on, or because the schedule has ended."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import FAULT, NOTE, SURE, Finding
from core.diagnosis.thresholds import limit


def learning_rate(evidence: Evidence) -> list[Finding]:
    series = evidence.get("learning_rate")
    if series is None or len(series) < 3:
        return []
    zero, largest = series.values == 0, float(series.values.max())
    if zero.all():
        if evidence.rounded:
            return []
        return [_finding(series, FAULT, "", int(series.steps[0]), 0.0)]
    rows = min(evidence.window(series), len(series))
    if len(series) >= limit("trend_rows") and zero[-rows:].all():
        since = int(series.steps[np.flatnonzero(~zero)[-1] + 1])
        return [_finding(series, FAULT, "since", since, 0.0)]
    if len(series) >= limit("trend_rows") and series.values[-1] <= limit("learning_rate_end") * largest:
        small = series.values <= 0.1 * largest
        since = trends.window_since(series, 1, small)
        return [
            _finding(
                series, NOTE, "", since, float(series.values[-1] / largest), trends.number(largest), "learning_rate_schedule"
            )
        ]
    return []


def _finding(
    series: Series, severity: str, variant: str, since: int, value: float, largest: str = "0", kind: str = "learning_rate_zero"
) -> Finding:
    return Finding(
        kind=kind, variant=variant, severity=severity, confidence=SURE, since_step=since, value=value,
        facts={"step": since, "largest": largest, "rows": len(series)}, marks=(series.mark(since),),
    )  # fmt: skip
