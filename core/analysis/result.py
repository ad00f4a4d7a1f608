"""What came of one run: its settings, everything it measured, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from core.analysis.history import History
from core.settings.run import RunConfig


@dataclass
class RunResult:
    """One algorithm's run. `status` is done, stopped or failed; the history holds everything before the end."""

    config: RunConfig
    history: History
    status: str = "done"
    error: str = ""
    traceback: str = ""
