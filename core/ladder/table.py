"""What every step of the ladder brings, at equal updates and at equal samples generated, paired by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.analysis.detectors import collapsed_seeds
from core.analysis.history import History
from core.analysis.result import RunResult, Status
from core.analysis.stats import Estimate, contrast, final_values, initial_values, interval, share, value_at_samples
from core.engine.tasks import TASKS
from core.ladder.rungs import Rung, find_order, rungs
from core.settings.run import RunConfig
from core.settings.scenario import Scenario

SCORE = "eval_accuracy"
COUNTS = ("updates", "samples")


@dataclass(frozen=True)
class Measure:
    """The score of a rung, and what its step brings: the paired difference that the technique makes, positive = better with it. None at
    the first rung, and where one of the two is missing."""

    score: Estimate
    brings: Estimate | None
    by_seed: np.ndarray  # (R,) the scores that `score` is the mean of


@dataclass(frozen=True)
class Row:
    """A rung that has been trained. Estimates are over seeds."""

    rung: Rung
    status: Status
    updates: int  # done
    per: Mapping[str, Measure | None]  # count -> measure; None: it has not generated as many samples
    entropy: Estimate  # nats, final
    entropy_change: float  # final ÷ initial
    gradient: Estimate  # norm before clipping, final
    samples: float  # completions generated per seed, mean
    collapsed: Estimate  # share of the seeds at the end, with its Wilson interval


@dataclass(frozen=True)
class LadderTable:
    """A ladder in one order, as far as it has been trained."""

    order: str
    score_name: str
    score_unit: str
    seeds: tuple[int, ...]
    length: str  # what each rung is given: '480 updates' or '120,000 samples per seed'
    budget: float | None  # samples per seed at which the rungs are compared, mean; None: nothing was measured
    rungs: tuple[Rung, ...]  # all of the order
    rows: tuple[Row, ...]  # those that have measured something
    total: Mapping[str, Estimate | None]  # count -> last rung of an adding order minus the first

    @property
    def missing(self) -> tuple[Rung, ...]:
        there = {row.rung.label for row in self.rows}
        return tuple(rung for rung in self.rungs if rung.label not in there)


def ladder_table(order: str, scenario: Scenario, results: Mapping[str, RunResult]) -> LadderTable:
    """The numbers of `order` from label -> result, at least one; runs that are not in it, or have measured nothing, do not count.
    Equal updates: each run's last 10 %, up to the shorter one's end. Equal samples: the fewest that a rung generated, seed by seed; a
    rung that was cut short does not set it. Definitions: `core.analysis.stats`."""
    ladder = rungs(order, scenario)
    found = {rung.label: results[rung.label] for rung in ladder if rung.label in results and results[rung.label].history.trained}
    histories = {label: result.history for label, result in found.items()}
    target = _budget(found)
    adds = find_order(order).adds
    rows = tuple(_row(rung, found, histories, target, 1 if adds else -1) for rung in ladder if rung.label in found)
    first, last = ladder[0].label, ladder[-1].label
    ends = adds and {first, last} <= set(found)
    config = next(iter((found or results).values())).config
    task = TASKS[config.task.name][1]
    return LadderTable(
        order, task.score_name, task.score_unit, config.seeds, rung_length(config), None if target is None else float(target.mean()),
        ladder, rows,
        {count: _step(count, histories[last], histories[first], target) if ends else None for count in COUNTS},
    )  # fmt: skip


def rung_length(config: RunConfig) -> str:
    """'480 updates' or '120,000 samples per seed'."""
    return f"{config.updates} updates" if config.samples is None else f"{config.samples:,} samples per seed"


def _budget(results: Mapping[str, RunResult]) -> np.ndarray | None:
    """(R,) samples that every run which came to its end has generated, seed by seed."""
    whole = [r for r in results.values() if r.status is Status.DONE] or list(results.values())
    return np.min([r.history.samples[-1] for r in whole], axis=0) if whole else None


def _row(rung: Rung, found: Mapping[str, RunResult], histories: Mapping[str, History], target: np.ndarray, sign: int) -> Row:
    history = histories[rung.label]
    before = histories.get(rung.before) if rung.before else None
    measures = {}
    for count in COUNTS:
        score = _score(count, history, target)
        step = None if before is None else _step(count, *((history, before) if sign > 0 else (before, history)), target)
        measures[count] = None if score is None else Measure(interval(score), step, score)
    entropy = history.metric("entropy_nats")
    start = interval(initial_values(history.updates, entropy))
    end, gradient = (
        interval(final_values(history.updates, values, history.ends)) for values in (entropy, history.metric("grad_norm"))
    )
    return Row(
        rung, found[rung.label].status, history.last_update, measures, end, end.mean / start.mean if start.mean else float("nan"),
        gradient, float(history.samples[-1].mean()), share(collapsed_seeds(history.updates, history.metric, history.ends)))  # fmt: skip


def _score(count: str, history: History, target: np.ndarray, until: np.ndarray | None = None) -> np.ndarray | None:
    """(R,) each seed's score; None if the run has not generated `target` samples."""
    values = history.metric(SCORE)
    if count == "updates":
        return final_values(history.updates, values, history.ends if until is None else until)
    return None if (history.samples[-1] < target).any() else value_at_samples(history.samples, values, target)


def _step(count: str, ours: History, theirs: History, target: np.ndarray) -> Estimate | None:
    until = np.minimum(ours.ends, theirs.ends)
    pair = [_score(count, history, target, until) for history in (ours, theirs)]
    return None if any(values is None for values in pair) else contrast(*pair)
