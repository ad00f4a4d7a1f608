"""Measure the diagnosis on logs of known truth, made from the Lab's own runs, and write docs/diagnosis.md.

python -m bench.diagnosis --cache DIR                       trains what the cache lacks (about ten minutes), then diagnoses every log
python -m bench.diagnosis --cache DIR --rivals PYTHON       also runs rldoctor and rlwatch, which PYTHON's environment holds
python -m bench.diagnosis --cache DIR --half tune           prints the half on which thresholds are set, with every mistake, and writes nothing
"""

from __future__ import annotations

import argparse
import json
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.diagnosis_logs import DIALECTS, Disturbed, logged, rows_of, written
from bench.diagnosis_report import report
from bench.diagnosis_fresh_runs import fresh_runs
from bench.diagnosis_runs import FIRST_SEED, FRESH, SEEDS, TUNED, KnownRun, trained
from bench.diagnosis_score import Judged, false_alarms, scores, table
from bench.diagnosis_truth import FAULTY, KINDS, Truth, hides_vanished, truth
from bench.diagnosis_tuned_runs import tuned_runs
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
LOGS_EACH = 3  # of every seed of every run, in another dialect and disturbed otherwise
NEEDED = {
    "no_signal": ("zero", "wrong"), "entropy_collapse": ("entropy",), "entropy_explosion": ("entropy",), "length_runaway": ("cut",),
    "truncation": ("cut",), "kl_runaway": ("kl",), "clip_inactive": ("clip", "clip_low"), "diverged": ("loss", "grad_norm"),
    "learning_rate_zero": ("learning_rate",),
}  # fmt: skip

OF_THE_START = (
    "entropy_collapse", "entropy_explosion", "gradient_vanished", "gradient_never", "length_runaway", "kl_runaway", "reward_falls",
)  # fmt: skip
SHOWN_BY = {
    "entropy_collapse": ("entropy",), "entropy_explosion": ("entropy",), "gradient_vanished": ("grad_norm",), "kl_runaway": ("kl",),
    "length_runaway": ("cut",), "reward_falls": ("right", "reward"),
}  # fmt: skip
ROWS_BEFORE = 3  # rows that a log must have of the time before a change
TREND_ROWS = 12  # rows of which a trend can be told


def how_of(run: KnownRun, seed: int, which: int) -> Disturbed:
    """The disturbance of one log, drawn from the name of the run, its seed and which of its logs it is."""
    random = np.random.default_rng(zlib.crc32(f"{run.name} {seed} {which}".encode()))
    dialect = DIALECTS[int(random.integers(len(DIALECTS)))]
    thin = int(random.choice((1, 1, 2) if dialect.rollouts else (1, 2, 5, 10)))
    begin = float(random.choice((0.0, 0.0, 0.0, 0.3)))
    end = float(random.choice((1.0, 1.0, 1.0, 0.65)))
    added = str(random.choice(("", "", "", "", "", "", "diverged", "gradient_spikes")))
    return Disturbed(dialect, thin, float(random.choice((0.0, 0.03, 0.08))), begin, end, added, int(random.integers(2**31)))


def made(run: KnownRun, cache: Path, folder: Path, logs_each: int = LOGS_EACH) -> list[tuple[str, Truth, Path]]:
    """(name, truth, file) of the logs of a run's seeds, written to `folder`."""
    held, found = trained(run, cache), []
    for place in range(SEEDS):
        record = {name: (values[:, place] if values.ndim == 2 else values) for name, values in held.items() if name != "failed"}
        for which in range(logs_each):
            how = how_of(run, FIRST_SEED[run.family] + place, which)
            values, rollouts = _values(run, record)
            rows = rows_of(values, rollouts, how)
            units = int(rollouts[-1]) + 1 if how.dialect.rollouts else len(rollouts)
            name, text = written(rows, how.dialect.form)
            path = folder / f"{run.name}-{place}-{which}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            part = f"{how.dialect.name}, {len(rows)} rows, every {how.thin}, {how.begin:g}-{how.end:g}"
            label = f"{run.name}/{place} ({part}{', ' + how.added if how.added else ''})"
            clean = rows_of(values, rollouts, replace(how, noise=0.0, added=""))
            found.append((label, _visible(run, record, how, clean, units), path))
    return found


