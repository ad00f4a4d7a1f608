"""The protocol of an executor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a worker of `processes` imports torch in its own way
    from core.sweep.plan import Shard


@dataclass(frozen=True)
class ShardOutcome:
    """How a shard ended: its units' numbers as bytes, or an error. `lost`: its worker or node went away, so that it is worth another try."""

    shard: Shard
    numbers: list[bytes] | None = None
    seconds: float = 0.0  # of the processor
    error: str = ""
    lost: bool = False


class ExecutorLost(RuntimeError):
    """No shard can be trained any more. The message says why, and the remedy."""


class Executor(Protocol):
    """Used by one thread. `with` closes it."""

    @property
    def name(self) -> str:
        """For people: '2 processes on this machine'."""

    @property
    def workers(self) -> int:
        """How many shards train at a time at present."""

    def submit(self, shard: Shard) -> None:
        """Train it as soon as a worker is free."""

    def collect(self, timeout: float) -> list[ShardOutcome]:
        """The shards that have ended since the last call; waits up to `timeout` seconds for the first. Every submitted shard comes back
        exactly once. ExecutorLost if none can come back any more."""

    def close(self) -> None:
        """Give up what is being trained and end the workers. Idempotent."""

    def __enter__(self) -> Executor: ...

    def __exit__(self, *error: object) -> None: ...
