"""A comparison in numbers: the content of summary.json."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from core.analysis.cost import token_costs
from core.analysis.detectors import (
    EVENT_UPDATES,
    find_events,
    gradient_shares,
    never_had_gradient,
    seed_states,
    too_early,
)
from core.analysis.events import events
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import RunResult, Status
from core.analysis.shape import is_skewed
from core.analysis.stats import (
    contrast,
    final_values,
    initial_values,
    interquartile_mean,
    interval,
    mean_over_seeds,
    ratio,
    share,
    value_at_samples,
)
from core.analysis.superiority import superiority, ties
from core.engine.forks import fork_changes, originals
from core.engine.tasks import TASKS

SCORE = "eval_accuracy"
SEED_METRICS = ("eval_accuracy", "entropy_nats", "grad_norm")  # whose final values are listed seed by seed
UNITS = {"samples": "samples", "cost": "tokens"}  # what a comparison at equal … is counted in
RATIO_METRICS = ("entropy_nats", "eval_accuracy", "completion_tokens_mean")


def summarise(scenario: str, results: dict[str, RunResult]) -> dict:
    """Per algorithm and metric: initial, final, interval; events; and between algorithms: contrasts (paired differences) and ratios."""
    measured = {label: result for label, result in results.items() if result.history.trained}
    costs = token_costs(measured)
    forks = {"forks": found} if (found := _forks(measured)) else {}
    return clean(
        {
            "scenario": scenario,
            "score": TASKS[next(iter(results.values())).config.task.name][1].score_name,
            "seeds": list(next(iter(results.values())).config.seeds),
            "status": {
                label: {"status": r.status, "updates": r.history.last_update, "error": r.error or None}
                for label, r in results.items()
            },
            "algorithms": {label: _algorithm(result.history) for label, result in measured.items()},
            "differences": {
                f"{b} - {a}": _contrasts(measured[b], measured[a], [costs[b], costs[a]]) for a, b in combinations(measured, 2)
            },
            "ratios": {f"{b} / {a}": _ratio(measured[b].history, measured[a].history) for a, b in combinations(measured, 2)},
            **forks,
            **({"changed": changed} if (changed := _changed(measured)) else {}),
        }
    )


def _forks(measured: dict[str, RunResult]) -> dict:
    """Per fork: which run it left, where, with which changes, and what that run measured last before."""
    out = {}
    for label, original in originals({label: result.stages for label, result in measured.items()}).items():
        config, history = measured[label].stages[0], measured[original].history
        before = {
            name: _last_before(history, name, config.fork.update) for name in ("eval_accuracy", "entropy_nats", "grad_norm")
        }
        out[label] = {"of": original, "update": config.fork.update, "changes": _listed(fork_changes(config)), "before": before}
    return out


def _changed(measured: dict[str, RunResult]) -> dict:
    """Per run whose settings were changed in its course: after which updates, and which settings."""
    out = {}
    for label, result in measured.items():
        if later := result.stages[1:]:
            out[label] = [{"update": config.fork.update, "changes": _listed(fork_changes(config))} for config in later]
    return out


def _listed(changes: dict[str, object]) -> dict[str, object]:
    """As JSON takes them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}


def _last_before(history: History, name: str, update: int) -> float:
    """Mean over the last EVENT_UPDATES updates up to `update`, or the last measured value before them."""
    rows = history.updates <= update
    values = mean_over_seeds(history.metric(name)[rows])
    recent = values[-EVENT_UPDATES:]
    chosen = recent if not np.isnan(recent).all() else values[~np.isnan(values)][-1:]
    return float(np.nanmean(chosen)) if len(chosen) else math.nan


def _algorithm(history: History) -> dict:
    updates = history.updates
    ends = history.ends
    out: dict = {name: _metric(updates, history.metric(name), ends) for name in METRIC_NAMES}
    out["samples_generated"] = float(history.samples[-1].mean())
    out["seconds"] = float(history.wall_seconds[-1])
    out["updates"], out["rollouts"] = int(updates[-1]), int(history.rollouts[-1])
    watched = {name: history.metric(name) for name in ("entropy_nats", "grad_norm")}
    out["events"] = find_events(updates, watched.__getitem__) | {
        "never_had_gradient": never_had_gradient(updates, history.metric),
        "too_early": too_early(updates),
        "words": {event.metric: {"what": event.what, "why": event.why} for event in events(history)},
    }
    states = seed_states(updates, history.metric, ends)
    out["seeds"] = {name: {"count": int(found.sum())} | _share(found) for name, found in states.items()}
    out["seeds"]["of"] = len(history.seeds)
    out["by_seed"] = {name: final_values(updates, history.metric(name), ends).tolist() for name in SEED_METRICS}
    out["by_seed"] |= {name: found.tolist() for name, found in states.items()}
    out["gradient_share"] = interval(gradient_shares(updates, watched["grad_norm"], ends)).as_dict()
    out["stability"] = {name: interval(half_variances(updates, values)).mean for name, values in watched.items()}
    return out


