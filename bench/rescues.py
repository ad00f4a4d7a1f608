"""Measure which rescue helps a GRPO run after its collapse; write docs/rescues.json, which the Learn page on entropy collapse shows.

python -m bench.rescues                 both patients (about ten minutes on two cores)
python -m bench.rescues collapse        one of them; the other keeps its figures

A patient is the GRPO run of a scenario, left where the app suggests a rescue: at the end of the first rollout after its entropy fell or its
gradient vanished. Each medicine goes on from that very state, to the scenario's last update, with one setting changed. Both sets have 16 seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.analysis.detectors import suggested_point
from core.analysis.export import run_id, versions
from core.analysis.result import RunResult, Status
from core.analysis.stats import contrast, final_values, initial_values, mean_over_seeds
from core.engine.forks import make_fork
from core.runs.foreground import run_all
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario
from core.settings.techniques import DAPO_TECHNIQUES, with_techniques

FILE = Path(__file__).resolve().parent.parent / "docs" / "rescues.json"
PATIENTS = ("collapse", "addition")
SIDE = "GRPO"
REPLICAS = 16
SEEDS = {"seeds from 0": 0, "seeds from 100": 100}
ALONE = "left alone"
MEDICINES = (ALONE, *DAPO_TECHNIQUES, "All four", "Entropy bonus")
ENTROPY_COEF = 0.01
METRICS = ("entropy_nats", "grad_norm", "eval_accuracy")


def medicine(name: str, algorithm: AlgorithmConfig) -> AlgorithmConfig:
    """`algorithm` with that medicine."""
    if name == "Entropy bonus":
        return replace(algorithm, entropy_coef=ENTROPY_COEF)
    return with_techniques(algorithm, {ALONE: [], "All four": list(DAPO_TECHNIQUES)}.get(name, [name]))


def forks(patient: str, at: int, *, names: tuple[str, ...] = MEDICINES, first_seed: int = 0) -> dict[str, RunConfig]:
    """Medicine -> the patient's run, gone on with from its state after update `at`."""
    original = _patient(patient, first_seed)
    return {name: make_fork(original, at, algorithm=medicine(name, original.algorithm)) for name in names}


def measure(patient: str) -> dict:
    original = _done({SIDE: _patient(patient, 0)})[SIDE]
    at = suggested_point(original.config, original.history)
    sets = {}
    for label, first_seed in SEEDS.items():
        results = _done(forks(patient, at, first_seed=first_seed))
        alone = results[ALONE]
        sets[label] = {name: _final(result, alone) for name, result in results.items()}
        if first_seed == 0:
            curves = {name: {m: curve(result, m) for m in METRICS} for name, result in results.items()}
            ids = {name: run_id(name, result.config) for name, result in results.items()}
    return {
        "at": at,
        "updates": original.config.updates,
        "ids": ids,
        "initial": {m: float(initial_values(original.history.updates, original.history.metric(m)).mean()) for m in METRICS},
        "before": {m: [point for point in curve(original, m) if point[0] <= at] for m in METRICS},
        "curves": curves,
        "final": sets,
    }


def _patient(name: str, first_seed: int) -> RunConfig:
    return find_scenario(name).runs(first_seed=first_seed, replicas=REPLICAS)[SIDE]


def curve(result: RunResult, metric: str) -> list[list[float]]:
    """[update, mean over seeds], one point a rollout; three significant digits."""
    updates, values = result.history.updates, mean_over_seeds(result.history.metric(metric))
    starts = np.flatnonzero(np.diff(result.history.rollouts, prepend=-1))
    points = []
    for first, last in zip(starts, (*starts[1:], len(updates)), strict=True):
        part = values[first:last]
        if not np.isnan(part).all():
            points.append([int(updates[first]), float(f"{np.nanmean(part):.3g}")])
    return points


def _final(result: RunResult, alone: RunResult) -> dict:
    def last(run: RunResult, metric: str) -> np.ndarray:
        return final_values(run.history.updates, run.history.metric(metric))

    out = {m: float(last(result, m).mean()) for m in METRICS}
    gained = contrast(last(result, "eval_accuracy"), last(alone, "eval_accuracy")).as_dict()
    return out | {"gained": gained, "samples": float(result.history.samples[-1].mean())}


def _done(runs: dict[str, RunConfig]) -> dict[str, RunResult]:
    results = run_all(runs)
    if broken := {label: r.error for label, r in results.items() if r.status is not Status.DONE}:
        raise RuntimeError(str(broken))
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rescues", description=__doc__.splitlines()[0])
    parser.add_argument("patient", nargs="*", choices=PATIENTS, help="default: all")
    wanted = parser.parse_args().patient or PATIENTS
    torch.set_num_threads(1)
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"patients": {}}
    for patient in wanted:
        kept["patients"][patient] = measure(patient)
        kept["versions"] = versions()
        FILE.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"{patient}: written to {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
