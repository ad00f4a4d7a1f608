"""Detects time that must not count: the host slept, the process was suspended, or the wall clock was changed."""

from __future__ import annotations

import time

STEADY_SECONDS = 3600.0  # after a jump, ages by the wall clock are used again once it has not jumped for this long
JUMP_SECONDS = 60.0  # larger than any correction by NTP
SLEEP_SECONDS = 2.0  # a wait that ends later than this was not delayed by a busy machine


class WallClock:
    """The wall clock, where it is reliable enough for decisions that cannot be undone, such as deleting. Not thread-safe."""

    def __init__(self) -> None:
        self._wall, self._monotonic = time.time(), time.monotonic()
        self._jumped: float | None = None  # monotonic time of the last jump

    def now(self) -> float | None:
        """The time in seconds since the epoch; None for an hour after the clock has jumped, in either direction, since the call before.
        Decide by this value alone: the clock may be set at any moment after it was read."""
        wall, monotonic = time.time(), time.monotonic()
        if abs((wall - self._wall) - (monotonic - self._monotonic)) > JUMP_SECONDS:
            self._jumped = monotonic
        self._wall, self._monotonic = wall, monotonic
        return wall if self._jumped is None or monotonic - self._jumped >= STEADY_SECONDS else None


def slept(due: float, now: float) -> float:
    """Seconds for which this process was suspended, if it is `now` that it does what was `due` at an earlier time (both monotonic); 0 if the
    machine was merely busy."""
    late = now - due
    return late if late > SLEEP_SECONDS else 0.0
