"""A StepRecord as a row of the database and back.

A row holds numbers over seeds as little-endian arrays without gaps: samples as int64, metrics as float32. Of the metrics only those
that were measured are there; the bits of `measured` say which, counted along a list of names that is kept with the run. For R seeds
and M measured metrics that is 8·R + 4·R·M bytes, and about 30 more for the row. A distribution has a row of its own, of 8·R·V bytes
and about 20 more, at the few updates at which there is one. (msgpack or npz would write the names into every row.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from core.engine.types import Distribution, StepRecord
from core.settings.fields import short

COLUMNS = ("number", "rollout", "wall_seconds", "measured", "samples", "metrics")  # number = the update


class DamagedRun(LookupError):
    """What a run measured cannot be read, although the rest of the history can."""

    def __init__(self, stored_id: int, error: Exception):
        what = short(str(error)) or type(error).__name__
        super().__init__(f"what run {stored_id} measured is damaged ({what}); run it again, or restore a copy of the history")


@contextmanager
def undamaged(stored_id: int) -> Iterator[None]:
    """Raises DamagedRun for any error in bytes that `pack` did not write."""
    try:
        with np.errstate(invalid="ignore"):  # not a number in JSON
            yield
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise DamagedRun(stored_id, error) from error


def names_of(text: str) -> list[str]:
    """The list of metric names that is kept with a run, from its JSON. ValueError or TypeError if it is not such a list."""
    names = json.loads(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("the names of its metrics")
    return names


def pack(record: StepRecord, names: Sequence[str]) -> tuple:
    """The row of `record`, in the order of COLUMNS. KeyError if it has a metric that is not among `names`."""
    if unknown := set(record.metrics) - set(names):
        raise KeyError(f"the record has metrics that the table of metrics does not: {', '.join(sorted(unknown))}")
    measured = sum(1 << bit for bit, name in enumerate(names) if name in record.metrics)
    values = [record.metrics[name] for name in _measured(measured, names)]
    samples = np.asarray(record.samples_generated).astype("<i8").tobytes()
    return int(record.update), int(record.rollout), float(record.wall_seconds), measured, samples, b"".join(map(_single, values))


def unpack(row: Sequence, names: Sequence[str], tables: Sequence[bytes] | None = None) -> StepRecord:
    """The record of a row, with the distribution whose `pack_distribution` is `tables`. Metrics are float64 with the float32 values."""
    update, rollout, wall_seconds, measured, samples, metrics = row
    present = _measured(measured, names)
    counts = np.frombuffer(samples, "<i8").astype(np.int64)
    values = np.frombuffer(metrics, "<f4").astype(np.float64).reshape(len(present), len(counts))
    parts = [np.frombuffer(table, "<f4").astype(np.float32).reshape(len(counts), -1) for table in tables or ()]
    seen = Distribution(*parts) if parts else None
    return StepRecord(update, rollout, counts, wall_seconds, dict(zip(present, values, strict=True)), seen)


def pack_distribution(distribution: Distribution) -> tuple[bytes, bytes]:
    """Its two tables, replica after replica, in single precision."""
    return _single(distribution.token_probs), _single(distribution.rank_probs)


def _measured(bits: int, names: Sequence[str]) -> list[str]:
    return [name for bit, name in enumerate(names) if bits >> bit & 1]


def _single(values: np.ndarray) -> bytes:
    with np.errstate(over="ignore"):  # a value beyond float32 becomes infinite
        return np.asarray(values).astype("<f4").tobytes()
