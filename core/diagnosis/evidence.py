"""What a run's log says, as the rules read it: series without gaps, where the log begins, what was not finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.diagnosis.finding import Mark
from core.diagnosis.thresholds import limit
from core.logs import LogRun
from core.logs.model import UPDATE
from core.logs.take import EVALUATIONS

REWARDS = ("accuracy", "reward_mean", "reward_trained_mean")
SECONDS = (
    "step_time",
    "train/step_time",
    "timing_s/step",
    "timing_s_step",
    "perf/time_per_step",
    "perf_time_per_step",
    "Time",
    "time/total",
)
EPOCHS = ("epoch", "train/epoch")


@dataclass(frozen=True)
class Series:
    """The finite measurements of one metric. (n,) steps rising, (n,) values. `broken`: steps where NaN or infinity was logged."""

    metric: str
    column: str
    steps: np.ndarray
    values: np.ndarray
    broken: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.values)

    def mark(self, start: int | None = None, end: int | None = None) -> Mark:
        steps = self.steps if len(self.steps) else self.broken
        return Mark(self.metric, self.column, int(steps[0] if start is None else start), int(steps[-1] if end is None else end))

    def since(self, step: int) -> Series:
        keep = self.steps >= step
        return Series(self.metric, self.column, self.steps[keep], self.values[keep])


@dataclass(frozen=True)
class SeedVerdict:
    """What `core.analysis.detectors` say of one seed at its last update. `state` is one of STATES or "". `low_since` and `vanished_since`:
    the update since which the entropy is low and the gradient gone, None if it is not. `gradient_share`: of the last updates, those that have
    a gradient."""

    state: str
    low_since: int | None
    vanished_since: int | None
    gradient_share: float


@dataclass(frozen=True)
class Evidence:
    """One run. `others` holds every column that stands for no metric, by its own name."""

    name: str
    framework: str
    step_unit: str
    steps: np.ndarray  # (S,) of the training rows, rising
    metrics: Mapping[str, Series]
    others: Mapping[str, Series] = field(default_factory=dict)
    lab: SeedVerdict | None = None  # of the Lab's own runs

    @cached_property
    def begins(self) -> bool:
        """The log has the run's beginning, so that "initial" means something."""
        if not len(self.steps) or self._epoch_late:
            return False
        interval = int(np.median(np.diff(self.steps))) if len(self.steps) > 1 else int(self.steps[0])
        return bool(self.steps[0] <= 1 + 2 * interval)

    @cached_property
    def _epoch_late(self) -> bool:
        """The epoch of the first row is more than a few rows' worth. A console without step numbers tells its beginning by nothing else."""
        epoch = next((self.others[name] for name in EPOCHS if name in self.others and len(self.others[name]) > 3), None)
        if epoch is None:
            return False
        each = float(epoch.values[-1] - epoch.values[0]) / (len(epoch) - 1)
        return bool(each > 0 and epoch.values[0] > 4 * each + 0.01)  # many print two decimals

    @cached_property
    def rounded(self) -> bool:
        """Every number of the log has three decimals at most: a 0 may be anything below 0.0005."""
        values = [s.values for s in (*self.metrics.values(), *self.others.values()) if len(s)]
        everything = np.concatenate(values) if values else np.empty(0)
        return bool(len(everything) > 20 and np.allclose(everything, np.round(everything, 3), rtol=0, atol=1e-9))

    def get(self, metric: str) -> Series | None:
        """The series, None if nothing finite was measured."""
        found = self.metrics.get(metric)
        return found if found is not None and len(found) else None

    @cached_property
    def reward(self) -> Series | None:
        """What the run is trained for: the share right where it is known, else the reward."""
        return next((s for m in REWARDS if (s := self.get(m)) is not None), None)

    @cached_property
    def share_right(self) -> Series | None:
        """The reward, if it can be read as a share of right answers: it is one, or lies within 0…1 throughout."""
        reward = self.reward
        if reward is None or (reward.metric != "accuracy" and (reward.values.min() < 0 or reward.values.max() > 1)):
            return None
        return reward

    @cached_property
    def parts(self) -> dict[str, Series]:
        """The reward's parts by their names: TRL's `rewards/NAME/mean` and what looks like it."""
        found = {}
        for column, series in self.others.items():
            name = column.removeprefix("train/").replace(" / ", "/")
            if name.startswith(("rewards/", "reward/")) and not name.endswith(("/std", "/max", "/min")) and len(series):
                found[name.removesuffix("/mean").split("/", 1)[1]] = series
        return found

    @cached_property
    def seconds(self) -> Series | None:
        return next((self.others[c] for c in SECONDS if c in self.others and len(self.others[c])), None)

    def window(self, series: Series) -> int:
        """Rows of a window of this series: so many rows, and so many steps, and a share of the run."""
        rows = max(int(limit("window_rows")), int(len(series) * limit("window_share")))
        if self.step_unit == UPDATE and len(series) > 1:
            every = max(1.0, float(np.median(np.diff(series.steps))))
            rows = max(rows, int(np.ceil(limit("window_updates") / every)))
        return rows

    def has_trend(self, series: Series | None) -> bool:
        return series is not None and len(series) >= limit("trend_rows")


def evidence_of_log(run: LogRun) -> Evidence:
    metrics = {}
    for metric in run.metrics:
        column = run.column_of(metric)
        of_evaluation = metric in EVALUATIONS and column in run.evaluation.columns
        table = run.evaluation if of_evaluation else run.training
        logged = table.logged(column) if column is not None else np.zeros(len(table), dtype=bool)
        broken = logged & ~np.isfinite(table.values(column)) if column is not None else logged
        metrics[metric] = series_of(metric, column or metric, table.steps, run.series(metric), table.steps[broken])
    others = {c: series_of(c, c, run.steps, run.values(c)) for c in run.columns if c not in run.taken}
    return Evidence(run.name, run.framework.name, run.step_unit, run.steps, metrics, others)


def series_of(metric: str, column: str, steps: np.ndarray, values: np.ndarray, broken: np.ndarray | None = None) -> Series:
    finite = np.isfinite(values)
    return Series(metric, column, steps[finite], values[finite], np.empty(0, dtype=np.int64) if broken is None else broken)
