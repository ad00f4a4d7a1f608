"""Console output: the lines with metrics among whatever else a training prints. Which lines those are: `core.logs.readers.console_lines`."""

from __future__ import annotations

from dataclasses import replace

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.model import UPDATE, RawRun, Table
from core.logs.readers.console_lines import GENERATED, UPDATED, ConsoleLines, is_measured
from core.logs.reading import Format, LineRows, Rows, read_lines
from core.logs.sentences import Sentence, say
from core.logs.source import Refused, Source, encoding
from core.logs.starts import merged


def recognises(head: bytes, text: str) -> bool:
    """Any text; whether there are metrics in it only reading tells."""
    return b"\0" not in head or encoding(head).startswith("utf-16")


class ConsoleRows(LineRows):
    """Rows of each kind of line by themselves: a library's own talk may look like a row too."""

    def __init__(self, name: str, budget: Budget):
        self._name, self._budget = name, budget
        self._lines = ConsoleLines()
        self._found: dict[str, Collector] = {}
        self._measured: dict[str, set[str]] = {}  # names of known metrics in each kind of line

    def feed(self, line: str) -> bool:
        kept = [self._keep(kind, row) for kind, row in self._lines.feed(line)]
        return all(kept)

    def _keep(self, kind: str, row: dict[str, object]) -> bool:
        if kind not in self._found:
            self._found[kind], self._measured[kind] = Collector(self._name, self._budget), set()
        self._measured[kind].update(filter(is_measured, row))
        return self._found[kind].add(row)

    def begin_again(self) -> None:
        for collector in self._found.values():
            collector.begin_again()

    def rows(self, *, ends_open: bool) -> Rows:
        for kind, row in self._lines.unfinished(cut=ends_open):
            self._keep(kind, row)
        if not self._found:
            raise Refused(say(s.NOTHING, file=self._name))
        runs, notes = _chosen(self._found, self._measured, self._name)
        return Rows(runs, [*notes, say(s.CUT_OFF, file=self._name)] if self._lines.cut_off else notes)


def _chosen(found: dict[str, Collector], measured: dict[str, set[str]], file: str) -> tuple[list[RawRun], list[Sentence]]:
    """The kind of line with many known metrics and many rows: what a model writes may look like rows of one or two, and more often than the
    trainer's. Updates and rollouts of slime belong together."""
    if UPDATED in found and GENERATED in found:
        (updates, said), (rollouts, also) = found[UPDATED].runs(file), found[GENERATED].runs(file)
        notes = [*said, *(note for note in also if note not in said)]
        if len(updates) == len(rollouts) == 1:
            return [_aligned(updates[0], rollouts[0])], notes
        return [*_counting_updates(updates), *rollouts], notes
    most = max(found, key=lambda kind: (1 + len(measured[kind])) ** 2 * found[kind].given)
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


def read(source: Source, budget: Budget) -> Rows:
    return read_lines(ConsoleRows, source, budget)


FORMAT = Format("console output", recognises, read, ConsoleRows)
