"""One run of somebody else's, in the Lab's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from core.analysis.history import History
from core.logs.model import EMPTY_TABLE, ROLLOUT, Guess, Table, Taken
from core.logs.sentences import Sentence
from core.logs.starts import merged
from core.logs.take import CONVERSIONS, EVALUATIONS, KNOWN_METRICS, derived
from core.settings.fields import ConfigError


@dataclass(frozen=True, kw_only=True)
class LogRun:
    """What was read of one run. `taken` says which column stands for which metric; every other column keeps its own name and can be
    plotted too. Steps are as logged: `step_unit` says what one of them is, and nothing is resampled."""

    name: str
    file: str
    format: str
    framework: Guess
    step_unit: str  # "update" or "rollout"
    step_key: str  # the column that held the step; "" = the rows were counted
    training: Table
    evaluation: Table = EMPTY_TABLE
    summary: Mapping[str, float] = field(default_factory=dict)
    taken: Mapping[str, Taken] = field(default_factory=dict)
    notes: tuple[Sentence, ...] = ()

    @property
    def steps(self) -> np.ndarray:
        """(S,) int64, rising."""
        return self.training.steps

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name that was logged in training, as logged."""
        return tuple(self.training.columns)

    def values(self, column: str) -> np.ndarray:
        """(S,) float64 of a logged name, NaN where it was not logged. KeyError for an unknown name."""
        return self.training.values(column)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it has, in the order of the metric table, those that are computed from other columns included."""
        have = {taken.metric for taken in self.taken.values()} | derived(self.training, self.taken).keys()
        return tuple(metric for metric in KNOWN_METRICS if metric in have)

    def column_of(self, metric: str) -> str | None:
        return next((column for column, taken in self.taken.items() if taken.metric == metric), None)

    def series(self, metric: str) -> np.ndarray:
        """(S,) float64 of a metric on the training steps (an evaluation metric: (E,) on `evaluation.steps`), NaN where it was not
        measured. KeyError if the run does not have it."""
        column = self.column_of(metric)
        if column is None:
            return derived(self.training, self.taken)[metric][0]
        taken = self.taken[column]
        table = self.evaluation if metric in EVALUATIONS and column in self.evaluation.columns else self.training
        return CONVERSIONS[taken.conversion](table.values(column))

    def note(self, metric: str) -> str:
        """How the definition differs from the Lab's, "" if it does not or is not known to."""
        column = self.column_of(metric)
        return self.taken[column].note if column is not None else derived(self.training, self.taken)[metric][1]

    def retaken(self, column: str, metric: str | None, conversion: str = "same") -> LogRun:
        """The same run with `column` taken for `metric` (None: for nothing). Another column that stood for it gives way."""
        if column not in self.training.columns and column not in self.evaluation.columns:
            raise ConfigError(
                f"column must be one that the log has, got {column!r}; choose one of {', '.join(self.columns[:8])}, …"
            )
        if metric is not None and metric not in KNOWN_METRICS:
            raise ConfigError(f"metric must be one of {', '.join(KNOWN_METRICS)}, got {metric!r}; choose one of these")
        if conversion not in CONVERSIONS:
            raise ConfigError(f"conversion must be one of {', '.join(CONVERSIONS)}, got {conversion!r}; choose one of these")
        taken = {c: t for c, t in self.taken.items() if c != column and t.metric != metric}
        if metric is not None:
            taken[column] = Taken(metric, conversion)
        return replace(self, taken=taken)

    def history(self, columns: Mapping[str, str] = MappingProxyType({})) -> History:
        """The run as a history of one seed (0), one record per step, metrics in the Lab's names, evaluations at their step; and of
        `columns`, name -> logged column, as logged under that name."""
        training = {m: (self.training, self.series(m)) for m in self.metrics if m not in EVALUATIONS}
        steps = np.union1d(self.training.steps, self.evaluation.steps) if len(self.evaluation) else self.training.steps
        series = {m: _on(steps, table.steps, values) for m, (table, values) in training.items()}
        for metric in EVALUATIONS.intersection(self.metrics):
            own = self.evaluation if self.column_of(metric) in self.evaluation.columns else self.training
            series[metric] = _on(steps, own.steps, self.series(metric))
        for name, column in columns.items():
            table = self.training if column in self.training.columns else self.evaluation
            series[name] = _on(steps, table.steps, table.values(column))
        rollouts = steps if self.step_unit == ROLLOUT else np.zeros_like(steps)
        return History.of_columns((0,), steps, rollouts, {name: values[:, None] for name, values in series.items()})

    def joined_with(self, later: LogRun) -> LogRun:
        """Both halves of one training as one run."""
        training = merged(self.training, later.training)
        evaluation = merged(self.evaluation, later.evaluation) if len(later.evaluation) else self.evaluation
        return replace(
            self, training=training, evaluation=evaluation, taken={**later.taken, **self.taken}, notes=(*self.notes, *later.notes)
        )


def _on(steps: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`values` at the steps `at`, spread over all `steps`."""
    spread = np.full(len(steps), np.nan)
    spread[np.searchsorted(steps, at)] = values
    return spread
