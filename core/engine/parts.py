"""The memory of a configuration as parts, each with the settings that it grows with."""

from __future__ import annotations

from dataclasses import dataclass

FLOAT, INT, BOOL = 4, 8, 1  # bytes of an element
EXPONENTIAL = 20  # an exponential, a logarithm or a comparison in a sort takes as long as about this many multiply-adds


@dataclass(frozen=True)
class Part:
    """Memory of one kind. `fields` are the settings that it is a product of, as `--set` takes them, those of the run without an owner."""

    what: str
    nbytes: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class PolicyCost:
    """The memory and work of a policy. The memory of preparation, generation, update and evaluation never exists at the same time. Work is
    in multiply-adds of all R replicas."""

    parameters: int  # of one replica
    prepare: Part  # once, before training begins
    generate: Part  # one generation round, and the measurements on its batch
    update: Part  # forward and backward
    evaluate: Part
    generate_work: float  # of one round
    update_work: float
    evaluate_work: float
    prepare_work: float = 0.0
