"""The reward: constant, falling from its peak, above its possible maximum, or not rising: because it does not, or because noise hides it."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, NOTE, POSSIBLE, SURE, Finding
from core.diagnosis.thresholds import limit

FEW = 3


def reward(evidence: Evidence) -> list[Finding]:
    series = evidence.reward
    if series is None:
        return []
    above = _above_maximum(evidence, series)
    if len(series) >= FEW and float(np.ptp(series.values)) < 1e-9:
        return [*above, _constant(evidence, series)]
    if not evidence.has_trend(series):
        return above
    return [*above, *(_falls(evidence, series) or _stands(evidence, series))]


def _constant(evidence: Evidence, series: Series) -> Finding:
    std = evidence.get("reward_std")
    few = len(series) < limit("window_rows")
    alike = std is not None and float(std.values.max()) < 1e-6
    return Finding(
        kind="reward_constant", severity=FAULT, confidence=POSSIBLE if few else SURE if alike else LIKELY,
        since_step=int(series.steps[0]), value=float(series.values[0]), unsure=("few_rows",) if few else () if alike else ("only_means",),
        facts={"value": trends.number(float(series.values[0])), "rows": len(series)}, marks=(series.mark(),),
    )  # fmt: skip


def _falls(evidence: Evidence, series: Series) -> list[Finding]:
    rows = max(int(limit("fall_rows")), int(len(series) * limit("window_share")))
    if len(series) < 2 * evidence.window(series):
        return []
    means = np.convolve(series.values, np.ones(rows) / rows, mode="valid")  # window i begins at row i
    peak = int(means.argmax())
    high, late = float(means[peak]), float(means[-1])
    drop, error = high - late, trends.window_error(series.values, rows) * np.sqrt(2)
    scale = max(abs(high), trends.spread(series))
    if peak + rows > len(series) - rows or drop < limit("reward_drop") * scale or drop < limit("peak_errors") * error:
        return []
    middle = (high + late) / 2
    smooth = trends.rolling_median(series.values, rows)
    below = (smooth < middle) & (np.arange(len(series)) > peak)
    since = trends.window_since(series, rows, below)
    best = int(series.steps[peak + rows // 2])
    return [
        Finding(
            kind="reward_falls", severity=FAULT, confidence=LIKELY if series.metric != "accuracy" else SURE, since_step=since,
            value=late - high, marks=(series.mark(best),), unsure=() if series.metric == "accuracy" else ("mix_of_tasks",),
            facts={"peak": trends.number(high), "last": trends.number(late), "best": best, "step": since},
        )
    ]  # fmt: skip


def _stands(evidence: Evidence, series: Series) -> list[Finding]:
    moved = trends.change(series)
    if moved.rises or trends.solved(evidence):
        return []
    scatter = max(trends.spread(series), abs(moved.first))
    visible = limit("errors") * moved.error
    noisy = visible >= limit("noise") * scatter and visible > abs(moved.size) and scatter > 0
    more = (visible / (limit("noise") * scatter)) ** 2 if noisy else 1.0
    falls = moved.falls
    return [
        Finding(
            kind="reward_noise" if noisy else "reward_stalled", variant="falls" if falls else "",
            severity=NOTE if noisy else CONDITION,
            confidence=POSSIBLE if noisy else LIKELY, since_step=int(series.steps[0]), value=moved.size, marks=(series.mark(),),
            facts={
                "first": trends.number(moved.first), "last": trends.number(moved.last), "error": trends.number(moved.error),
                "rows": len(series), "visible": trends.number(visible), "low": trends.number(float(np.quantile(series.values, 0.05))),
                "high": trends.number(float(np.quantile(series.values, 0.95))), "more": f"{max(more, 1.0):.1f}",
            },
            unsure=("late_rate",) if _ends_at_rate_zero(evidence) else (),
        )
    ]  # fmt: skip


def _ends_at_rate_zero(evidence: Evidence) -> bool:
    rate = evidence.get("learning_rate")
    return rate is not None and len(rate) > 1 and float(rate.values[-1]) <= limit("learning_rate_end") * float(rate.values.max())


def _above_maximum(evidence: Evidence, series: Series) -> list[Finding]:
    """A mean above the largest single reward of its own row, or a share right above 1."""
    largest = evidence.get("reward_max")
    over, most = np.zeros(0, dtype=np.int64), 1.0
    if series.metric == "accuracy":
        over = series.steps[series.values > 1 + 1e-6]
    elif largest is not None and len(largest) == len(series):
        above = series.values > largest.values + 1e-3 * np.maximum(1.0, np.abs(largest.values))
        over, most = series.steps[above], float(largest.values[above].max()) if above.any() else 0.0
    if not len(over):
        return []
    return [
        Finding(
            kind="reward_above_maximum", severity=FAULT, confidence=SURE if series.metric == "accuracy" else LIKELY,
            since_step=int(over[0]), value=float(series.values.max()), marks=(series.mark(int(over[0])),),
            facts={"largest": trends.number(float(series.values.max())), "most": trends.number(most), "count": len(over), "step": int(over[0])},
        )
    ]  # fmt: skip
