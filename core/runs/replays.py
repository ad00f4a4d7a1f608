"""Replays that wait for a slot: one runs at a time, owners take turns, and each owner has a bounded number of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.runs.admission import ManagerFull
from core.runs.queueing import FairQueue

REPLAYS_PER_OWNER = 4  # replays that wait or run


class Replay:
    """A replay that waits for a slot or has one."""

    def __init__(self, owner: str):
        self.owner = owner
        self.granted = self.over = False
        self.borrowed = False  # the slot is borrowed from a run, which waits until it is returned


def bound_on_replay(seconds: float | None) -> Callable[[], None]:
    """To be called between updates: TimeoutError when the replay, which begins now, has taken longer than `seconds`; None = no bound."""
    began = time.monotonic()

    def check() -> None:
        if seconds is not None and time.monotonic() - began > seconds:
            raise TimeoutError(
                f"this shared server lets a replay train for {seconds} seconds; look at an earlier update, or run it on your own machine"
            )

    return check


class WaitingReplays:
    """Not thread-safe: the scheduler holds its lock. Slots are the scheduler's; this is the order."""

    def __init__(self) -> None:
        self._waiting: FairQueue[Replay] = FairQueue()
        self._running: Replay | None = None

    def add(self, owner: str) -> Replay:
        """A new one, which waits. ManagerFull if the owner has REPLAYS_PER_OWNER already."""
        if self.count(owner) >= REPLAYS_PER_OWNER:
            raise ManagerFull(f"{REPLAYS_PER_OWNER} replays of one person are not over yet; wait for one, or leave it")
        replay = Replay(owner)
        self._waiting.add(owner, replay, [replay])
        return replay

    def count(self, owner: str) -> int:
        """How many of an owner wait or run."""
        going = self._running is not None and self._running.owner == owner
        return going + sum(replay.owner == owner for replay in self._waiting)

    def grant(self, *, borrowed: bool) -> Replay | None:
        """The replay that begins now; None if none waits or one runs already."""
        if self._running is not None or not len(self._waiting):
            return None
        self._running = self._waiting.pop()
        self._running.granted, self._running.borrowed = True, borrowed
        return self._running

    def end(self, replay: Replay) -> bool:
        """Take it out, wherever it is. Whether it had begun."""
        replay.over = True
        if self._running is not replay:
            self._waiting.remove(replay)
            return False
        self._running = None
        return True
