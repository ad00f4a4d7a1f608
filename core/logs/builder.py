"""Rows in the order of a file, gathered into the runs that stand in it."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

import numpy as np

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.cells import number, whole
from core.logs.copies import copied_rows
from core.logs.model import Column, RawRun, Table
from core.logs.sentences import Sentence, listed, printable, say
from core.logs.steps import choose, fold

LOOK_AHEAD = 64  # rows that are looked at before the step's key is chosen
MOST_SEGMENTS = 500  # a file whose steps go back more often is not in order
STEP, METRIC, EVALUATION, TOTAL = "step", "metric", "evaluation", "total"

_EVALUATION = re.compile(r"(?:(?:eval|evaluation|test|val|validation|val-core|val-aux)[/_ .]|valid/)", re.IGNORECASE)
_TOTALS = frozenset(("train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos"))
_TRAINS = frozenset(
    ("loss", "grad_norm", "policy_loss", "pg_loss", "learning_rate", "lr")
)  # the last part of a name that only training has
_COUNTS_UP = ("num_tokens", "epoch")  # of TRL: go back only when a training begins again
_TIMES = re.compile(r"(?:^|[/_ ])(?:time|times|timestamp|runtime|elapsed|created)(?:$|[/_ ])|^time", re.IGNORECASE)


class Segment:
    """Rows whose steps do not go back, of one kind; columns as growing arrays."""

    def __init__(self) -> None:
        self.steps = array("q")
        self.columns: dict[str, tuple[array, array]] = {}

    def add(self, step: int, values: list[tuple[str, float]]) -> None:
        row = len(self.steps)
        self.steps.append(step)
        for name, value in values:
            column = self.columns.get(name)
            if column is None:
                column = self.columns[name] = (array("q"), array("d"))
            column[0].append(row)
            column[1].append(value)

    def goes_back(self, step: int, values: list[tuple[str, float]]) -> bool:
        """Whether a row at `step` comes before what most of its names said last: a new start, and not another process's rows."""
        if not self.steps or step >= self.steps[-1]:
            return False
        later = 0
        for name, _ in values:
            column = self.columns.get(name)
            later += column is not None and self.steps[column[0][-1]] >= step
        return 2 * later > len(values)

    def table(self) -> tuple[Table, list[int]]:
        """Sorted by step, rows of one step merged, the later value kept; and the steps at which a name had two different values."""
        steps = np.array(self.steps, dtype=np.int64)
        if np.all(steps[1:] > steps[:-1]):
            columns = {n: Column(np.array(rows, dtype=np.int64), np.array(values)) for n, (rows, values) in self.columns.items()}
            return Table(steps, columns), []
        distinct, place = np.unique(steps, return_inverse=True)
        again: set[int] = set()
        columns = {}
        for name, (rows, values) in self.columns.items():
            where = place[np.frombuffer(rows, dtype=np.int64)]
            numbers = np.frombuffer(values, dtype=np.float64)
            if len(where) > 1 and not np.all(np.diff(where) > 0):
                order = np.argsort(where, kind="stable")
                where, numbers = where[order], numbers[order]
                same = where[1:] == where[:-1]
                differ = same & ~((numbers[1:] == numbers[:-1]) | (np.isnan(numbers[1:]) & np.isnan(numbers[:-1])))
                if not _TIMES.search(name):
                    again.update(distinct[where[1:][differ]].tolist())
                last = np.append(~same, True)
                where, numbers = where[last], numbers[last]
            columns[name] = Column(np.array(where), np.array(numbers))
        return Table(distinct, columns), sorted(again)


class Start:
    """What was logged between two places at which the steps go back."""

    def __init__(self) -> None:
        self.training, self.other, self.evaluation = Segment(), Segment(), Segment()
        self.summary: dict[str, float] = {}
        self.ended = False


