"""`streamlit`, for the app's server of these tests. Runs without a foreseeable end are there to be held, left and found again: they train at
most 20 updates a second, or they would take the processor from the pages and from the other workers. All others train as in the app, but not
at a lower priority: a run would not come to its end while the other workers keep the machine busy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from streamlit.web.cli import main

from core.engine.trainer import train
from core.engine.types import StepRecord
from core.runs import sweeps, threads
from core.runs.manager import RunManager
from core.settings.run import RunConfig
from pages.shared.common import process
from tests.unhurried import unhurried

ENDLESS = 10_000  # updates
PAUSE = 0.05  # s


def train_considerately(config: RunConfig, **options) -> Iterator[StepRecord]:
    return unhurried(config, pause=PAUSE, **options) if config.updates >= ENDLESS else train(config, **options)


if __name__ == "__main__":
    threads.NICENESS = sweeps.NICENESS = 0
    process.RunManager = partial(RunManager, train=train_considerately)
    main()
