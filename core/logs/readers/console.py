"""Console output: the lines with metrics among whatever else a training prints. Which lines those are: `core.logs.readers.console_lines`."""

from __future__ import annotations

from dataclasses import replace

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector, merged
from core.logs.model import UPDATE, RawRun, Table
from core.logs.readers.console_lines import GENERATED, UPDATED, ConsoleLines
from core.logs.reading import Format, Rows
from core.logs.sentences import say
from core.logs.source import Refused, Source

SMALL_SHARE = 0.2


def recognises(head: bytes, text: str) -> bool:
    """Any text; whether there are metrics in it only reading tells."""
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def read(source: Source, budget: Budget) -> Rows:
    lines = ConsoleLines()
    found: dict[str, Collector] = {}

    def keep(kind: str, row: dict[str, object]) -> bool:
        if kind not in found:
            found[kind] = Collector(source.name, budget)
        return found[kind].add(row)

    full = False
    for line in source.lines(budget):
        if not all(keep(kind, row) for kind, row in lines.feed(line)):
            full = True
            break
    if not full:
        for kind, row in lines.end(cut=source.ends_open):
            keep(kind, row)
    if not found:
        raise Refused(say(s.NOTHING, file=source.name))
    runs, notes = _chosen(found, source.name)
    if lines.cut_off:
        notes.append(say(s.CUT_OFF, file=source.name))
    return Rows(runs, [*notes, *source.left_out(budget)])


def _chosen(found: dict[str, Collector], file: str) -> tuple[list[RawRun], list]:
    """The kind of line with most rows; lines of another kind are a library's own talk. Updates and rollouts of slime belong together."""
    if UPDATED in found and GENERATED in found:
        (updates, said), (rollouts, also) = found[UPDATED].runs(file), found[GENERATED].runs(file)
        if len(updates) == len(rollouts) == 1:
            return [_aligned(updates[0], rollouts[0])], [*said, *(note for note in also if note not in said)]
        return [*_counting_updates(updates), *rollouts], [*said, *also]
    most = max(found, key=lambda kind: found[kind].given)
    runs, notes = found[most].runs(file)
    return (_counting_updates(runs) if most == UPDATED else runs), notes


def _counting_updates(runs: list[RawRun]) -> list[RawRun]:
    return [replace(run, step_unit=UPDATE) for run in runs]


def _aligned(updates: RawRun, rollouts: RawRun) -> RawRun:
    """Rollout r stands at its first update, r times the updates that a rollout has."""
    per_rollout = max(1, round(len(updates.training) / max(1, len(rollouts.training))))
    there = Table(rollouts.training.steps * per_rollout, rollouts.training.columns)
    evaluation = Table(rollouts.evaluation.steps * per_rollout, rollouts.evaluation.columns)
    return replace(
        updates,
        training=merged(there, updates.training),
        evaluation=merged(evaluation, updates.evaluation),
        step_unit=UPDATE,
    )


FORMAT = Format("console output", recognises, read)
