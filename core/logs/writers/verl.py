"""For verl: every step as a JSON line, beside its other loggers.

from core.logs.writers import add_to_verl
add_to_verl("run.jsonl")  # before the trainer is made, in the process that runs it
"""

from __future__ import annotations

from pathlib import Path

from core.logs.writers.json_lines import JsonLinesWriter

KEY = "dapo_lab"


def add_to_verl(path: str | Path, tracking: type | None = None) -> None:
    """From here on every `verl.utils.tracking.Tracking` (or `tracking`) also logs to `path`. ImportError without verl.

    verl keeps its loggers in the dictionary `Tracking.logger` and calls `log(data=…, step=…)` of each.
    """
    if tracking is None:
        from verl.utils.tracking import Tracking as tracking
    begin = tracking.__init__
    if getattr(begin, "writes_json_lines", False):
        begin = begin.without
    writer = _VerlLogger(path)

    def begin_with_writer(self, *args, **kwargs) -> None:
        begin(self, *args, **kwargs)
        self.logger[KEY] = writer

    begin_with_writer.writes_json_lines, begin_with_writer.without = True, begin
    tracking.__init__ = begin_with_writer


class _VerlLogger:
    """What verl calls."""

    def __init__(self, path: str | Path):
        self._writer = JsonLinesWriter(path)

    def log(self, data, step, **kwargs) -> None:
        self._writer.log(data, step)

    def finish(self) -> None:
        """Every row is on the disk already."""
