"""The definition of a named experiment, and the criteria that its measured numbers must meet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig


@dataclass(frozen=True)
class Criterion:
    """A bound on a number of summary.json; `where` is the path to it, list positions as numbers."""

    where: tuple[str | int, ...]
    at_least: float | None = None
    at_most: float | None = None

    def value(self, summary: dict) -> float | None:
        found = summary
        for part in self.where:
            found = found[part] if found is not None else None
        return found

    def holds(self, summary: dict) -> bool:
        value = self.value(summary)
        if value is None:
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


def change(label: str, metric: str, **bound: float) -> Criterion:
    """final ÷ initial of a metric."""
    return Criterion(("algorithms", label, metric, "final_over_initial"), **bound)


def final(label: str, metric: str, **bound: float) -> Criterion:
    return Criterion(("algorithms", label, metric, "final"), **bound)


def seeds(label: str, state: str, **bound: float) -> Criterion:
    """How many seeds are `collapsed` or `solved` at the end."""
    return Criterion(("algorithms", label, "seeds", state, "count"), **bound)


def gradient(label: str, **bound: float) -> Criterion:
    """Share of the last tenth of the updates that had a gradient, mean over seeds."""
    return Criterion(("algorithms", label, "gradient_share", "mean"), **bound)


def lead(pair: str, metric: str, above: float) -> Criterion:
    """Lower end of the interval of a paired difference."""
    return Criterion(("differences", pair, metric, "ci95", 0), at_least=above)


def within(pair: str, metric: str, bound: float) -> tuple[Criterion, Criterion]:
    """Both ends of the interval of a paired difference are at most `bound` from 0: no difference of a size that matters."""
    path = ("differences", pair, metric, "ci95")
    return Criterion((*path, 0), at_least=-bound), Criterion((*path, 1), at_most=bound)


@dataclass(frozen=True)
class Scenario:
    """An experiment. `run` holds what all algorithms share; `longer` gives an algorithm a multiple of the updates."""

    name: str
    title: str
    look_for: str  # two sentences
    afterwards: str  # what happens when it runs five times longer
    run: RunConfig
    algorithms: dict[str, AlgorithmConfig]
    longer: dict[str, int] = field(default_factory=dict)
    criteria: tuple[Criterion, ...] = ()
    samples: int | None = None  # a budget at which it is compared too: `samples_criteria` are for that comparison
    samples_criteria: tuple[Criterion, ...] = ()

    @property
    def parts(self) -> tuple[str, str, str]:
        """`look_for` as what comes before the sentence that begins with Watch, that sentence, and what comes after it."""
        before, watch, rest = self.look_for.partition("Watch ")
        found = re.match(r"(.+?\.)(?: (?=[A-Z])|$)", watch + rest)
        sentence = found.group(1) if found else ""
        return before.strip(), sentence, (watch + rest)[len(sentence) :].strip()

    def runs(
        self,
        *,
        updates: int | None = None,
        samples: int | None = None,
        replicas: int | None = None,
        first_seed: int | None = None,
    ) -> dict[str, RunConfig]:
        """Label -> run, with the given values in place of the scenario's; `updates` without `samples` takes back a budget of samples.
        ConfigError if one is out of range."""
        given = {"updates": updates, "samples": samples, "replicas": replicas, "first_seed": first_seed}
        changes: dict[str, int | None] = {name: value for name, value in given.items() if value is not None}
        if updates is not None:
            changes["samples"] = samples
        shared = replace(self.run, **changes)
        return {
            label: replace(shared, algorithm=algorithm, updates=shared.updates * self.longer.get(label, 1))
            for label, algorithm in self.algorithms.items()
        }
