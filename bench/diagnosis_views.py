"""Logs of one run, each in the names of a framework and disturbed in its own way, with the truth of what it can show."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.diagnosis_logs import DIALECTS, Disturbed, logged, rows_of, written
from bench.diagnosis_runs import FIRST_SEED, SEEDS, KnownRun, trained
from bench.diagnosis_truth import FAULTY, KINDS, Truth, hides_vanished, truth

LOGS_EACH = 3  # of every seed of every run, in another dialect and disturbed otherwise
NEEDED = {
    "no_signal": ("zero", "wrong"), "entropy_collapse": ("entropy",), "entropy_explosion": ("entropy",), "length_runaway": ("cut",),
    "truncation": ("cut",), "kl_runaway": ("kl",), "clip_inactive": ("clip", "clip_low"), "diverged": ("loss", "grad_norm"),
    "learning_rate_zero": ("learning_rate",), "eval_falls": ("eval",),
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
EVALUATIONS = 6  # that a log must have for a fall of them


@dataclass(frozen=True)
class View:
    """A log and its truth. `how`: what it was disturbed by, in words."""

    name: str
    truth: Truth
    path: Path
    how: tuple[str, ...]


def how_of(run: KnownRun, seed: int, which: int) -> Disturbed:
    """The disturbance of one log, drawn from the name of the run, its seed and which of its logs it is."""
    random = np.random.default_rng(zlib.crc32(f"{run.name} {seed} {which}".encode()))
    dialect = DIALECTS[int(random.integers(len(DIALECTS)))]
    thin = int(random.choice((1, 1, 2) if dialect.rollouts else (1, 2, 5, 10)))
    begin = float(random.choice((0.0, 0.0, 0.0, 0.3)))
    end = float(random.choice((1.0, 1.0, 1.0, 0.65)))
    added = str(random.choice(("", "", "", "", "", "", "diverged", "gradient_spikes", "eval_falls")))
    added = "" if added == "eval_falls" and "eval" not in dialect.names else added
    return Disturbed(dialect, thin, float(random.choice((0.0, 0.03, 0.08))), begin, end, added, int(random.integers(2**31)))


def made(run: KnownRun, cache: Path, folder: Path, logs_each: int = LOGS_EACH) -> list[View]:
    """The logs of a run's seeds, written to `folder`."""
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
            found.append(View(label, _visible(run, record, how, clean, units), path, _words(how)))
    return found


def _words(how: Disturbed) -> tuple[str, ...]:
    begin, end = "begun late" if how.begin else "from the beginning", "cut off" if how.end < 1 else "to the end"
    return (how.dialect.name, f"every {how.thin}. row", f"noise {how.noise:.0%}", f"{begin}, {end}")


def _values(run: KnownRun, record: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is logged, and the rollout of every update; without the untrained policy's row."""
    values = logged(record, run.config.learning_rate)
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
    task = run.config.task
    if "zero" not in names and {"wrong", "easy"} & names.keys() and (task.noise or task.flip_probability):
        said["no_signal"] = None  # groups that are all wrong, whose rewards differ by noise
        said["healthy"] = None if said["healthy"] else said["healthy"]
    blind |= {kind for kind, share in part.since.items() if _rows_before(kind, share * units, how, rows) < ROWS_BEFORE}
    if hides_vanished(np.array([row[names["grad_norm"]] for row in rows if names["grad_norm"] in row])):
        blind.add("gradient_vanished")
    scored = sum(1 for row in rows if any(names[name] in row for name in ("right", "reward") if name in names))
    if scored < TREND_ROWS:
        blind |= {"reward_stalled", "reward_falls"} if len(rows) >= TREND_ROWS else set(KINDS)
        said["healthy"] = None if said["healthy"] else said["healthy"]
    if "eval" in names and sum(1 for row in rows if names["eval"] in row) < EVALUATIONS:
        blind.add("eval_falls")
    hidden = any(said[kind] for kind in blind) and not any(said[kind] for kind in FAULTY - blind)
    said |= {kind: None for kind in blind if said[kind] is not False}
    if hidden and said["healthy"] is False:
        said["healthy"] = None
    return said | _added(said, how, rows) if how.added else said


def _added(said: Truth, how: Disturbed, rows: list[dict]) -> Truth:
    """What changes by that which was written into the log."""
    undecided = {kind: None for kind in ("gradient_vanished", "gradient_never", "length_runaway") if said[kind]}
    if how.added == "diverged":
        return undecided | {"diverged": True, "healthy": False}
    if how.added == "gradient_spikes":
        few = len(rows) < TREND_ROWS or said["gradient_spikes"] is None
        return undecided | {"gradient_spikes": None if few else True, "healthy": None}
    values = [row[how.dialect.names["eval"]] for row in rows if how.dialect.names["eval"] in row]
    few = len(values) < EVALUATIONS or len(rows) < TREND_ROWS or values[len(values) // 2] < 0.1
    falls = None if few or said["reward_falls"] is not False or said["eval_falls"] is not False else True
    return {"eval_falls": falls, "healthy": None}


def _rows_before(kind: str, unit: float, how: Disturbed, rows: list[dict]) -> int:
    """Rows that were logged before a change was half-way, with the column that shows it."""
    columns = [how.dialect.names[name] for name in SHOWN_BY[kind] if name in how.dialect.names]
    return sum(1 for row in rows if row["step"] <= unit and any(column in row for column in columns))
