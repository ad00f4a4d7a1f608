"""The starts that stand in a file put together into runs: continued from a checkpoint, begun anew, evaluations told apart."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np

from core.logs import sentences as s
from core.logs.copies import copied_rows
from core.logs.model import Column, RawRun, Table
from core.logs.segments import Start, is_bookkeeping
from core.logs.sentences import Sentence, say

ROUNDED = 1e-3  # relative: a value that is printed twice may be rounded once


def as_one(starts: list[Start]) -> Start:
    whole_file = Start()
    for start in starts:
        for kind in ("training", "other", "evaluation"):
            into, segment = getattr(whole_file, kind), getattr(start, kind)
            shift = len(into.steps)
            into.steps.extend(segment.steps)
            for name, (rows, values) in segment.columns.items():
                column = into.columns.setdefault(name, (array("q"), array("d")))
                column[0].extend(array("q", (row + shift for row in rows)))
                column[1].extend(values)
        whole_file.summary |= start.summary
    return whole_file


def run_of(name: str, start: Start, key: str, file: str) -> RawRun:
    notes: list[Sentence] = []
    (training, again), (other, again_other), (evaluation, _) = (
        segment.table() for segment in (start.training, start.other, start.evaluation)
    )
    again = sorted({*again, *again_other})
    if again:
        notes.append(say(s.REPEATED, file=file, count=len(again), step=again[0]))
    if len(other):
        training, evaluation = _with_others(training, other, evaluation)
    if len(evaluation):
        notes.append(say(s.EVALUATION, file=file, count=len(evaluation)))
    keep = copied_rows(training)
    if keep is not None:
        kept = int(keep.sum())
        notes.append(say(s.COPIES, file=file, copies=len(training) - kept, rows=len(training), kept=kept))
        training, evaluation = _kept_rows(training, evaluation, keep, counted=not key)
    if not key:
        notes.append(say(s.COUNTED, file=file))
    return RawRun(name, training, evaluation, start.summary, key, notes=tuple(notes))


def _kept_rows(training: Table, evaluation: Table, keep: np.ndarray, *, counted: bool) -> tuple[Table, Table]:
    """The training rows to be kept. Where rows were counted, copies were counted too: the steps are counted again, the evaluations' as well."""
    kept = training.where(keep)
    if not counted or not np.array_equal(training.steps, np.arange(1, len(training) + 1)):
        return kept, evaluation
    place = np.concatenate([[0], np.cumsum(keep)])
    steps = place[np.minimum(evaluation.steps, len(training))]
    last = np.append(np.diff(steps) > 0, True)[: len(steps)]
    return replace(kept, steps=np.arange(1, len(kept) + 1)), replace(evaluation.where(last), steps=steps[last])


def _with_others(training: Table, other: Table, evaluation: Table) -> tuple[Table, Table]:
    """Rows without a loss that say again what the training row of their step says add to it. Of the rest, rows with names of their own are a
    second process's, and rows that share names with the training rows are evaluations (another meaning of the same name may not be mixed
    in)."""
    if not len(training):
        return other, evaluation
    other = _with_metrics(other, training.steps)
    shared = [n for n in other.columns if n in training.columns and not is_bookkeeping(n)]
    adds = _additions(training, other, shared)
    if adds.any():
        training = merged(other.where(adds), training)
        other = other.where(~adds)
        shared = [n for n in shared if n in other.columns]
    if not len(other):
        return training, evaluation
    rewarded = any("reward" in name.lower() for name in other.columns)
    if len(other) < len(training) and (3 * len(shared) > len(other.columns) if rewarded else shared):
        seldom = [n for n in other.columns if n in training.columns and 2 * len(training.columns[n].rows) <= len(training)]
        training, there = training.split(seldom)  # a training row that an evaluation was written into
        return training, merged(merged(evaluation, other), there)
    return merged(other, training), evaluation


def _with_metrics(other: Table, steps: np.ndarray) -> Table:
    """Without the rows of nothing but counters and times, unless they are at one of `steps`: a profiler's rows make no step."""
    keep = np.isin(other.steps, steps)
    for name, column in other.columns.items():
        if not is_bookkeeping(name):
            keep[column.rows] = True
    return other.where(keep)


def _additions(training: Table, other: Table, shared: list[str]) -> np.ndarray:
    """(rows of `other`,) bool: rows that have the training row's values, where most of those that can be compared have them. With these go
    rows at a step for which there is no value to compare with (the training row may not be written yet)."""
    agree, differ = np.zeros(len(other), dtype=int), np.zeros(len(other), dtype=int)
    for name in shared:
        mine, theirs = training.columns[name], other.columns[name]
        _, here, there = np.intersect1d(
            training.steps[mine.rows], other.steps[theirs.rows], assume_unique=True, return_indices=True
        )
        same = np.isclose(mine.values[here], theirs.values[there], rtol=ROUNDED, atol=0, equal_nan=True)
        agree[theirs.rows[there]] += same
        differ[theirs.rows[there]] += ~same
    adds = (agree > 0) & (differ == 0)
    if 2 * adds.sum() <= ((agree > 0) | (differ > 0)).sum():
        return np.zeros(len(other), dtype=bool)
    return adds | ((agree == 0) & (differ == 0))


def merged(first: Table, second: Table) -> Table:
    """Both tables' rows by step; where both logged a name, the second's value."""
    if not len(first):
        return second
    steps = np.union1d(first.steps, second.steps)
    columns: dict[str, Column] = {}
    for table in (first, second):
        place = np.searchsorted(steps, table.steps)
        for name, column in table.columns.items():
            rows, values = place[column.rows], column.values
            if name in columns:
                old = ~np.isin(columns[name].rows, rows)
                rows = np.concatenate([columns[name].rows[old], rows])
                values = np.concatenate([columns[name].values[old], values])
                order = np.argsort(rows)
                rows, values = rows[order], values[order]
            columns[name] = Column(rows, values)
    return Table(steps, columns)


def joined_starts(runs: list[RawRun], file: str) -> list[RawRun]:
    """Starts that continue the run before them from a checkpoint put together with it."""
    joined: list[RawRun] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last is not None and not (len(last.training) or len(last.evaluation)):
            joined[-1] = run
        elif last is not None and continues(last, run):
            joined[-1] = resumed(last, run, file)
        elif last is not None and len(last.training) == 1 and _first(run) <= _first(last):
            joined[-1] = run  # a start that ended after one row
        else:
            joined.append(run)
    return joined


def _first(run: RawRun) -> int:
    return int(run.training.steps[0]) if len(run.training) else 0


def continues(before: RawRun, after: RawRun) -> bool:
    """`after` begins later than `before` began: from one of its checkpoints. Counted rows always begin at 1 and continue nothing."""
    return bool(before.step_key and len(before.training) and len(after.training)) and _first(after) > _first(before)


def resumed(before: RawRun, after: RawRun, file: str) -> RawRun:
    step = _first(after)
    kept = before.training.before(step)
    replaced = len(before.training) - len(kept)
    evaluation = before.evaluation.before(step)
    notes = [*before.notes, *(note for note in after.notes if note not in before.notes)]
    if replaced:
        notes.append(say(s.RESUMED, file=file, step=step, rows=replaced))
    return replace(
        before,
        training=kept.then(after.training),
        evaluation=merged(evaluation, after.evaluation) if len(after.evaluation) else evaluation,
        summary={**before.summary, **after.summary},
        notes=tuple(notes),
    )
