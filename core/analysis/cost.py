"""What a run has cost so far, with generation and training in one unit: the tokens that a run is trained on.

    cost = generation_price · tokens generated + tokens trained on

It stands for wall time where this machine's own does not. The price of a generated token against a trained one is a setting,
`RunConfig.generation_price`: it is small on a toy and large on a language model, and what dynamic sampling generates again is partly
free where everybody waits for the longest completion anyway. Tokens generated are exact, completions times their mean length. Tokens trained on
are the update's share of a whole batch, at the mean length of what was generated for it; a batch that dynamic sampling could not fill
counts as whole, because it is computed as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.analysis.history import History
from core.analysis.result import RunResult
from core.engine.forks import originals, stages
from core.engine.types import StepRecord
from core.settings.run import RunConfig


class Before(NamedTuple):
    """What the run that a fork left had generated and spent by then."""

    samples: np.ndarray  # (R,)
    spent: np.ndarray  # (R,) trained tokens


def token_cost(history: History, config: RunConfig, before: Before | None = None) -> np.ndarray:
    """(U, R) cost since the start of the history and `before` it, in trained tokens; it does not fall from one row to the next. NaN in a
    history without lengths, and before the first of them."""
    return CostMeter(config, before).add(history.after(history.first_update - 1))


def token_costs(results: Mapping[str, RunResult]) -> dict[str, np.ndarray]:
    """Label -> cost (U, R) of each run. A fork whose original is there has cost what that one had when it was left, too."""
    return {label: token_cost(r.history, r.config, before_fork(label, results)) for label, r in results.items()}


def before_fork(label: str, results: Mapping[str, RunResult]) -> Before | None:
    """What was generated and spent before the fork of this label began; None for a run that is none, or whose original is not there."""
    original = originals({k: r.stages for k, r in results.items()}).get(label)
    if original is None:
        return None
    left, at = results[original], results[label].stages[0].fork.update
    row = int(np.searchsorted(left.history.updates, at, side="right")) - 1
    if row < 0:  # the original was read without its beginning
        return None
    costs = token_cost(left.history, left.config, before_fork(original, results))
    return Before(left.history.samples[row].astype(float), np.nan_to_num(costs[row]))


class CostMeter:
    """The cost of a growing run: what is new costs as much to add as it has rows, however long the run is."""

    def __init__(self, config: RunConfig, before: Before | None = None):
        self.config = config  # given anew when the settings of the run are changed in its course
        self._length: np.ndarray | None = None  # (R,) tokens per completion, measured last
        self._samples: np.ndarray | None = before and before.samples  # (R,)
        self._spent: np.ndarray | float = before.spent if before else 0.0  # (R,)

    def add(self, records: Sequence[StepRecord]) -> np.ndarray:
        """(n, R) cost since the first record ever added, at each of these. They must follow on those added before."""
        if not records:
            return np.empty((0, 0))
        samples = np.array([record.samples_generated for record in records], dtype=float)
        empty = np.full(samples.shape[1], np.nan)
        length, gradient = (
            np.array([record.metrics.get(name, empty) for record in records], dtype=float)
            for name in ("completion_tokens_mean", "grad_norm")
        )
        length = _carried(length, empty if self._length is None else self._length)
        if self._samples is None:  # a fork's samples go on from those of the run that it left, which are not known
            is_fork = stages(self.config, records[0].update)[0].fork is not None
            self._samples = samples[0] if is_fork else np.zeros_like(samples[0])
        made = np.diff(samples, axis=0, prepend=self._samples[None])
        with np.errstate(over="ignore", invalid="ignore"):  # lengths in a damaged history may be anything
            price, batch = np.array([self._price_and_batch(record.update) for record in records]).T[..., None]
            spent = price * made * length + ~np.isnan(gradient) * batch * length
            spent[[record.update == 0 for record in records]] = 0.0  # the untrained policy was scored, and nothing was spent
            total = self._spent + np.cumsum(spent, axis=0)
        self._length, self._samples, self._spent = length[-1], samples[-1], total[-1]
        return total

    def _price_and_batch(self, update: int) -> tuple[float, float]:
        """What a token costs that was generated, and the completions of an update, under the settings that `update` was trained with."""
        config = self.config
        while config.fork is not None and update <= config.fork.update:
            config = config.fork.run
        return config.price, config.num_prompts * config.group_size / config.minibatches


def _carried(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(n, R) the last measured value at or before each row, `before` (R,) ahead of the first. Infinite values count as not measured."""
    table = np.concatenate((before[None], np.where(np.isfinite(values), values, np.nan)))
    rows = np.where(np.isnan(table), 0, np.arange(len(table))[:, None])
    return np.take_along_axis(table, np.maximum.accumulate(rows, axis=0), axis=0)[1:]
