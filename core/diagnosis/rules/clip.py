"""The clip that never acts, or acts on much; data that is no longer the policy's."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence
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
    late = float(np.median(trends.last_window(evidence, series)))
    if len(series) < limit("window_rows") or late < limit("clip_much"):
        return []
    since = trends.window_since(series, evidence.window(series), series.values >= limit("clip_much"))
    return [
        Finding(
            kind="clip_too_much", severity=CONDITION, confidence=LIKELY, since_step=since, value=late,
            facts={"share": trends.percent(late), "step": since}, marks=(series.mark(since),),
        )
    ]  # fmt: skip


def stale(evidence: Evidence) -> list[Finding]:
    series = evidence.get("kl_old")
    if series is None or len(series) < limit("window_rows"):
        return []
    late = float(np.median(trends.last_window(evidence, series)))
    if late < limit("stale"):
        return []
    since = trends.window_since(series, evidence.window(series), series.values >= limit("stale"))
    return [
        Finding(
            kind="stale", severity=FAULT, confidence=LIKELY, since_step=since, value=late,
            facts={"kl": trends.number(late), "step": since}, marks=(series.mark(since),),
        )
    ]  # fmt: skip
