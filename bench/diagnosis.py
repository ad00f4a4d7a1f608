"""Measure the diagnosis on logs of known truth, made from the Lab's own runs, and write docs/diagnosis.md.

python -m bench.diagnosis --cache DIR                       trains what the cache lacks (about ten minutes), then diagnoses every log
python -m bench.diagnosis --cache DIR --rivals PYTHON       also runs rldoctor and rlwatch, which PYTHON's environment holds
python -m bench.diagnosis --cache DIR --tuned               prints the runs on which thresholds are set, with every mistake, and writes nothing
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np

from bench.diagnosis_fresh_runs import fresh_runs
from bench.diagnosis_report import report
from bench.diagnosis_runs import FRESH, TUNED, KnownRun
from bench.diagnosis_score import Judged, false_alarms, scores, table
from bench.diagnosis_truth import KINDS
from bench.diagnosis_tuned_runs import tuned_runs
from bench.diagnosis_views import View, made
from core.diagnosis import CONDITION, FAULT, diagnose, evidence_of_log
from core.logs import read_paths

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "diagnosis.md"
INSIDE = Path(__file__).resolve().parent / "inside" / "rivals.py"
OURS = "ours"
# Detector -> our kinds that it may mean: each is given the benefit of the doubt.
KNOWN = {
    "rldoctor": {
        "unreadable": ("unreadable",),
        "advantage_collapse": ("no_signal",), "entropy_collapse": ("entropy_collapse",), "gradient_pathology": ("gradient_spikes", "diverged"),
        "kl_drift": ("kl_runaway",), "length_pathology": ("length_runaway", "truncation"), "plateau": ("reward_stalled",),
        "reward_hacking": ("eval_falls",),
    },
    "rlwatch": {
        "entropy_collapse": ("entropy_collapse",), "kl_explosion": ("kl_runaway",), "loss_nan": ("diverged",),
        "gradient_norm_spike": ("gradient_spikes",), "reward_mean_drift": ("reward_falls",), "reward_hacking": ("eval_falls",),
        "advantage_variance": ("no_signal",),
    },
}  # fmt: skip
WATCHED = {
    "entropy": "entropy_nats", "kl_divergence": "kl_base", "reward_mean": "reward_mean", "reward_std": "reward_std", "loss": "loss",
    "grad_norm": "grad_norm",
}  # fmt: skip


def ours(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """(kinds told, kinds called a fault or a condition) by the rules."""
    reading = read_paths([path])
    if not reading.runs:
        return frozenset(), frozenset()
    findings = diagnose(evidence_of_log(reading.runs[0]))
    told = {f.kind for f in findings if f.variant != "few"}
    return frozenset(told), frozenset(f.kind for f in findings if f.severity in (FAULT, CONDITION))


def theirs(python: str, views: list[View]) -> dict[str, dict[str, tuple[list[str], list[str]]]]:
    """Program -> file -> (kinds, alarms), from the environment of `python`, in the names of our kinds."""
    asked = [{"path": str(view.path), "rows": watch_rows(view.path)} for view in views]
    done = subprocess.run([python, str(INSIDE)], input=json.dumps(asked), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {
        program: {path: tuple([k for d in detectors for k in KNOWN[program].get(d, ())] for detectors in pair) for path, pair in answers.items()}
        for program, answers in found.items()
    }  # fmt: skip


def watch_rows(path: Path) -> list[dict]:
    """What rlwatch's callbacks would get: a row per step, by its names, read for it by our readers; null for NaN."""
    runs = read_paths([path]).runs
    if not runs:
        return []
    run, rows = runs[0], []
    columns = {theirs: run.column_of(ours) for theirs, ours in WATCHED.items()}
    values = {name: run.training.values(column) for name, column in columns.items() if column is not None}
    present = {name: run.training.logged(column) for name, column in columns.items() if column is not None}
    for place, step in enumerate(run.steps):
        row = {name: None if not np.isfinite(v[place]) else float(v[place]) for name, v in values.items() if present[name][place]}
        rows.append({"step": int(step)} | row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where runs and logs are kept; outside of the project")
    parser.add_argument("--rivals", metavar="PYTHON", help="the interpreter of an environment with rldoctor and rlwatch")
    parser.add_argument("--tuned", action="store_true", help="only the runs on which thresholds are set; writes nothing")
    options = parser.parse_args()
    tuned = _diagnosed(tuned_runs(), options)
    if options.tuned:
        _print(tuned[OURS])
    else:
        DOCUMENT.write_text(report({TUNED: tuned, FRESH: _diagnosed(fresh_runs(), options)}), encoding="utf-8")


def _diagnosed(runs: tuple[KnownRun, ...], options: argparse.Namespace) -> dict[str, list[Judged]]:
    """Program -> what it told of every log of the runs."""
    views = [view for run in runs for view in made(run, options.cache / "runs", options.cache / "logs")]
    found = {OURS: [_judged(view, *ours(view.path)) for view in views]}
    if options.rivals:
        for program, answers in theirs(options.rivals, views).items():
            found[program] = [_judged(view, *map(frozenset, answers[str(view.path)])) for view in views]
    return found


def _judged(view: View, told: frozenset[str], alarms: frozenset[str]) -> Judged:
    return Judged(view.name, view.truth, told, alarms, view.how)


def _print(logs: list[Judged]) -> None:
    print("\n".join(table({OURS: scores(logs)}, (*KINDS, "healthy"))))
    alarms, healthy = false_alarms(logs)
    print(f"false alarms: {alarms} of {healthy} healthy logs")
    for log in logs:
        missed = [k for k, v in log.truth.items() if v and k not in log.told]
        false = [k for k, v in log.truth.items() if v is False and k in log.told]
        if missed or false:
            print(log.name, "missed", missed, "false", false, "told", sorted(log.told))


if __name__ == "__main__":
    main()
