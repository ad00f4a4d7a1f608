"""Completions that grow into the limit, that the set-up cuts from the first step on, or that shrink to nothing."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, NOTE, POSSIBLE, SURE, Finding
from core.diagnosis.thresholds import limit


def length(evidence: Evidence) -> list[Finding]:
    cut, tokens = evidence.get("truncated_fraction"), evidence.get("completion_tokens_mean")
    unseen = cut is None
    found = _at_one_length(evidence, tokens) or _grows_unseen(evidence, tokens) if unseen else _cut(evidence, cut, tokens)
    return found or _shrinks(evidence, tokens)


def _cut(evidence: Evidence, cut: Series, tokens: Series | None) -> list[Finding]:
    rows = min(evidence.window(cut), max(int(limit("fall_rows")), len(cut) // 6))
    first, late = float(cut.values[:rows].mean()), float(cut.values[-max(rows, len(cut) // 10) :].mean())
    few = len(cut) < limit("window_rows")
    facts = {"first": trends.percent(first), "last": trends.percent(late), "tokens_first": "unknown", "tokens_last": "unknown"}
    if tokens is not None:
        facts |= {"tokens_first": _tokens(tokens.values[:rows].mean()), "tokens_last": _tokens(tokens.values[-rows:].mean())}
    marks = (cut,) if tokens is None else (cut, tokens)
    if len(cut) >= 2 * limit("window_rows") and late - first >= limit("truncated_growth") and late >= limit("truncated"):
        smooth = np.convolve(cut.values, np.ones(rows) / rows, mode="same")
        since = trends.window_since(cut, rows, smooth >= first + limit("truncated_growth") * 0.8)
        return [
            Finding(
                kind="length_runaway", severity=FAULT, confidence=SURE, since_step=since, value=late, facts={**facts, "step": since},
                marks=tuple(s.mark(since) for s in marks),
            )
        ]  # fmt: skip
    if late < limit("truncated"):
        return []
    since = int(cut.steps[0]) if first >= limit("truncated") else trends.window_since(cut, rows, cut.values >= limit("truncated"))
    unsure = [name for name, holds in (("few_rows", few), ("no_beginning", not evidence.begins)) if holds]
    return [
        Finding(
            kind="truncation", severity=NOTE if trends.rises(evidence) else CONDITION, confidence=POSSIBLE if few else SURE,
            since_step=since, value=late,
            facts={**facts, "step": since}, marks=tuple(s.mark(since) for s in marks), unsure=tuple(unsure),
        )
    ]  # fmt: skip


def _at_one_length(evidence: Evidence, tokens: Series | None) -> list[Finding]:
    """No share is logged, but the mean itself is the longest mean in many rows: all completions end at one number of tokens."""
    if tokens is None or len(tokens) < limit("trend_rows"):
        return []
    longest = float(tokens.values.max())
    at = tokens.values >= longest - 1e-6
    if at.mean() < limit("truncated") or longest != round(longest) or longest < 16:
        return []
    return [
        Finding(
            kind="truncation", variant="one_length", severity=CONDITION, confidence=LIKELY, since_step=int(tokens.steps[at.argmax()]),
            value=float(at.mean()), facts={"tokens": int(longest), "count": int(at.sum()), "rows": len(tokens)}, marks=(tokens.mark(),),
            unsure=("no_cut_share",),
        )
    ]  # fmt: skip


def _grows_unseen(evidence: Evidence, tokens: Series | None) -> list[Finding]:
    if not evidence.has_trend(tokens) or trends.length_ratio(evidence) < limit("length_growth_uncut") or trends.rises(evidence):
        return []
    rows = evidence.window(tokens)
    first, late = float(np.median(tokens.values[:rows])), float(np.median(tokens.values[-rows:]))
    since = trends.window_since(tokens, rows, trends.rolling_median(tokens.values, rows) >= limit("length_growth") * first)
    return [
        Finding(
            kind="length_runaway", variant="uncut", severity=CONDITION, confidence=POSSIBLE, since_step=since, value=late / first,
            facts={"tokens_first": _tokens(first), "tokens_last": _tokens(late), "step": since}, marks=(tokens.mark(since),),
            unsure=("no_cut_share",),
        )
    ]  # fmt: skip


def _shrinks(evidence: Evidence, tokens: Series | None) -> list[Finding]:
    if not evidence.has_trend(tokens) or not evidence.begins or trends.length_ratio(evidence) > limit("length_collapse"):
        return []
    better = trends.rises(evidence)
    if better:
        return []  # shorter and better is no disease
    rows = evidence.window(tokens)
    first, late = float(np.median(tokens.values[:rows])), float(np.median(tokens.values[-rows:]))
    smooth = trends.rolling_median(tokens.values, rows)
    since = trends.window_since(tokens, rows, smooth <= limit("length_collapse") * first)
    return [
        Finding(
            kind="length_collapse", severity=FAULT, confidence=LIKELY if better is False else POSSIBLE, since_step=since,
            value=late / first, facts={"tokens_first": _tokens(first), "tokens_last": _tokens(late), "step": since},
            marks=(tokens.mark(since),), unsure=("no_reward",) if better is None else (),
        )
    ]  # fmt: skip


def _tokens(value: float) -> str:
    return f"{value:.0f}"
