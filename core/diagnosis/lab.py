"""The Lab's own runs: the same rules, seed by seed, with the verdicts of `core.analysis.detectors` on collapse and vanished gradient, and the
findings of all seeds together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from core.analysis import detectors
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.diagnosis.diagnose import ORDER, diagnose
from core.diagnosis.evidence import Evidence, SeedVerdict, series_of
from core.diagnosis.finding import Finding
from core.logs.model import UPDATE
from core.logs.names import EXTRA_NAMES

FRAMEWORK = "DAPO Lab"


@dataclass(frozen=True)
class SeedsFinding:
    """One kind, found in `seeds`. `finding` is that of the seed in the middle of them, by the step since which it holds."""

    finding: Finding
    seeds: tuple[int, ...]
    of: int  # seeds that were looked at

    @property
    def share(self) -> str:
        return f"{len(self.seeds)} of {self.of} seeds"


def evidence_of_history(name: str, history: History, seed: int) -> Evidence:
    """One seed of the Lab's own run. KeyError if the history has no such seed."""
    if seed not in history.seeds:
        raise KeyError(seed)
    return _evidence(name, history, history.seeds.index(seed), _judged(history))


def diagnose_seeds(name: str, history: History) -> tuple[SeedsFinding, ...]:
    """What each seed suffers from: faults first, and of these what most seeds have."""
    judged, found = _judged(history), {}
    for place, seed in enumerate(history.seeds):
        for finding in diagnose(_evidence(name, history, place, judged)):
            found.setdefault((finding.kind, finding.severity), []).append((int(seed), finding))
    kinds = [_together(pairs, len(history.seeds)) for pairs in found.values()]
    return tuple(sorted(kinds, key=lambda kind: (ORDER.index(kind.finding.severity), -len(kind.seeds))))


def _together(pairs: list[tuple[int, Finding]], seeds: int) -> SeedsFinding:
    most = Counter(finding.variant for _, finding in pairs).most_common(1)[0][0]
    usual = sorted((f for _, f in pairs if f.variant == most), key=lambda f: (f.since_step or 0, f.value or 0.0))
    return SeedsFinding(usual[len(usual) // 2], tuple(seed for seed, _ in pairs), seeds)


def _evidence(name: str, history: History, place: int, judged: list[SeedVerdict]) -> Evidence:
    names = (*METRIC_NAMES, *EXTRA_NAMES)
    metrics = {metric: series_of(metric, metric, history.updates, history.metric(metric)[:, place]) for metric in names}
    return Evidence(name, FRAMEWORK, UPDATE, history.updates, metrics, lab=judged[place])


def _judged(history: History) -> list[SeedVerdict]:
    """What the detectors say of every seed at its last update."""
    updates, metric = history.updates, history.metric
    until = np.full(len(history.seeds), history.last_update)
    states = detectors.seed_states(updates, metric, until)
    shares = detectors.gradient_shares(updates, metric("grad_norm"), until)
    return [
        SeedVerdict(
            state=next((state for state in detectors.STATES if states[state][place]), ""),
            low_since=detectors.entropy_low_update(updates, metric("entropy_nats")[:, place]),
            vanished_since=_vanished(updates, metric("grad_norm")[:, [place]])
            if shares[place] < detectors.VANISHED_SHARE
            else None,
            gradient_share=float(shares[place]),
        )
        for place in range(len(history.seeds))
    ]


def _vanished(updates: np.ndarray, grad_norm: np.ndarray) -> int | None:
    return detectors.vanished_update(updates, detectors.seeds_with_gradient(grad_norm))
