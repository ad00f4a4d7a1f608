"""The result of one run: its settings, everything it measured, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.analysis.history import History
from core.engine.forks import stages
from core.settings.run import RunConfig


class Status(StrEnum):
    """The state of a run, or how it ended. The values are stored in files."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"  # its program ended before the run was over

    @property
    def finished(self) -> bool:
        """Whether the run is over: nothing more will be measured."""
        return self in FINISHED


FINISHED = frozenset({Status.DONE, Status.FAILED, Status.STOPPED, Status.INTERRUPTED})
UNFINISHED = tuple(status for status in Status if status not in FINISHED)


@dataclass
class RunResult:
    """The settings of a run, what it has measured so far, and its status: what reports, charts and exports take, whether the run is in
    memory, in a file, or was trained in the foreground."""

    config: RunConfig
    history: History
    status: Status = Status.DONE
    error: str = ""
    traceback: str = ""

    @property
    def stages(self) -> list[RunConfig]:
        """Its settings one after the other: more than one if they were changed in its course."""
        return stages(self.config, self.history.first_update)
