"""Precision, recall and confusion of findings against the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.diagnosis_truth import KINDS, Truth

UNDECIDED = {
    "reward_stalled": "reward_noise"
}  # "the noise would hide a gain": right where there is none, and no claim where there is one


@dataclass(frozen=True)
class Judged:
    """One log. `told`: kinds that a program told; `alarms`: those among them that it calls a fault or a condition; `views`: how it was
    written."""

    name: str
    truth: Truth
    told: frozenset[str]
    alarms: frozenset[str]
    views: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """Logs that have the kind and are told so, have it and are not, do not have it and are told so, do not and are not."""

    hit: int
    missed: int
    false: int
    quiet: int

    @property
    def precision(self) -> float | None:
        return self.hit / (self.hit + self.false) if self.hit + self.false else None

    @property
    def recall(self) -> float | None:
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else None


def scores(logs: Iterable[Judged], kinds: Iterable[str] = (*KINDS, "healthy")) -> dict[str, Score]:
    logs = list(logs)
    return {kind: _score(kind, logs) for kind in kinds}


def _score(kind: str, logs: list[Judged]) -> Score:
    other = UNDECIDED.get(kind)
    pairs = [
        (log.truth[kind], kind in log.told or other in log.told)
        for log in logs
        if log.truth[kind] is not None and (log.truth[kind] or kind in log.told or other not in log.told)
    ]
    return Score(
        *(sum(1 for pair in pairs if pair == wanted) for wanted in ((True, True), (True, False), (False, True), (False, False)))
    )


def false_alarms(logs: Iterable[Judged]) -> tuple[int, int]:
    """(healthy logs in which anything is called a fault or a condition, healthy logs)."""
    healthy = [log for log in logs if log.truth["healthy"]]
    return sum(1 for log in healthy if log.alarms), len(healthy)


def confusion(logs: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """What is true -> what was told in its logs that is not -> in how many logs."""
    found: dict[str, dict[str, int]] = {}
    for log in logs:
        wrong = [kind for kind in log.told if log.truth.get(kind) is False]
        for kind in (k for k, v in log.truth.items() if v):
            for other in wrong:
                row = found.setdefault(kind, {})
                row[other] = row.get(other, 0) + 1
    return found


def table(by_program: Mapping[str, Mapping[str, Score]], kinds: Iterable[str]) -> list[str]:
    """Markdown: per kind the logs that have it, and precision and recall of every program."""
    programs = list(by_program)
    head = ["kind", "logs with / without it", *(f"{name} {what}" for name in programs for what in ("precision", "recall"))]
    lines = [f"| {' | '.join(head)} |", "| " + " | ".join("---" for _ in head) + " |"]
    for kind in kinds:
        first = by_program[programs[0]][kind]
        cells = [f"`{kind}`", f"{first.hit + first.missed} / {first.false + first.quiet}"]
        for name in programs:
            cells += (
                [_share(by_program[name][kind].precision), _share(by_program[name][kind].recall)]
                if kind in by_program[name]
                else ["", ""]
            )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
