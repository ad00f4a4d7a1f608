"""The estimated memory and training time of the runs, shown before Run is pressed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from core.engine.cost import MEGABYTE, estimate
from core.engine.outlook import preparation_work
from core.settings.run import RunConfig

# Fitted to the runs of docs/measured.json, whose processor seconds it meets within a factor of 2 (tests/pages/compare/test_needs.py).
# Their wall seconds depend on what else the machine did.
SECONDS_PER_UPDATE = 0.0020  # of what does not depend on the sizes
OPERATIONS_PER_SECOND = 22.6e9  # multiply-adds of one training run


def training_seconds(runs: Mapping[str, RunConfig], cores: int | None = None) -> float:
    """Estimated seconds until all `runs` are over, on `cores` processors of the kind that docs/measured.json was made on (default: as many
    as this machine has)."""
    each = [
        SECONDS_PER_UPDATE * (run.updates - run.start) + cost.work / OPERATIONS_PER_SECOND
        for run, cost in zip(runs.values(), estimate(runs).costs.values(), strict=True)
    ]
    return max(max(each), sum(each) / (cores or os.cpu_count() or 1))


def preparation_seconds(runs: Mapping[str, RunConfig]) -> float:
    """Estimated seconds until the base models are built that `runs` need and that this machine has not kept; 0 if there are none."""
    return preparation_work(runs.values()) / OPERATIONS_PER_SECOND


def needs_text(runs: Mapping[str, RunConfig]) -> str:
    """The estimate in one sentence, or in two if a base model has to be built first."""
    told = f"Training takes about {duration_text(training_seconds(runs))} and {megabytes(runs):,} MB of memory, if nothing else trains."
    before = preparation_seconds(runs)
    return told if not before else f"{told} Before it the base model is built, once: about {duration_text(before)}."


def megabytes(runs: Mapping[str, RunConfig]) -> int:
    """Estimated memory of all `runs` at once."""
    return max(1, round(estimate(runs).nbytes / MEGABYTE))


def duration_text(seconds: float) -> str:
    """'5 seconds', '40 seconds', '3 minutes', '2 hours': an estimate has no more digits."""
    if seconds < 100:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 100 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{round(seconds / 3600):,} hours"
