"""A unit: some seeds of one cell of one side. It is what is trained, stored and looked up, by the hash of its settings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.serial import config_to_json

FORMAT = 2  # of the stored numbers: what another version of this program measured differently has another key


@dataclass(frozen=True)
class Unit:
    """`config` has plain numbers in the settings that may differ between replicas."""

    config: RunConfig

    @cached_property
    def key(self) -> str:
        """The same for the same settings and seeds on the same version of PyTorch, and for no others."""
        text = f"{FORMAT} {torch.__version__} {config_to_json(self.config)}"
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def family(self) -> RunConfig:
        """Equal for units that may train as one run: their settings but for those that replicas may have of their own, and the seeds."""
        algorithm = replace(self.config.algorithm, eps_low=0.0, eps_high=0.0)
        return replace(self.config, learning_rate=1.0, algorithm=algorithm, first_seed=0, replicas=1)

    def __hash__(self) -> int:
        return hash(self.key)


def unit_of(config: RunConfig, seeds: Sequence[int]) -> Unit:
    """The unit of these consecutive seeds of a cell."""
    return Unit(replace(config, first_seed=seeds[0], replicas=len(seeds)))


def merged(units: Sequence[Unit]) -> tuple[RunConfig, tuple[int, ...]]:
    """One run of all `units`, which are of one family, and the seeds of its replicas: those of the first unit, then those of the next."""
    if len({unit.family for unit in units}) != 1:
        raise ConfigError("units of a run must differ only in learning_rate, eps_low and eps_high, got others; train them apart")

    def spread(pick) -> tuple[float, ...]:
        return tuple(pick(unit.config) for unit in units for _ in range(unit.config.replicas))

    first = units[0].config
    algorithm = replace(
        first.algorithm, eps_low=spread(lambda c: c.algorithm.eps_low), eps_high=spread(lambda c: c.algorithm.eps_high)
    )
    seeds = tuple(seed for unit in units for seed in unit.config.seeds)
    rates = spread(lambda c: c.learning_rate)
    return replace(first, algorithm=algorithm, learning_rate=rates, first_seed=0, replicas=len(seeds)), seeds
