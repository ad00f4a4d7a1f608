"""NaN or infinity where a number should be."""

from __future__ import annotations

from core.diagnosis import trends
from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import CONDITION, FAULT, LIKELY, SURE, Finding

LOOKED = ("loss", "policy_loss", "grad_norm", "entropy_nats", "kl_base", "kl_old", "reward_mean", "reward_trained_mean")


def diverged(evidence: Evidence) -> list[Finding]:
    broken = {m: s for m in LOOKED if (s := evidence.metrics.get(m)) is not None and len(s.broken)}
    if not broken:
        return []
    rows = {m: len(s.broken) + len(s) for m, s in broken.items()}
    worst = max(broken, key=lambda m: len(broken[m].broken))
    first = int(min(s.broken[0] for s in broken.values()))
    recovers = all(len(s) and s.steps[-1] > s.broken[-1] for s in broken.values())
    only_kl = set(broken) <= {"kl_base", "kl_old"}
    return [
        Finding(
            kind="diverged", variant="some_rows" if recovers else "", severity=CONDITION if only_kl else FAULT,
            confidence=LIKELY if recovers or only_kl else SURE, since_step=first, value=len(broken[worst].broken) / rows[worst],
            facts={
                "columns": ", ".join(s.column for s in broken.values()), "count": len(broken[worst].broken), "rows": rows[worst],
                "share": trends.percent(len(broken[worst].broken) / rows[worst]), "step": first,
            },
            marks=tuple(s.mark(int(s.broken[0]), int(s.broken[-1])) for s in broken.values()),
        )
    ]  # fmt: skip
