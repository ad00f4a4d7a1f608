"""Entropy that is gone, or that climbs, without the reward rising."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, POSSIBLE, Finding
from core.diagnosis.thresholds import limit


def entropy(evidence: Evidence) -> list[Finding]:
    series = evidence.get("entropy_nats")
    if not evidence.has_trend(series) or not evidence.begins:
        return []
    initial, rows = trends.starts(evidence, series)[1], min(evidence.window(series), len(series) // 3)
    first = float(np.median(series.values[: int(limit("start_rows"))]))
    last = float(np.median(series.values[-rows:]))
    if max(initial, last) < limit("entropy_none"):
        return []
    smooth = trends.rolling_median(series.values, rows)
    if evidence.lab is not None and last < initial:
        return _judged(evidence, series, initial, last)
    if last < limit("entropy_collapse") * initial:
        kind, since = "entropy_collapse", trends.window_since(series, rows, smooth < limit("entropy_collapse") * initial)
    elif last > limit("entropy_explosion") * first:
        initial = first
        kind, since = "entropy_explosion", trends.window_since(series, rows, smooth > limit("entropy_explosion") * initial)
    else:
        return []
    better = trends.rises(evidence)
    learns = (
        better
        if kind == "entropy_explosion"
        else trends.rises_lately(evidence) or (better and not _stands_since(evidence, since))
    )
    if trends.solved(evidence) or learns:
        return []  # it became certain and right: no disease
    return [_finding(kind, series, initial, last, since, better)]


def _judged(evidence: Evidence, series: Series, initial: float, last: float) -> list[Finding]:
    """Of the Lab's own run: collapsed where its summary says so."""
    if evidence.lab.state != "collapsed":
        return []
    since = int(series.steps[-1]) if evidence.lab.low_since is None else evidence.lab.low_since
    return [_finding("entropy_collapse", series, initial, last, since, False)]


def _finding(kind: str, series: Series, initial: float, last: float, since: int, better: bool | None) -> Finding:
    return Finding(
        kind=kind, severity=CONDITION if better else FAULT, confidence=POSSIBLE if better is None else LIKELY, since_step=since,
        value=last / initial, unsure=("no_reward",) if better is None else ("reward_rose_before",) if better else (),
        marks=(series.mark(since),),
        facts={"first": trends.number(initial), "last": trends.number(last), "share": trends.percent(last / initial), "step": since},
    )  # fmt: skip


def _stands_since(evidence: Evidence, step: int) -> bool:
    """The reward has gained next to nothing since, for a good part of the run, and a gain would have been seen."""
    reward, since = evidence.reward, evidence.reward.since(step)
    if len(since) < limit("trend_rows") or len(since) < len(reward) / 3:
        return False
    late = trends.change(since)
    return late.size + late.error < limit("stands") * trends.change(reward).size