def _metric(updates: np.ndarray, values: np.ndarray, ends: np.ndarray) -> dict:
    """Means over seeds of the first and the last updates of each. `final_over_initial` is the ratio of these two means."""
    initial, final = initial_values(updates, values), final_values(updates, values, ends)
    end, change = interval(final), ratio(final, initial)
    measured = final[~np.isnan(final)]
    return {
        "initial": interval(initial).mean,
        "final": end.mean,
        "final_ci95": end.ci95,
        "final_iqm": interquartile_mean(measured) if len(measured) else math.nan,
        "final_skewed": is_skewed(measured),
        "final_over_initial": change.mean,
        "final_over_initial_ci95": change.ci95,
    }


def _share(happened: np.ndarray) -> dict:
    found = share(happened)
    return {"share": found.mean, "ci95": found.ci95}


def _contrasts(our_run: RunResult, their_run: RunResult, costs: list[np.ndarray]) -> dict:
    """Paired by seed: at equal updates (each run's own last 10 %, up to the shorter run's end), at equal samples generated, and at equal
    cost; and the probability that a seed of ours has a higher score than a seed of theirs."""
    runs = our_run, their_run
    ours, theirs = our_run.history, their_run.history
    until = np.minimum(ours.ends, theirs.ends)
    pairs = {name: [final_values(h.updates, h.metric(name), until) for h in (ours, theirs)] for name in METRIC_NAMES}
    out = {name: contrast(*pair).as_dict() for name, pair in pairs.items()}
    compared = {SCORE: pairs[SCORE]}
    spent = {
        "samples": [h.samples for h in (ours, theirs)],
        "cost": costs,
    }
    for kind, sides in spent.items():
        name = f"{SCORE}_equal_{kind}"
        compared[name], reach = _at_equal(sides, (ours, theirs))
        out[name] = contrast(*compared[name]).as_dict() | {UNITS[kind]: reach[0], f"of_{UNITS[kind]}": reach[1]}
    ended = all(run.config.samples is None and run.status is Status.DONE for run in runs)
    out[f"{SCORE}_equal_samples"]["budgets_of_updates"] = ended
    out[f"{SCORE}_equal_cost"]["generation_price"] = our_run.config.price
    out["probability_of_improvement"] = {
        name: superiority(*pair).as_dict() | {"ties": ties(*pair)} for name, pair in compared.items()
    }
    return out


def _at_equal(spent: list[np.ndarray], histories: tuple[History, History]) -> tuple[list[np.ndarray], tuple[float, float]]:
    """The scores (R,) of both where each seed has spent as much as the side that spent less in all; how much that is, and how much the other
    one has spent, means over seeds. `spent` is (U, R) for each."""
    target, whole = (find(*(side[-1] for side in spent)) for find in (np.minimum, np.maximum))
    scores = [value_at_samples(side, h.metric(SCORE), target) for side, h in zip(spent, histories, strict=True)]
    return scores, (float(target.mean()), float(whole.mean()))


def _ratio(ours: History, theirs: History) -> dict:
    until = np.minimum(ours.ends, theirs.ends)
    return {
        name: ratio(*(final_values(h.updates, h.metric(name), until) for h in (ours, theirs))).as_dict() for name in RATIO_METRICS
    }


def half_variances(updates: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(R,) variance of `values` (U, R) over the second half of the `updates` (U,): a measure of instability late in training. NaN for a
    seed that was measured fewer than twice there."""
    trained = values[updates > 0]
    half = trained[len(trained) // 2 :]
    measured = ~np.isnan(half)
    counts = np.where(measured.sum(0) > 1, measured.sum(0), np.nan)
    means = np.where(measured, half, 0.0).sum(0) / counts
    return np.where(measured, (half - means) ** 2, 0.0).sum(0) / counts


def clean(value):
    """The same with numbers that JSON has: NaN and infinities become None, numpy scalars become Python's."""
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    return float(value) if math.isfinite(value) else None
