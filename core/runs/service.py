"""Threads that serve the whole program and must outlive any error: the history's writer, the reaper, the threads that train."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

RETRY_SECONDS = 0.5  # after an error, so that one that returns at once does not fill a processor
LOG = logging.getLogger("core.runs")


class ServiceThread(threading.Thread):
    """Calls `work` again and again until it returns False. Whatever it raises is logged with its traceback, stands in `problem` until a
    call succeeds, and does not end the thread."""

    def __init__(self, name: str, work: Callable[[], bool]):
        super().__init__(name=name, daemon=True)  # a program that wants to end is not held up; owners offer an orderly end
        self._work_once = work
        self.problem = ""  # in a line for people; '' = all is well

    def run(self) -> None:
        while self._round():
            pass

    def _round(self) -> bool:
        """One call. True if there is to be another."""
        try:
            goes_on = self._work_once()
        except BaseException as error:
            LOG.exception("the %s met an error that it does not know, and goes on", self.name)
            self.problem = f"the {self.name} met an error and tries again ({str(error) or type(error).__name__})"
            threading.Event().wait(RETRY_SECONDS)
            return True
        self.problem = ""
        return goes_on
