"""A gradient that spikes, grows, is impossibly large, or is clipped all the time."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, NOTE, POSSIBLE, SURE, Finding
from core.diagnosis.thresholds import limit


def gradient_large(evidence: Evidence) -> list[Finding]:
    series = evidence.get("grad_norm")
    if series is None:
        return []
    absurd = series.values > limit("gradient_absurd")
    if absurd.any():
        since = int(series.steps[absurd.argmax()])
        largest = float(series.values.max())
        return [
            Finding(
                kind="gradient_spikes", variant="absurd", severity=FAULT, confidence=LIKELY, since_step=since, value=largest,
                facts={"largest": trends.number(largest), "count": int(absurd.sum()), "rows": len(series), "step": since},
                marks=(series.mark(since),), unsure=("measured_or_real",),
            )
        ]  # fmt: skip
    if not evidence.has_trend(series):
        return []
    return [*_spikes(evidence, series), *_grows(evidence, series), *_clipped(evidence, series)]


def _spikes(evidence, series) -> list[Finding]:
    # Rows without signal have a gradient near 0; a spike is one among rows that have some.
    moving = series.values[series.values > limit("zero")]
    usual = float(np.quantile(moving, 0.75)) / 2 if len(moving) else 0.0
    around = np.maximum(trends.rolling_median(series.values, max(evidence.window(series), 16)), usual)
    spikes = (series.values > limit("gradient_spike") * around) & (around > limit("zero"))
    if not spikes.any():
        return []
    many = spikes.sum() > 1 and spikes.mean() >= limit("gradient_spike_share")
    first, largest = int(series.steps[spikes.argmax()]), float(series.values[spikes].max())
    return [
        Finding(
            kind="gradient_spikes", variant="many" if many else "few", severity=CONDITION if many else NOTE, confidence=SURE,
            since_step=first, value=largest, marks=tuple(series.mark(int(s), int(s)) for s in series.steps[spikes][:20]),
            facts={"count": int(spikes.sum()), "rows": len(series), "largest": trends.number(largest), "step": first,
                   "usual": trends.number(float(np.median(series.values)))},
        )
    ]  # fmt: skip


def _grows(evidence, series) -> list[Finding]:
    rows = evidence.window(series)
    if len(series) < 2 * rows:
        return []
    first, last = float(np.median(series.values[:rows])), float(np.median(series.values[-rows:]))
    shorter = min(1.0, trends.length_ratio(evidence))
    if first <= limit("zero") or last / first * shorter < limit("gradient_growing"):
        return []
    better = trends.rises(evidence)
    smooth = trends.rolling_median(series.values, rows)
    since = trends.window_since(series, rows, smooth > (first + last) / 2)
    return [
        Finding(
            kind="gradient_growing", severity=NOTE if better else FAULT, confidence=LIKELY if better is False else POSSIBLE,
            since_step=since, value=last / first, marks=(series.mark(since),),
            facts={"first": trends.number(first), "last": trends.number(last), "times": trends.number(last / first), "step": since},
            unsure=("no_reward",) if better is None else (),
        )
    ]  # fmt: skip


def _clipped(evidence, series) -> list[Finding]:
    above = series.values > limit("gradient_clip")
    if evidence.lab or above.mean() < limit("clipped_share"):
        return []
    return [
        Finding(
            kind="gradient_clipped", severity=NOTE, confidence=POSSIBLE, since_step=int(series.steps[0]), value=float(above.mean()),
            facts={"share": trends.percent(float(above.mean())), "usual": trends.number(float(np.median(series.values)))},
            marks=(series.mark(),), unsure=("max_grad_norm_unknown",),
        )
    ]  # fmt: skip
