"""What pages see of a run, whether it is in memory or in the file: immutable snapshots, so that nothing changes while a page is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.analysis.result import Status


@dataclass(frozen=True)
class RunView:
    """The state of one run at one moment. Fields that only a run in memory has are None for stored runs."""

    status: Status
    updates: int  # done
    total: int  # an estimate while the budget is samples
    error: str = ""  # why it failed or was stopped; '' = no reason needed
    traceback: str = ""
    position: int | None = None  # in the queue, 1 = next; None when not queued
    updates_per_second: float | None = None  # over the last updates without a pause; None = not known yet
    last_update_time: float | None = None  # seconds since 1970; None before the first update
    preparing: tuple[str, int, int] | None = None  # (stage, done, total) before the first update, see core.engine.trainer.train


@dataclass(frozen=True)
class ComparisonView:
    """All runs of a comparison at one moment."""

    id: str
    scenario: str
    created: float  # seconds since 1970
    runs: Mapping[str, RunView]  # label -> run
    viewers: int = 0  # leases held now
    paused_seconds: float | None = None  # seconds for which all its unfinished runs have been paused; None = one trains or waits

    @property
    def finished(self) -> bool:
        return all(run.status.finished for run in self.runs.values())
