"""A gradient that is exactly 0, always or from some step on, or that has faded; and one that is 0 although rewards differ."""

from __future__ import annotations

import numpy as np

from core.analysis.detectors import GRADIENT_FLOOR
from core.diagnosis import trends
from core.diagnosis.costs import wasted
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import FAULT, LIKELY, POSSIBLE, SURE, Finding
from core.diagnosis.thresholds import limit


def gradient_zero(evidence: Evidence) -> list[Finding]:
    series = evidence.get("grad_norm")
    if series is None or evidence.rounded:
        return []
    zero, rows = np.abs(series.values) < limit("zero"), evidence.window(series)
    share, needed = float(zero.mean()), limit("zero_share")
    late, begin = float(zero[-rows:].mean()), float(zero[:rows].mean())
    if late >= needed and len(series) > 1:
        if begin >= needed and _differs(evidence, series.steps[zero]):
            return [_finding(evidence, series, "gradient_zero_with_signal", zero, int(series.steps[zero.argmax()]), share)]
        if share >= needed and begin >= needed and evidence.begins:
            return [_finding(evidence, series, "gradient_never", zero, int(series.steps[0]), share)]
        if evidence.lab is not None:
            return _counted(evidence, series)
        if trends.solved(evidence):
            return []  # what has nothing left to teach has no gradient: no fault
        if len(series) >= rows:
            since = trends.window_since(series, rows, zero)
            return [_finding(evidence, series, "gradient_vanished", zero, since, late, "zero")]
    if len(series) > 1 and share >= 0.5 and begin >= 0.5 and _differs(evidence, series.steps[zero]):
        return [_finding(evidence, series, "gradient_zero_with_signal", zero, int(series.steps[zero.argmax()]), share)]
    if evidence.lab is not None:
        return _counted(evidence, series)
    return [] if trends.solved(evidence) else _faded(evidence, series, rows)


def _counted(evidence: Evidence, series: Series) -> list[Finding]:
    """Of the Lab's own run: gone where its summary says so, and the prompts are not solved."""
    since, share = evidence.lab.vanished_since, evidence.lab.gradient_share
    if since is None or trends.solved(evidence):
        return []
    without = (series.values < GRADIENT_FLOOR).astype(float)
    return [
        Finding(
            kind="gradient_vanished", variant="counted", severity=FAULT, confidence=SURE, since_step=since, value=share,
            facts={"share": trends.percent(share), "step": since}, marks=(series.mark(since),), cost=wasted(evidence, series.steps, without),
        )
    ]  # fmt: skip


def _differs(evidence: Evidence, steps: np.ndarray) -> bool:
    """At most of `steps` rewards differ within groups, by the log's own words. Where a share is logged, in at least half of the groups: the
    minibatch of an update may hold only the others. Where a deviation is, by half of what it is at the other steps."""
    share, deviation = evidence.get("zero_std_fraction"), evidence.get("reward_std")
    if share is not None and (at := np.isin(share.steps, steps)).any():
        return bool((share.values[at] <= limit("signal")).mean() > 0.5)
    if deviation is None or not (at := np.isin(deviation.steps, steps)).any():
        return False
    least = limit("signal") * float(np.median(deviation.values[~at])) if (~at).any() else 0.0
    return bool((deviation.values[at] > max(least, 1e-6)).mean() > 0.5)


def _finding(evidence, series: Series, kind: str, zero: np.ndarray, since: int, value: float, variant: str = "") -> Finding:
    enough = len(series) >= evidence.window(series)
    return Finding(
        kind=kind, severity=FAULT, confidence=SURE if enough else POSSIBLE, since_step=since, value=value, variant=variant,
        facts={"zeros": int(zero.sum()), "rows": len(series), "step": since}, marks=(series.mark(since),),
        cost=wasted(evidence, series.steps, zero.astype(float)), unsure=() if enough else ("few_rows",),
    )  # fmt: skip


def _faded(evidence: Evidence, series: Series, rows: int) -> list[Finding]:
    """Few of the last rows have a gradient that counts beside the first ones'; or their mean is small, where a row is one of many updates."""
    if not evidence.has_trend(series) or not evidence.begins:
        return []
    few = min(rows, len(series) // 4)
    early, late = series.values[:few], series.values[-min(max(rows, len(series) // 6), len(series) // 3) :]
    initial = trends.starts(evidence, series)[1] / max(
        1.0, trends.length_ratio(evidence)
    )  # a mean over longer completions is smaller
    if initial <= 0:
        return []
    live = float((late >= limit("gradient_live") * initial).mean())
    most = limit("gradient_capped") * initial  # a lone spike is no gradient
    left = float(np.minimum(late, most).mean() / np.minimum(early, most).mean())
    gaps = live <= limit("gradient_gaps") and left <= limit("gradient_gaps_mean")
    if live > limit("gradient_vanished_share") and left > limit("gradient_vanished") and not gaps:
        return []
    smooth = trends.rolling_median(series.values, rows)
    since = trends.window_since(series, rows, smooth < limit("gradient_vanished") * initial)
    return [
        Finding(
            kind="gradient_vanished", variant="faded", severity=FAULT, confidence=LIKELY, since_step=since, value=left,
            facts={"first": trends.number(initial), "last": trends.number(float(late.mean())), "share": trends.percent(left),
                   "live": trends.percent(live), "step": since},
            marks=(series.mark(since),), unsure=("gradient_scale",),
        )
    ]  # fmt: skip