class Collector:
    """Rows of one run, or of several that stand in a file one after another. `add` takes a row as logged; `runs` what came of them.

    A row that has a name only evaluations have is an evaluation; a row of totals is kept apart. Rows that share a step are merged, rows
    that share none of their names too (trainer and generator of prime-rl). Steps that go back to the beginning start another run; steps
    that go back less far replace what was logged from there on.
    """

    def __init__(self, name: str, budget: Budget):
        self.name = name
        self._budget = budget
        self._ahead: list[Mapping[str, object]] | None = []
        self._key = ""
        self._last = 0
        self._kinds: dict[str, str] = {}
        self._clean: dict[str, str] = {}  # names that are not fit to be shown -> what is shown
        self._words: dict[str, None] = {}
        self._starts = [Start()]
        self._counters: dict[str, float] = {}
        self.full = False
        self.given = self.rows = self._bad_steps = self._stepless = self._totals = self._lost = 0

    def add(self, row: Mapping[str, object]) -> bool:
        """False when no more is kept; nothing is raised."""
        self.given += 1
        if len(row) > 2 * self._budget.bounds.columns:
            kept = dict(islice(row.items(), 2 * self._budget.bounds.columns))
            self._lost += len(row) - len(kept)
            row = kept
        if self._ahead is not None:
            self._ahead.append(row)
            if len(self._ahead) >= LOOK_AHEAD:
                self._settle()
        else:
            self._take(row)
        return not self.full

    def begin_again(self) -> None:
        """What is added from here on was logged by another start."""
        if self._ahead:
            self._settle()
        if self._starts[-1].training.steps or self._starts[-1].other.steps or self._starts[-1].evaluation.steps:
            self._starts.append(Start())

    def _settle(self) -> None:
        rows, self._ahead = self._ahead or [], None
        self._key = choose(rows)
        for row in rows:
            self._take(row)

    def _take(self, row: Mapping[str, object]) -> None:
        if self.full:
            return
        values, totals = self._numbers(row)
        if totals:
            self._totals += 1
            self._starts[-1].ended = True
            if not any(_base(name) in _TRAINS for name, _ in values):
                totals += values
                values = []
            self._starts[-1].summary.update(totals)
        if not values or (len(values) <= 3 and _only_bookkeeping(values)):
            return
        step = self._step(row, values)
        if step is None:
            return
        if not self._budget.take_points(len(values)):
            self.full = True
            return
        self.rows += 1
        self._place(step, values)

    def _numbers(self, row: Mapping[str, object]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """The row's metrics, and totals of the whole run that stand in it."""
        values, totals, kinds = [], [], self._kinds
        for key, cell in row.items():
            value = number(cell)
            if value is None:
                if type(cell) is str and cell and key not in kinds and len(self._words) < 50:
                    self._words[printable(key)] = None
                continue
            kind = kinds.get(key)
            if kind is None:
                if len(kinds) >= self._budget.bounds.columns:
                    self._lost += 1
                    continue
                kind = kinds[key] = self._kind(key)
                clean = printable(key, self._budget.bounds.name)
                if clean != key:
                    self._clean[key] = clean
                    kinds.setdefault(clean, kind)
            if kind is STEP:
                continue
            (totals if kind is TOTAL else values).append((self._clean.get(key, key), value))
        if len(totals) == 1 and totals[0][0] == "train_loss":  # by itself the name of a loop's own loss
            return totals, []
        return values, totals

    def _kind(self, key: str) -> str:
        if key == self._key:
            return STEP
        if _base(key) in _TOTALS or key in ("train_loss", "train/train_loss"):
            return TOTAL
        return EVALUATION if _EVALUATION.match(key) and not key.lower().startswith("value") else METRIC

    def _step(self, row: Mapping[str, object], values: list[tuple[str, float]]) -> int | None:
        if self._key:
            if (cell := row.get(self._key)) is None or cell == "":
                self._stepless += 1
                return None
            step = whole(cell)
            if step is None:
                self._bad_steps += 1
            return step
        named = whole(row["step"]) if "step" in row else None  # a console's last line may say what the others leave out
        if named:
            self._last = named
        elif not self._is_evaluation(values):
            if self._begins_again(values):
                self._starts.append(Start())
                self._last = 0
            self._last += 1
        return self._last

    def _begins_again(self, values: list[tuple[str, float]]) -> bool:
        found = dict(values)
        again = self._starts[-1].ended
        for name in _COUNTS_UP:
            if name in found:
                again = again or found[name] < self._counters.get(name, found[name])
                self._counters[name] = found[name]
        if again:
            self._counters = {name: found[name] for name in _COUNTS_UP if name in found}
        return again

    def _is_evaluation(self, values: list[tuple[str, float]]) -> bool:
        return all(self._kinds[name] is EVALUATION for name, _ in values if name in self._kinds)

    def _place(self, step: int, values: list[tuple[str, float]]) -> None:
        start = self._starts[-1]
        kinds = self._kinds
        evaluations = [pair for pair in values if kinds.get(pair[0]) is EVALUATION]
        if evaluations:
            start.evaluation.add(step, evaluations)
            if len(evaluations) == len(values):
                return
            values = [pair for pair in values if kinds.get(pair[0]) is not EVALUATION]
            if _only_bookkeeping(values):
                return
        trains = any(_base(name) in _TRAINS for name, _ in values)
        segment = start.training if trains else start.other
        if segment.goes_back(step, values) and len(self._starts) < MOST_SEGMENTS:
            start = Start()
            self._starts.append(start)
            segment = start.training if trains else start.other
        segment.add(step, values)

    def runs(self, file: str) -> tuple[list[RawRun], list[Sentence]]:
        """The runs in the order of the file, and what could not be read."""
        if self._ahead is not None:  # more rows may come: the step's key is not settled yet
            rows = self._ahead
            trial = Collector(self.name, Budget(self._budget.bounds))
            trial._ahead = list(rows)
            trial._settle()
            return trial.runs(file)
        notes = self._left_out(file)
        starts = [start for start in self._starts if start.training.steps or start.other.steps or start.evaluation.steps]
        if len(starts) > max(20, self.rows // 4):
            notes.append(say(s.UNORDERED, file=file))
            starts = [_merged(starts)]
        runs = [_run(self.name, start, self._key, file) for start in starts]
        joined = _joined(runs, file)
        if len(joined) > 1:
            notes.append(say(s.STARTS, file=file, count=len(joined)))
            joined = [replace(run, name=f"{run.name} ({place} of {len(joined)})") for place, run in enumerate(joined, 1)]
        return joined[: self._budget.bounds.runs], notes

    def _left_out(self, file: str) -> list[Sentence]:
        bounds = self._budget.bounds
        said = [
            (self.full, say(s.CUT_POINTS, file=file, limit=bounds.points)),
            (self._lost, say(s.CUT_COLUMNS, file=file, limit=bounds.columns, count=self._lost)),
            (self._bad_steps, say(s.BAD_STEPS, file=file, count=self._bad_steps)),
            (self._stepless, say(s.NO_STEP_ROWS, file=file, count=self._stepless, key=self._key)),
            (self._totals, say(s.TOTALS, file=file, count=self._totals)),
        ]
        words = [word for word in self._words if word not in self._kinds and word != self._key and not _TIMES.search(word)]
        if words:
            said.append((True, say(s.WORDS, file=file, names=listed(words))))
        return [sentence for true, sentence in said if true]


def _base(name: str) -> str:
    """The last part of a name, which is a metric's in every framework's naming."""
    return name.rpartition("/")[2].lower()


def _only_bookkeeping(values: Iterable[tuple[str, float]]) -> bool:
    """Counters and times, which an evaluation row carries too."""
    return all(fold(_base(name)) in ("epoch", "num_tokens", "step", "global_step") or _TIMES.search(name) for name, _ in values)


def _merged(starts: list[Start]) -> Start:
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


def _run(name: str, start: Start, key: str, file: str) -> RawRun:
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
        training = training.where(keep)
    if not key:
        notes.append(say(s.COUNTED, file=file))
    return RawRun(name, training, evaluation, start.summary, key, notes=tuple(notes))


def _with_others(training: Table, other: Table, evaluation: Table) -> tuple[Table, Table]:
    """Rows without a loss are a second process's rows if they have names of their own, and evaluations if they share names with the training
    rows (another meaning of the same name may not be mixed in)."""
    if not len(training):
        return other, evaluation
    shared = [n for n in other.columns if n in training.columns and not _only_bookkeeping([(n, 0.0)])]
    rewarded = any("reward" in name.lower() for name in other.columns)
    if len(other) < len(training) and (3 * len(shared) > len(other.columns) if rewarded else shared):
        seldom = [n for n in other.columns if n in training.columns and 2 * len(training.columns[n].rows) <= len(training)]
        training, there = training.split(seldom)  # a training row that an evaluation was written into
        return training, merged(merged(evaluation, other), there)
    return merged(other, training), evaluation


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


def _joined(runs: list[RawRun], file: str) -> list[RawRun]:
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
