"""Rows in the order of a file, gathered into the runs that stand in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.cells import number, whole
from core.logs.model import RawRun
from core.logs.segments import TIMES, Start, base, only_bookkeeping
from core.logs.sentences import Sentence, listed, printable, say
from core.logs.starts import as_one, joined_starts, run_of
from core.logs.steps import choose, same_as, texts_of

LOOK_AHEAD = 64  # rows with a metric that are looked at before the step's key is chosen
MOST_AHEAD = 4_000  # rows of any kind, of which a profiler may log many between two of the trainer's
MOST_SEGMENTS = 500  # a file whose steps go back more often is not in order
STEP, METRIC, EVALUATION, TOTAL = "step", "metric", "evaluation", "total"

_EVALUATION = re.compile(r"(?:(?:eval|evaluation|test|val|validation|val-core|val-aux)[/_ .]|valid/)", re.IGNORECASE)
_TOTALS = frozenset(("train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos"))
_LOSS_OF_ALL = ("train_loss", "train/train_loss")  # of transformers' last row
_TRAINS = frozenset(
    ("loss", "train_loss", "grad_norm", "policy_loss", "pg_loss", "learning_rate", "lr")
)  # the last part of a name that only training has
_COUNTS_UP = ("num_tokens", "epoch")  # of TRL: go back only when a training begins again


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
        self._told = 0  # of them, rows with a metric
        self._key = ""
        self._same: tuple[str, ...] = ()  # keys that say the step where that one is absent
        self._last = 0
        self._kinds: dict[str, str] = {}
        self._clean: dict[str, str] = {}  # names that are not fit to be shown -> what is shown
        self._words: dict[str, None] = {}
        self._starts = [Start()]
        self._counters: dict[str, float] = {}
        self._texts: str = ""  # the column of completions, where a row is one of them
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
            self._told += not only_bookkeeping(row.items())
            if self._told >= LOOK_AHEAD or len(self._ahead) >= MOST_AHEAD:
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
        told = [row for row in rows if not only_bookkeeping(row.items())] or rows
        self._key = choose(told)
        self._texts = texts_of(told, self._key)
        self._same = same_as(self._key, told)
        for row in rows:
            self._take(row)

    def _take(self, row: Mapping[str, object]) -> None:
        if self.full:
            return
        values, totals = self._numbers(row)
        if totals:
            self._totals += 1
            self._starts[-1].ended = True
            if not any(base(name) in _TRAINS for name, _ in values):
                totals += [pair for pair in values if self._kinds.get(pair[0]) is not EVALUATION]
                values = [pair for pair in values if self._kinds.get(pair[0]) is EVALUATION]
            self._starts[-1].summary.update(totals)
        if not values or (len(values) <= 3 and only_bookkeeping(values)):
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
        if len(totals) == 1 and totals[0][0] in _LOSS_OF_ALL:  # by itself the name of a loop's own loss
            return [*totals, *values], []
        return values, totals

    def _kind(self, key: str) -> str:
        if key == self._key:
            return STEP
        if base(key) in _TOTALS or key in _LOSS_OF_ALL:
            return TOTAL
        return EVALUATION if _EVALUATION.match(key) and not key.lower().startswith("value") else METRIC

    def _step(self, row: Mapping[str, object], values: list[tuple[str, float]]) -> int | None:
        if self._key:
            cell = next((row[key] for key in (self._key, *self._same) if row.get(key) not in (None, "")), None)
            if cell is None:
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
        """Names of evaluations, and nothing else but counters and times."""
        rest = [pair for pair in values if self._kinds.get(pair[0]) is not EVALUATION]
        return len(rest) < len(values) and only_bookkeeping(rest)

    def _place(self, step: int, values: list[tuple[str, float]]) -> None:
        start = self._starts[-1]
        kinds = self._kinds
        evaluations = [pair for pair in values if kinds.get(pair[0]) is EVALUATION]
        if evaluations:
            start.evaluation.add(step, evaluations)
            if len(evaluations) == len(values):
                return
            values = [pair for pair in values if kinds.get(pair[0]) is not EVALUATION]
            if only_bookkeeping(values):
                return
        trains = any(base(name) in _TRAINS for name, _ in values)
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
        if self._texts:
            return [], [say(s.SAMPLES, file=file, name=self._texts)]
        notes = self._left_out(file)
        starts = [start for start in self._starts if start.training.steps or start.other.steps or start.evaluation.steps]
        if len(starts) > max(20, self.rows // 4):
            notes.append(say(s.UNORDERED, file=file))
            starts = [as_one(starts)]
        runs = [run_of(self.name, start, self._key, file) for start in starts]
        joined = joined_starts(runs, file)
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
        words = [word for word in self._words if word not in self._kinds and word != self._key and not TIMES.search(word)]
        if words:
            said.append((True, say(s.WORDS, file=file, names=listed(words))))
        return [sentence for true, sentence in said if true]
