"""The clip that never acts, or acts on much; data that is no longer the policy's."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, NOTE, SURE, Finding
from core.diagnosis.thresholds import limit

FEW = 4  # rows


def clip(evidence: Evidence) -> list[Finding]:
    series = evidence.get("clip_fraction")
    if series is None or len(series) < FEW:
        return []
    moved = evidence.get("kl_old")
    moves = moved is not None and float(np.median(np.abs(moved.values))) > 1e-4
    if (series.values == 0).all() and not (evidence.rounded and moves):
        return [
            Finding(
                kind="clip_inactive", variant="wide" if moves else "one_update", severity=NOTE, confidence=LIKELY if moves else SURE,
                since_step=int(series.steps[0]), value=0.0, facts={"rows": len(series)}, marks=(series.mark(),),
            )
        ]  # fmt: skip
    if (much := _lately_above(evidence, series, "clip_much")) is None:
        return []
    late, since = much
    return [
        Finding(
            kind="clip_too_much", severity=NOTE if trends.rises(evidence) else CONDITION, confidence=LIKELY, since_step=since, value=late,
            facts={"share": trends.percent(late), "step": since}, marks=(series.mark(since),),
        )
    ]  # fmt: skip


def stale(evidence: Evidence) -> list[Finding]:
    series = evidence.get("kl_old")
    if series is None or (much := _lately_above(evidence, series, "stale")) is None:
        return []
    late, since = much
    return [
        Finding(
            kind="stale", severity=FAULT, confidence=LIKELY, since_step=since, value=late,
            facts={"kl": trends.number(late), "step": since}, marks=(series.mark(since),),
        )
    ]  # fmt: skip


def _lately_above(evidence: Evidence, series: Series, threshold: str) -> tuple[float, int] | None:
    """(median of the last window, step since which the series has been at or above the threshold); None if that median is below it, or the
    series has too few rows."""
    if len(series) < limit("window_rows"):
        return None
    late = float(np.median(trends.last_window(evidence, series)))
    if late < limit(threshold):
        return None
    return late, trends.window_since(series, evidence.window(series), series.values >= limit(threshold))
