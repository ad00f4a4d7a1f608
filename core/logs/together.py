"""Readings of several files put together: panels of the same runs, halves of one training, runs with one beginning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from core.logs import sentences as s
from core.logs.reading import Reading
from core.logs.run import LogRun
from core.logs.segments import is_bookkeeping
from core.logs.sentences import Sentence, say
from core.logs.take import EVALUATIONS, taken_columns

SAME_ROWS = 5
PRINTED = 2e-3


def together(readings: Iterable[Reading]) -> Reading:
    """All runs; two of the same name whose columns differ (one panel each) become one, and of those whose steps follow each other too."""
    readings = list(readings)
    notes = [note for reading in readings for note in reading.notes]
    runs: list[LogRun] = []
    for reading in readings:
        for run in reading.runs:
            place = next((i for i, known in enumerate(runs) if _belong(known, run)), None)
            if place is None:
                runs.append(run)
            else:
                if _follows(runs[place], run):
                    first, second = sorted((runs[place], run), key=lambda r: r.steps[0])
                    notes.append(say(s.JOINED, first=first.file, second=second.file))
                    runs[place] = _joined(first, second)
                else:
                    runs[place] = _joined(runs[place], run)
    runs = _distinct_names(runs)
    notes += _same_beginnings(runs)
    return Reading(tuple(runs), tuple(dict.fromkeys(notes)))


def _belong(first: LogRun, second: LogRun) -> bool:
    if first.file == second.file:
        return False
    shared = (set(first.columns) & set(second.columns)) - {"_step"}
    disjoint = not {c for c in shared if not is_bookkeeping(c) and c.lower() != "throughput"} and not set(first.metrics) & set(
        second.metrics
    )
    return (disjoint and (first.name == second.name or _two_processes(first, second))) or _follows(first, second)


def _two_processes(first: LogRun, second: LogRun) -> bool:
    """prime-rl's trainer and orchestrator, each with a log of its own beside the other's and the same steps."""
    beside = PurePosixPath(first.file).parent == PurePosixPath(second.file).parent
    same = len(np.intersect1d(first.steps, second.steps))
    return (
        first.framework.name == second.framework.name == "prime-rl"
        and beside
        and 2 * same > max(len(first.steps), len(second.steps))
    )


def _follows(first: LogRun, second: LogRun) -> bool:
    """One file goes on where the other ends: the same columns, and no step between."""
    if not (len(first.steps) > 1 and len(second.steps) > 1) or first.framework.name != second.framework.name:
        return False
    if first.steps[0] > second.steps[0]:
        first, second = second, first
    interval = max(int(np.median(np.diff(first.steps))), 1)
    mine, theirs = set(first.columns), set(second.columns)
    alike = 2 * len(mine & theirs) > len(mine | theirs)
    return alike and first.step_key == second.step_key != "" and 0 < second.steps[0] - first.steps[-1] <= 2 * interval


def _joined(first: LogRun, second: LogRun) -> LogRun:
    run = first.joined_with(second)
    return replace(run, taken=taken_columns(run.training, run.evaluation, run.framework.name))


def _same_beginnings(runs: list[LogRun]) -> list[Sentence]:
    """Each run that begins as one before it, with the first such."""
    said = []
    for place, second in enumerate(runs[:50]):
        for first in runs[:place]:
            rows = _common_rows(first, second)
            if rows >= SAME_ROWS:
                whole = rows == len(first.steps) == len(second.steps)
                said.append(say(s.SAME if whole else s.SAME_BEGINNING, first=first.name, second=second.name, rows=rows))
                break
    return said


def _common_rows(first: LogRun, second: LogRun) -> int:
    """How many rows from the first on are the same in both, in at least two metrics that change: to three digits, since one tracker of a
    training may print what another keeps whole."""
    most = min(len(first.steps), len(second.steps))
    same = first.steps[:most] == second.steps[:most]
    shared = [m for m in first.metrics if m in second.metrics and m not in EVALUATIONS]
    changing = 0
    for metric in shared[:6]:
        if not same[:SAME_ROWS].all():
            return 0
        a, b = first.series(metric)[:most], second.series(metric)[:most]
        same &= np.isclose(a, b, rtol=PRINTED, atol=0, equal_nan=True)
        changing += len(np.unique(a[: SAME_ROWS * 2][np.isfinite(a[: SAME_ROWS * 2])])) > 2
    if changing < 2 or not most:
        return 0
    return int(np.argmin(same)) if not same.all() else most


def _distinct_names(runs: list[LogRun]) -> list[LogRun]:
    seen: dict[str, int] = {}
    named = []
    for run in runs:
        count = seen[run.name] = seen.get(run.name, 0) + 1
        named.append(run if count == 1 else replace(run, name=f"{run.name} [{count}]"))
    return named
