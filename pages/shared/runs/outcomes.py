"""The outcome of a run in a few numbers, read in small portions so that the page does not wait for a thousand runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from core.analysis.events import events
from core.analysis.history import History
from core.analysis.stats import final_values, mean_over_seeds
from core.diagnosis import Finding, diagnose, evidence_of_log, told
from core.logs import LogRun
from pages.shared.common.cache import Cache
from pages.shared.common.finding_marks import is_marked

FINAL_METRICS = ("eval_accuracy", "entropy_nats", "grad_norm", "filter_ratio")
SCORE = "eval_accuracy"
SCORES_OF_LOGS = (SCORE, "accuracy", "reward_mean", "reward_trained_mean")  # the first that a log has is its score


@dataclass(frozen=True)
class Outcome:
    """`final` has the FINAL_METRICS and `score` as summary.json does: the mean over the last 10 % of the updates, and over seeds; None =
    not measured."""

    final: Mapping[str, float | None]
    happened: tuple[str, ...]  # each with its update, in words
    seconds: float | None = None  # of training
    score: str = SCORE  # the metric that counts in the end
    findings: tuple[Finding, ...] = ()  # in a log


NOTHING = Outcome(dict.fromkeys(FINAL_METRICS), ())


def outcome_of(history: History) -> Outcome:
    """The outcome of a run of the Lab that has measured `history`."""
    if not history.trained:
        return NOTHING
    happened = tuple(f"{event.text}, at {event.update}" for event in events(history))
    return Outcome(_final(history, FINAL_METRICS), happened, float(history.wall_seconds[-1]))


def outcome_of_log(run: LogRun) -> Outcome:
    """The outcome of a run of somebody's own: what the diagnosis finds in it."""
    findings = tuple(filter(is_marked, diagnose(evidence_of_log(run))))
    happened = tuple(f"{told(finding).title.lower()}, at {finding.since_step}" for finding in findings)
    score = next((metric for metric in SCORES_OF_LOGS if metric in run.metrics), SCORE)
    history = run.history()
    final = _final(history, (*FINAL_METRICS, score)) if len(history) else {**NOTHING.final, score: None}
    return Outcome(final, happened, score=score, findings=findings)


def _final(history: History, metrics: tuple[str, ...]) -> dict[str, float | None]:
    values = {name: final_values(history.updates, history.metric(name)) for name in metrics}
    return {name: _known(mean_over_seeds(found[None])[0]) for name, found in values.items()}


def _known(value: np.floating) -> float | None:
    return float(value) if math.isfinite(value) else None


def read_outcomes(wanted: Mapping[Hashable, Callable[[], Outcome]], known: Cache, budget_seconds: float) -> int:
    """Put the outcomes that are not in `known` there, under their keys, the first ones first, until the time is over: how many are left. At
    least one is read, so that asking again and again comes to an end."""
    missing = [key for key in wanted if key not in known]
    deadline = time.perf_counter() + budget_seconds
    for done, key in enumerate(missing):
        if done and time.perf_counter() >= deadline:
            return len(missing) - done
        try:
            known.put(key, wanted[key]())
        except LookupError:  # removed for good a moment ago, by another tab, or damaged
            known.put(key, NOTHING)
    return 0
