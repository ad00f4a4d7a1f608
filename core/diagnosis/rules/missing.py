"""Which metrics would decide and are not in the log."""

from __future__ import annotations

from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import NOTE, SURE, Finding

# What is missing -> the metrics of which one is enough.
WANTED = {
    "reward": ("reward_mean", "reward_trained_mean", "accuracy"),
    "gradient norm": ("grad_norm",),
    "entropy": ("entropy_nats",),
    "share of groups without signal": ("zero_std_fraction", "all_wrong_fraction", "filter_ratio", "generation_rounds"),
    "share of cut completions": ("truncated_fraction",),
    "evaluation on held-out prompts": ("eval_accuracy", "eval_reward"),
}


def missing(evidence: Evidence) -> list[Finding]:
    lacking = [name for name, metrics in WANTED.items() if all(evidence.get(m) is None for m in metrics)]
    if not lacking:
        return []
    return [
        Finding(
            kind="metrics_missing", severity=NOTE, confidence=SURE, value=float(len(lacking)),
            facts={"names": ", ".join(lacking), "count": len(lacking)},
        )
    ]  # fmt: skip
