"""Waiting for a thread's next calls of a function."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.processes import PATIENCE


class Counted:
    """`function`, whose calls are counted when they end."""

    def __init__(self, function: Callable):
        self._function, self._ended = function, threading.Semaphore(0)

    def __call__(self, *arguments):
        result = self._function(*arguments)
        self._ended.release()
        return result

    def wait_for(self, calls: int) -> None:
        """Until so many more have ended. The first may have begun before."""
        while self._ended.acquire(blocking=False):
            pass
        assert all(self._ended.acquire(timeout=PATIENCE) for _ in range(calls))
