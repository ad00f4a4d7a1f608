"""Threads that serve the whole program and continue after any error: the history's writer, the reaper, the threads that train."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

RETRY_SECONDS = 0.5  # wait after an error, so that one that recurs immediately does not occupy a processor
LOG = logging.getLogger("core.runs")


class ServiceThread(threading.Thread):
    """Calls `work` again and again until it returns False. Any exception is logged with its traceback, is described by `problem` until a
    call succeeds, and does not end the thread."""

    def __init__(self, name: str, work: Callable[[], bool]):
        super().__init__(
            name=name, daemon=True
        )  # the thread does not keep the program from exiting; its owner offers an orderly end
        self._work_once = work
        self.problem = ""  # one line for the page; '' = no problem

    def run(self) -> None:
        while self._round():
            pass

    def _round(self) -> bool:
        """Call `work` once. True if it is to be called again."""
        try:
            goes_on = self._work_once()
        except BaseException as error:
            LOG.exception("the %s met an unexpected error and continues", self.name)
            self.problem = f"the {self.name} met an error and tries again ({str(error) or type(error).__name__})"
            threading.Event().wait(RETRY_SECONDS)
            return True
        self.problem = ""
        return goes_on
