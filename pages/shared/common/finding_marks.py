"""Findings as marks of a board."""

from __future__ import annotations

from collections.abc import Iterable

from core.diagnosis import CONDITION, FAULT, Finding, told
from pages.shared.common.log_charts import KNOWN

MARKED = (FAULT, CONDITION)


def is_marked(finding: Finding) -> bool:
    """Whether it is something bad that began at a step."""
    return finding.severity in MARKED and finding.since_step is not None


def finding_marks(label: str, findings: Iterable[Finding]) -> list[dict]:
    """What was found in the run `label` as events of the board: a line at the step since which it holds, on the charts that show it."""
    found = []
    for finding in filter(is_marked, findings):
        name = told(finding).title.lower()
        metrics = dict.fromkeys(mark.metric for mark in finding.marks if mark.metric in KNOWN)
        found += [
            {"side": label, "update": finding.since_step, "metric": metric, "text": f"{label}: {name}"} for metric in metrics
        ]
    return found
