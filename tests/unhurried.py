"""Training that takes its time and no processor, for tests of what goes on beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from core.engine.trainer import train
from core.engine.types import StepRecord
from core.settings.run import RunConfig


def unhurried(config: RunConfig, *, pause: float = 0.01, **options) -> Iterator[StepRecord]:
    """What `train(config, **options)` gives, with `pause` seconds of nothing after each record."""
    for record in train(config, **options):
        yield record
        time.sleep(pause)
