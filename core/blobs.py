"""A StepRecord as a row of the database and back.

A row holds numbers over seeds as little-endian arrays without gaps: samples as int64, metrics as float32. Of the metrics only those
that were measured are there; the bits of `measured` say which, counted along a list of names that is kept with the run. For R seeds
and M measured metrics that is 8·R + 4·R·M bytes, and about 30 more for the row. A distribution has a row of its own, of 8·R·V bytes
and about 20 more, at the few updates at which there is one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.types import Distribution, StepRecord

COLUMNS = ("number", "rollout", "wall_seconds", "measured", "samples", "metrics")  # number = the update


def pack(record: StepRecord, names: Sequence[str]) -> tuple:
    """The row of `record`, in the order of COLUMNS. KeyError if it has a metric that is not among `names`."""
    unknown = set(record.metrics) - set(names)
    if unknown:
        raise KeyError(f"the record has metrics that the table of metrics does not: {', '.join(sorted(unknown))}")
    present = [(bit, name) for bit, name in enumerate(names) if name in record.metrics]
    measured = sum(1 << bit for bit, _ in present)
    with np.errstate(over="ignore"):  # beyond float32 is infinite, which says the same
        metrics = b"".join(np.asarray(record.metrics[name]).astype("<f4").tobytes() for _, name in present)
    samples = np.asarray(record.samples_generated).astype("<i8").tobytes()
    return int(record.update), int(record.rollout), float(record.wall_seconds), measured, samples, metrics


def unpack(row: Sequence, names: Sequence[str]) -> StepRecord:
    """The record of a row. Metrics are float64 that hold the float32 values."""
    update, rollout, wall_seconds, measured, samples, metrics = row
    present = [name for bit, name in enumerate(names) if measured >> bit & 1]
    counts = np.frombuffer(samples, "<i8").astype(np.int64)
    values = np.frombuffer(metrics, "<f4").astype(np.float64).reshape(len(present), len(counts))
    return StepRecord(update, rollout, counts, wall_seconds, dict(zip(present, values, strict=True)))


def pack_distribution(distribution: Distribution) -> tuple[bytes, bytes]:
    """Its two tables, replica after replica, in single precision."""
    tables = (distribution.token_probs, distribution.rank_probs)
    return tuple(np.asarray(table).astype("<f4").tobytes() for table in tables)


def unpack_distribution(tables: Sequence[bytes], replicas: int) -> Distribution:
    return Distribution(*(np.frombuffer(table, "<f4").astype(np.float32).reshape(replicas, -1) for table in tables))
