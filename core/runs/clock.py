"""Clocks that cannot be trusted: a host that sleeps, a program that is frozen, a wall clock that is set."""

from __future__ import annotations

import time

STEADY_SECONDS = 3600.0  # after a jump, ages by the wall clock are believed again when it has not jumped for so long
JUMP_SECONDS = 60.0  # further apart than corrections by NTP bring the clocks
SLEEP_SECONDS = 2.0  # later than asked for: not a busy machine any more


class WallClock:
    """Whether ages by the wall clock can be believed, for decisions that cannot be taken back. Not thread-safe."""

    def __init__(self) -> None:
        self._wall, self._monotonic = time.time(), time.monotonic()
        self._jumped: float | None = None  # monotonic time of the last jump

    def steady(self) -> bool:
        """False for an hour after the wall clock has jumped, in either direction, since the call before."""
        wall, monotonic = time.time(), time.monotonic()
        if abs((wall - self._wall) - (monotonic - self._monotonic)) > JUMP_SECONDS:
            self._jumped = monotonic
        self._wall, self._monotonic = wall, monotonic
        return self._jumped is None or monotonic - self._jumped >= STEADY_SECONDS


def slept(asked: float, took: float) -> float:
    """For how long this process was not running, when a wait of `asked` seconds `took` so long; 0 if it merely was busy."""
    late = took - asked
    return late if late > SLEEP_SECONDS else 0.0
