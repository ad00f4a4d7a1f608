"""Groups whose answers all earn the same: how many, of which kind, what refilling them would cost, which group size would mend it."""

from __future__ import annotations

import numpy as np

from core.diagnosis import trends
from core.diagnosis.costs import wasted
from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, POSSIBLE, SURE, Finding
from core.diagnosis.group_size import infer_group_size
from core.diagnosis.thresholds import limit
from core.engine.dead_groups import dead_chances

GROUP_SIZES = (4, 8, 16, 32, 64)


def no_signal(evidence: Evidence) -> list[Finding]:
    refilled = _refilled(evidence)
    if refilled is not None:
        return _judged(evidence, refilled, refilled.values, "refilled", limit("refilled"))
    measured = _measured(evidence)
    if measured is not None:
        series, variant = measured
        return _judged(evidence, series, series.values, variant, limit("no_signal"))
    bound = evidence.get("reward_std")
    if bound is None or len(bound) < limit("window_rows"):
        return []
    return _judged(evidence, bound, (bound.values < 1e-6).astype(float), "bound", limit("no_signal_bound"))


def _refilled(evidence: Evidence) -> Series | None:
    """The share of groups that dynamic sampling dropped, where it drops any. They cost samples; what is trained on has a signal."""
    dropped, rounds = evidence.get("filter_ratio"), evidence.get("generation_rounds")
    if dropped is not None and dropped.values.any():
        return dropped
    if rounds is None or rounds.values.max() <= 1:
        return None
    return Series("generation_rounds", rounds.column, rounds.steps, 1 - 1 / np.maximum(rounds.values, 1))


def _measured(evidence: Evidence) -> tuple[Series, str] | None:
    # Of the Lab's own runs the second: noise of the reward can tell answers apart that are all wrong.
    share = evidence.get("zero_std_fraction") or evidence.get("zero_advantage_fraction")
    if share is not None:
        return share, ""
    wrong, right = evidence.get("all_wrong_fraction"), evidence.get("all_right_fraction")
    if wrong is not None and right is not None and len(wrong) == len(right):
        return Series("all_wrong_fraction", wrong.column, wrong.steps, wrong.values + right.values), ""
    return (wrong, "one_side") if wrong is not None else (right, "one_side") if right is not None else None


def _judged(evidence: Evidence, series: Series, share: np.ndarray, variant: str, least: float) -> list[Finding]:
    rows = min(len(series), max(evidence.window(series), len(series) // 6))
    late, whole = float(share[-rows:].mean()), float(share.mean())
    if max(late, whole if variant == "bound" else 0.0) < least:
        return []
    late = late if variant != "bound" else max(late, whole)
    smooth = np.convolve(share, np.ones(rows) / rows, mode="same") if len(share) > rows else share
    since = trends.window_since(series, rows, smooth >= least) if len(share) > rows else int(series.steps[0])
    above = (series.steps >= since) & (share >= least)  # the smoothed share is there half a window earlier
    since = int(series.steps[above.argmax()]) if above.any() else since
    few, stops = len(series) < limit("window_rows"), late >= limit("no_signal_fault") and variant != "refilled"
    unsure = [
        name for name, holds in (("few_rows", few), ("lower_bound", variant == "bound"), ("total_reward", variant == "")) if holds
    ]
    return [
        Finding(
            kind="no_signal", variant=variant, severity=FAULT if stops and not trends.solved(evidence) else CONDITION,
            confidence=POSSIBLE if few else LIKELY if variant == "bound" else SURE, since_step=since, value=late,
            facts={
                "share": trends.percent(late), "whole": trends.percent(whole), "zeros": int((share > 0).sum()), "rows": len(share),
                "two_groups": trends.percent(float(np.sqrt(late))), "step": since, **_kind(evidence), **_mending(evidence, late),
            },
            marks=(series.mark(since),), cost=wasted(evidence, series.steps, share), unsure=tuple(unsure),
        )
    ]  # fmt: skip


def _kind(evidence: Evidence) -> dict[str, object]:
    """Too easy or too hard, where it can be told: by the groups' own shares, else by the share of right answers."""
    reward = evidence.reward
    if reward is not None and len(reward) > 1 and float(np.ptp(reward.values)) < 1e-9:
        return {"groups": "constant"}  # neither easy nor hard: the reward does not look at the answer
    wrong, right = evidence.get("all_wrong_fraction"), evidence.get("all_right_fraction")
    if wrong is None and right is None:
        wrong, right = evidence.get("all_wrong_groups"), evidence.get("all_right_groups")
    if wrong is not None and right is not None:
        w, r = (float(s.values[-max(1, len(s) // 6) :].mean()) for s in (wrong, right))
        return {"groups": "too_hard" if w > 2 * r else "too_easy" if r > 2 * w else "both"}
    reward = evidence.share_right
    if reward is not None:
        mean = float(reward.values[-max(1, len(reward) // 6) :].mean())
        if mean <= limit("hopeless") or mean >= limit("solved"):
            return {"groups": "too_hard" if mean <= limit("hopeless") else "too_easy"}
    return {"groups": "too_hard" if wrong is not None else "too_easy" if right is not None else "unknown"}


def _mending(evidence: Evidence, dead: float) -> dict[str, object]:
    """What dynamic sampling would cost; and the group size at which a tenth of the groups would be without signal if every prompt had the
    same chance p: p^G + (1 - p)^G."""
    facts: dict[str, object] = {
        "times": trends.number(1 / (1 - dead)) if dead < 0.995 else "more than 200",
        "group_size": "unknown",
    }
    found = infer_group_size(evidence)
    if found is not None:
        facts |= {"size": found.size, "size_how": found.how, "size_column": found.column, "size_groups": found.groups,
                  "size_completions": found.completions}  # fmt: skip
    right = evidence.share_right
    if right is not None:
        p = float(right.values[-max(1, len(right) // 6) :].mean())
        if found is not None:
            facts["expected"] = trends.percent(sum(dead_chances(p, found.size)))
        mends = next((g for g in GROUP_SIZES if sum(dead_chances(p, g)) <= 0.1), None)
        if found is None or mends is None or mends > found.size:  # else the prompts differ too much for one chance
            facts["group_size"] = "none" if mends is None else mends
    return facts
