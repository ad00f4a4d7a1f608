"""The engine that samples and the trainer disagree about the probabilities of the same tokens."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import FAULT, LIKELY, POSSIBLE, Finding
from core.diagnosis.thresholds import limit

# Ending of a column's name (separators as /) -> what it measures.
COLUMNS = (
    ("sampling/sampling_logp_difference/mean", "mismatch_difference"),
    ("train_rollout_logprob_abs_diff", "mismatch_difference"),
    ("rollout_probs_diff_mean", "mismatch_probability"),
    ("rollout_corr/kl", "mismatch_kl"),
    ("rollout_corr/k3_kl", "mismatch_kl"),
    ("mismatch/kl", "mismatch_kl"),
    ("mismatch/k3_kl", "mismatch_kl"),
)


def mismatch(evidence: Evidence) -> list[Finding]:
    for series, measure in _found(evidence):
        size = np.abs(series.values)
        rows = min(len(series), evidence.window(series))
        first, late = float(np.median(size[:rows])), float(np.median(size[-rows:]))
        grows = len(series) >= limit("trend_rows") and late >= limit("mismatch_growth") * first and late >= limit(measure) / 4
        if late >= limit(measure) or grows:
            since = trends.window_since(series, rows, size >= min(limit(measure), (first + late) / 2))
            few = len(series) < limit("window_rows")
            return [
                Finding(
                    kind="mismatch", variant="grows" if grows else "", severity=FAULT, confidence=POSSIBLE if few else LIKELY,
                    since_step=since, value=late, marks=(series.mark(since),), unsure=("few_rows",) if few else (),
                    facts={"column": series.column, "first": trends.number(first), "last": trends.number(late),
                           "limit": trends.number(limit(measure)), "step": since},
                )
            ]  # fmt: skip
    return []


def _found(evidence: Evidence) -> list[tuple[Series, str]]:
    found = [(s, "mismatch_kl") for s in [evidence.get("mismatch_kl")] if s is not None]
    for ending, measure in COLUMNS:
        for column, series in evidence.others.items():
            name = column.lower()
            if len(series) and (name.endswith(ending) or name.endswith(ending.replace("/", "_"))):
                found.append((series, measure))
    return found
