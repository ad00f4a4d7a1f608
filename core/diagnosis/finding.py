"""What a rule gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# A fault stops or spoils the training. A condition costs something although the run may learn. A note explains what looks like a fault
# and is none, or what the log lacks. A verdict is on the whole run.
FAULT, CONDITION, NOTE, VERDICT = "fault", "condition", "note", "verdict"
SURE, LIKELY, POSSIBLE = "sure", "likely", "possible"


@dataclass(frozen=True)
class Mark:
    """What to draw: the metric, the column that it was read from, and the steps from `start` to `end`, both included."""

    metric: str
    column: str
    start: int
    end: int


@dataclass(frozen=True)
class Waste:
    """`share` (0 to 1) of what was generated since the beginning of the file taught nothing; `seconds` of training went into it, None
    if the log has no times."""

    share: float
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`kind` names the text file; `variant` one of its sentences; `facts` fill the placeholders. `value` is the number that decided.
    `unsure` names sentences of texts/why_not_surer.md."""

    kind: str
    severity: str
    confidence: str
    since_step: int | None = None
    value: float | None = None
    variant: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    cost: Waste | None = None
    unsure: tuple[str, ...] = ()