def _values(run: KnownRun, record: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is logged, and the rollout of every update; without the untrained policy's row."""
    values = logged(record, run.config.algorithm.dynamic_sampling == "refill", run.config.learning_rate)
    each = run.config.effective_updates_per_rollout
    rollouts = (record["updates"][1:] - 1) // each
    return {name: column[1:] for name, column in values.items()}, rollouts


def _visible(run: KnownRun, record: dict[str, np.ndarray], how: Disturbed, rows: list[dict], units: int) -> Truth:
    """The truth of what the log has of the run; None for what it cannot show, by what it has of columns and rows alone. `rows` are those of the
    log before noise."""
    names = how.dialect.names
    score = "accuracy" if "right" in names else "reward_mean"
    whole, part = truth(run, record, 0.0, how.end, score), truth(run, record, how.begin, how.end, score)
    said = dict(part.said)
    if how.begin:  # what is measured from a beginning cannot be told without it
        said |= {kind: False if whole.said[kind] is False and said[kind] is False else None for kind in OF_THE_START}
        said |= {"gradient_vanished": None} if whole.said["gradient_never"] or said["gradient_never"] else {}
    blind = {kind for kind, of in NEEDED.items() if not any(name in names for name in of)}
    if run.config.algorithm.dynamic_sampling == "refill" and not {"rounds", "pass_rate"} & names.keys():
        said["no_signal"] = None  # it does not say that they were refilled
        said["healthy"] = None if said["healthy"] else said["healthy"]
    blind |= {kind for kind, share in part.since.items() if _rows_before(kind, share * units, how, rows) < ROWS_BEFORE}
    if hides_vanished(np.array([row[names["grad_norm"]] for row in rows if names["grad_norm"] in row])):
        blind.add("gradient_vanished")
    if len(rows) < TREND_ROWS:
        blind |= set(KINDS)
    hidden = any(said[kind] for kind in blind) and not any(said[kind] for kind in FAULTY - blind)
    said |= {kind: None for kind in blind if said[kind] is not False}
    if hidden and said["healthy"] is False:
        said["healthy"] = None
    if how.added:
        said |= {
            how.added: None if how.added == "gradient_spikes" and said["gradient_spikes"] is None else True,
            "healthy": False if how.added == "diverged" else None,
        }
        said |= {kind: None for kind in ("gradient_vanished", "gradient_never", "length_runaway") if said[kind]}
        if how.added == "gradient_spikes" and len(rows) < TREND_ROWS:
            said["gradient_spikes"] = None
    return said


def _rows_before(kind: str, unit: float, how: Disturbed, rows: list[dict]) -> int:
    """Rows that were logged before a change was half-way, with the column that shows it."""
    columns = [how.dialect.names[name] for name in SHOWN_BY[kind] if name in how.dialect.names]
    return sum(1 for row in rows if row["step"] <= unit and any(column in row for column in columns))


def ours(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """(kinds told, kinds called a fault or a condition) by the rules."""
    reading = read_paths([path])
    if not reading.runs:
        return frozenset(), frozenset()
    findings = diagnose(evidence_of_log(reading.runs[0]))
    told = {f.kind for f in findings if f.variant != "few"}
    return frozenset(told), frozenset(f.kind for f in findings if f.severity in (FAULT, CONDITION))


def theirs(python: str, logs: list[tuple[str, Truth, Path]]) -> dict[str, dict[str, tuple[list[str], list[str]]]]:
    """Program -> file -> (kinds, alarms), from the environment of `python`, in the names of our kinds."""
    asked = [{"path": str(path), "rows": watch_rows(path)} for _, _, path in logs]
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
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    options = parser.parse_args()
    results = {}
    for half, family in (("tune", TUNE), ("report", REPORT)):
        if options.half == "report" or half == options.half:
            results[half] = _diagnosed(family, options)
    if options.half == "tune":
        _print(results["tune"][OURS])
    else:
        DOCUMENT.write_text(report(results), encoding="utf-8")


def _diagnosed(family: str, options: argparse.Namespace) -> dict[str, list[Judged]]:
    """Program -> what it told of every log of the family."""
    logs = [log for p in patients() if p.family == family for log in made(p, options.cache / "runs", options.cache / "logs")]
    found = {OURS: [Judged(name, family, said, *ours(path)) for name, said, path in logs]}
    if options.rivals:
        for program, answers in theirs(options.rivals, logs).items():
            found[program] = [
                Judged(name, family, said, frozenset(answers[str(path)][0]), frozenset(answers[str(path)][1]))
                for name, said, path in logs
            ]
    return found


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
