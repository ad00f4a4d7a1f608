"""What a worker executes: the units of a shard as one run, from their settings as text to their numbers as bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import torch

from core.engine.policies import never
from core.engine.trainer import train
from core.engine.types import StepRecord, TrainingDiverged
from core.settings.serial import config_from_json
from core.sweep.measured import Measured, diverged, measure, part_of
from core.sweep.unit import Unit, merged


class Abandoned(Exception):
    """`should_stop()` said so: nothing is kept of what was begun."""


def train_texts(texts: Sequence[str], should_stop: Callable[[], bool] = never) -> list[bytes]:
    """The numbers of units, whose settings are JSON, as bytes: what travels to a worker and back. One thread of torch, so that as many
    workers as cores do not hinder each other and sums are made in one order everywhere."""
    torch.set_num_threads(1)
    return [found.to_bytes() for found in train_units([Unit(config_from_json(text)) for text in texts], should_stop)]


def train_units(units: Sequence[Unit], should_stop: Callable[[], bool] = never) -> list[Measured]:
    """Train units of one family together. One that diverges is left out and the others are trained again without it: to the last bit each
    has the numbers that it has alone. Abandoned if `should_stop()` said so."""
    out: dict[Unit, Measured] = {}
    left = list(units)
    while left:
        config, seeds = merged(left)
        records: list[StepRecord] = []
        try:
            for record in train(config, should_stop=should_stop, seeds=seeds):
                records.append(record)
        except TrainingDiverged as error:
            for unit, rows in _rows(left).items():
                hit = [seeds[row] for row in error.rows if rows.start <= row < rows.stop]
                if hit:
                    out[unit] = diverged(unit.config.seeds, error.update, hit)
            left = [unit for unit in left if unit not in out]
            continue
        if not records or not config.is_over(records[-1].update, records[-1].samples_generated.tolist()):
            raise Abandoned
        out |= {unit: measure(part_of(records, rows, unit.config.seeds)) for unit, rows in _rows(left).items()}
        left = []
    return [out[unit] for unit in units]


def _rows(units: Sequence[Unit]) -> dict[Unit, slice]:
    """The replicas of each unit in their merged run."""
    out, start = {}, 0
    for unit in units:
        out[unit] = slice(start, start + unit.config.replicas)
        start += unit.config.replicas
    return out


def be_considerate(niceness: int) -> None:
    """Let other programs go first."""
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
