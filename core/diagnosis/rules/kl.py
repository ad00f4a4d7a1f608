"""The policy runs away from the base model; or was never at the reference."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import FAULT, LIKELY, NOTE, SURE, Finding
from core.diagnosis.thresholds import limit

FIRST = 5  # rows


def kl(evidence: Evidence) -> list[Finding]:
    series = evidence.get("kl_base")
    if series is None:
        return []
    absurd = series.values > limit("kl_absurd")
    if absurd.any():
        since, largest = int(series.steps[absurd.argmax()]), float(series.values.max())
        return [
            Finding(
                kind="kl_runaway", variant="spikes", severity=FAULT, confidence=SURE, since_step=since, value=largest,
                facts={"largest": trends.number(largest), "count": int(absurd.sum()), "step": since}, marks=(series.mark(since),),
            )
        ]  # fmt: skip
    if not evidence.has_trend(series):
        return []
    start, rows = float(np.median(series.values[:FIRST])), evidence.window(series)
    usual, late = float(np.median(series.values[: max(rows, len(series) // 3)])), float(np.median(series.values[-rows:]))
    found = []
    if evidence.begins and not evidence.lab and start >= limit("kl_start"):
        found.append(
            Finding(
                kind="kl_from_start", severity=NOTE, confidence=LIKELY, since_step=int(series.steps[0]), value=start,
                facts={"kl": trends.number(start)}, marks=(series.mark(),),
            )
        )  # fmt: skip
    least = min(usual, float(series.values[0]) if evidence.begins else usual)
    grows = late >= limit("kl_growth") * least or (evidence.begins and late >= limit("kl_far") and late >= usual)
    least_kl = limit("kl_runaway") if evidence.begins else limit("kl_far")
    better = trends.solved(evidence) or (trends.rises(evidence) and not trends.falls_lately(evidence))
    if late >= least_kl and grows and not better:
        smooth = trends.rolling_median(series.values, rows)
        since = trends.window_since(series, rows, smooth >= max(limit("kl_runaway"), late / 2))
        found.append(
            Finding(
                kind="kl_runaway", severity=FAULT, confidence=LIKELY, since_step=since, value=late, marks=(series.mark(since),),
                facts={"first": trends.number(least), "last": trends.number(late), "step": since},
            )
        )  # fmt: skip
    return found
