"""The training reward rises or stands while evaluation falls; one part of the reward falls while the total rises."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, POSSIBLE, Finding
from core.diagnosis.thresholds import limit

FEW = 6  # evaluations
SECOND_DIFFERENCE = 1.652  # median of |a - 2 b + c| of three normal values of standard deviation 1


def evaluation_falls(evidence: Evidence) -> list[Finding]:
    series = evidence.get("eval_accuracy") or evidence.get("eval_reward")
    reward = evidence.reward
    if series is None or len(series) < FEW or not evidence.has_trend(reward):
        return []
    best = int(series.values.argmax())
    scale = max(abs(float(series.values[best])), float(np.ptp(series.values)))
    late = series.values[-max(2, len(series) // 4) :]
    scatter = (
        float(np.median(np.abs(np.diff(series.values, 2)))) / SECOND_DIFFERENCE
    )  # of one evaluation; a steady fall is no scatter
    share = series.values.min() >= 0 and series.values.max() <= 1
    drop = float(series.values[best] - late.max())
    if (
        drop <= 0
        or best >= len(series) - len(late)
        or (share and drop < limit("eval_least"))
        or drop < max(limit("eval_drop") * scale, limit("eval_errors") * scatter)
        or trends.change(reward).falls
    ):
        return []
    at = int(series.steps[best])
    return [
        Finding(
            kind="eval_falls", severity=FAULT, confidence=LIKELY if len(series) >= 8 else POSSIBLE, since_step=at,
            value=float(late.mean() - series.values[best]), marks=(series.mark(at), reward.mark(at)),
            facts={"best": trends.number(float(series.values[best])), "last": trends.number(float(late[-1])), "step": at, "count": len(series)},
            unsure=() if len(series) >= 8 else ("few_evaluations",),
        )
    ]  # fmt: skip


def parts_diverge(evidence: Evidence) -> list[Finding]:
    """The sum pays for its easy part: the total rises, a part that checks the answer falls."""
    total = evidence.reward
    if total is None or len(total) < 3:
        return []
    for name, part in evidence.parts.items():
        if any(word in name.lower() for word in ("accuracy", "correct", "answer")) and _against(evidence, total, part):
            first, last = _ends(part)
            whole = _ends(total)
            few = len(part) < limit("trend_rows")
            return [
                Finding(
                    kind="reward_parts_diverge", severity=FAULT, confidence=POSSIBLE if few else LIKELY, since_step=int(part.steps[0]),
                    value=last - first, marks=(part.mark(), total.mark()), unsure=("few_rows",) if few else (),
                    facts={"part": name, "first": trends.number(first), "last": trends.number(last),
                           "total_first": trends.number(whole[0]), "total_last": trends.number(whole[1])},
                )
            ]  # fmt: skip
    return _one_part(evidence, total)


def _one_part(evidence: Evidence, total: Series) -> list[Finding]:
    """The total rises, and one of a few parts carries nothing of it: that part is near 0 and stays there."""
    if not 2 <= len(evidence.parts) <= 4 or not evidence.has_trend(total) or not trends.change(total).rises:
        return []
    for name, part in evidence.parts.items():
        moved = trends.change(part)
        if len(part) >= limit("trend_rows") and not moved.rises and abs(moved.last) < limit("idle_part") * abs(_ends(total)[1]):
            whole = _ends(total)
            return [
                Finding(
                    kind="reward_parts_diverge", variant="one_part", severity=CONDITION, confidence=POSSIBLE,
                    since_step=int(part.steps[0]), value=moved.size, marks=(part.mark(), total.mark()), unsure=("part_meaning",),
                    facts={"part": name, "first": trends.number(moved.first), "last": trends.number(moved.last),
                           "total_first": trends.number(whole[0]), "total_last": trends.number(whole[1])},
                )
            ]  # fmt: skip
    return []


def _ends(series: Series) -> tuple[float, float]:
    part = max(1, len(series) // 3)
    return float(series.values[:part].mean()), float(series.values[-part:].mean())


def _against(evidence: Evidence, total: Series, part: Series) -> bool:
    if len(part) < 3:
        return False
    first, last = _ends(part)
    drops = first > 0 and last <= (1 - limit("part_drop")) * first
    if evidence.has_trend(part) and evidence.has_trend(total):
        return drops and trends.change(part).falls and trends.change(total).rises
    return bool(
        drops
        and (np.diff(part.values) < 0).all()
        and total.values[-1] == total.values.max()
        and total.values[-1] > total.values[0]
    )
