"""All rules on one run, and the verdict on the whole of it."""

from __future__ import annotations

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import FAULT, LIKELY, NOTE, POSSIBLE, SURE, VERDICT, Finding
from core.diagnosis.rules import RULES

ORDER = (FAULT, "condition", VERDICT, NOTE)


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Faults first, then conditions, the verdict where there is no fault, and notes."""
    found = [finding for rule in RULES for finding in rule(evidence)]
    found += _verdict(evidence, found)
    return tuple(sorted(found, key=lambda f: ORDER.index(f.severity)))


def _verdict(evidence: Evidence, found: list[Finding]) -> list[Finding]:
    """`healthy`, `no_learning` (no disease visible, and no learning either) or `cannot_show`; nothing where a fault was found, or a collapse
    since which the reward stands."""
    if any(f.severity == FAULT or f.kind == "entropy_collapse" for f in found):
        return []
    reward = evidence.reward
    looked = [
        s.column for s in (evidence.get(m) for m in ("entropy_nats", "grad_norm", "completion_tokens_mean")) if s is not None
    ]
    facts: dict[str, object] = {
        "looked": ", ".join([*([reward.column] if reward is not None else []), *looked]),
        "rows": len(evidence.steps),
    }
    if reward is None:
        return [Finding(kind="cannot_show", variant="no_reward", severity=VERDICT, confidence=SURE, facts=facts)]
    if not evidence.has_trend(reward):
        facts["rows"] = len(reward)
        return [Finding(kind="cannot_show", variant="few_rows", severity=VERDICT, confidence=SURE, facts=facts)]
    moved = trends.change(reward)
    facts |= {
        "first": trends.number(moved.first),
        "last": trends.number(moved.last),
        "error": trends.number(moved.error),
        "begin": moved.parts[0],
        "end": moved.parts[1],
    }
    solved = trends.solved(evidence)
    if any(f.kind == "reward_parts_diverge" for f in found):
        return [Finding(kind="cannot_show", variant="one_part", severity=VERDICT, confidence=SURE, facts=facts)]
    if moved.rises or solved:
        variant = "solved" if solved else ""
        return [
            Finding(
                kind="healthy", variant=variant, severity=VERDICT, confidence=LIKELY, value=moved.size, facts=facts,
                marks=(reward.mark(),), unsure=() if evidence.begins else ("no_beginning",),
            )
        ]  # fmt: skip
    noisy = any(f.kind == "reward_noise" for f in found)
    return [
        Finding(
            kind="no_learning", severity=VERDICT, confidence=POSSIBLE if noisy else LIKELY, value=moved.size, facts=facts,
            marks=(reward.mark(),), unsure=("noise",) if noisy else (),
        )
    ]  # fmt: skip
