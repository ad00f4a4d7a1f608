"""States of runs at the ends of rollouts, from which forks and replays start instead of training from the beginning.

They are kept for speed alone, the newest in memory and the others in a temporary file. Training is deterministic to the bit, so a state
that was dropped is recreated by training up to it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields

from torch import Tensor

from core.engine.state_file import StateFile
from core.settings.run import RunConfig

PER_RUN = 8  # states at equal distances, and the latest one
MAX_BYTES = 150_000_000  # of all states together; a run of `addition` takes 22.5 MB, one of the default comparison 4 MB
MEMORY_BYTES = 8_000_000  # of those in memory; the others are on disk


@dataclass(frozen=True)
class TrainerState:
    """Everything that the rest of a run depends on, after `update`, which ended a rollout. The tensors are copies; do not change them."""

    update: int
    rollouts: int
    samples: Tensor  # (R,)
    idle: bool  # whether a seed that had spent its samples was left out of a rollout
    flat: Tensor  # (R, P) parameters
    mean: Tensor  # (R, P) Adam's first moment
    square: Tensor  # (R, P) Adam's second moment
    steps: int  # of the optimiser
    generators: tuple[Tensor, ...]  # state of each replica's random generator

    @property
    def nbytes(self) -> int:
        return sum(t.nbytes for t in (self.samples, self.flat, self.mean, self.square, *self.generators))


@dataclass(eq=False)
class _Kept:
    """A state in memory or on disk."""

    nbytes: int
    state: TrainerState | None
    key: int | None = None  # to the file


class Checkpoints:
    """Bounded, thread-safe: at most PER_RUN + 1 states of a run, and `max_bytes` over all runs, of which `memory_bytes` in memory; the
    least recently used are dropped first."""

    def __init__(self, max_bytes: int = MAX_BYTES, memory_bytes: int = MEMORY_BYTES):
        self._max_bytes, self._memory_bytes = max_bytes, memory_bytes
        self._lock = threading.Lock()
        self._runs: OrderedDict[RunConfig, dict[int, _Kept]] = OrderedDict()  # update -> state; least recently used first
        self._in_memory: dict[_Kept, None] = {}  # oldest first
        self._file = StateFile()

    @property
    def nbytes(self) -> int:
        """Of all states, in memory or on disk."""
        with self._lock:
            return self._held()

    @property
    def memory_nbytes(self) -> int:
        """Of the states in memory."""
        with self._lock:
            return self._held_in_memory()

    def offer(self, config: RunConfig, update: int, make: Callable[[], TrainerState]) -> None:
        """Keep the state after `update`, and drop earlier ones so that those kept are spread about evenly over the run."""
        state = make()
        every = spacing(config)
        with self._lock:
            kept = self._runs.setdefault(config, {})
            self._runs.move_to_end(config)
            for earlier in list(kept):
                if (
                    earlier == update or (earlier - config.start) % every
                ):  # the latter were kept only because they were the latest
                    self._drop(kept.pop(earlier))
            kept[update] = new = _Kept(state.nbytes, state)
            self._in_memory[new] = None
            while self._held() > self._max_bytes and len(self._runs) > 1:
                self._drop(*self._runs.popitem(last=False)[1].values())
            if self._held() > self._max_bytes:
                self._drop(*kept.values())
                kept.clear()
            while self._held_in_memory() > self._memory_bytes:
                self._move_to_disk(next(iter(self._in_memory)))

    def nearest(self, config: RunConfig, update: int) -> TrainerState | None:
        """The latest state of the run at or before `update`, if one is kept."""
        with self._lock:
            kept = self._runs.get(config, {})
            for found in sorted((u for u in kept if u <= update), reverse=True):
                self._runs.move_to_end(config)
                state = self._read(kept[found])
                if state is not None:
                    return state
                del kept[found]  # the file has lost it
            return None

    def _held(self) -> int:
        return sum(one.nbytes for kept in self._runs.values() for one in kept.values())

    def _held_in_memory(self) -> int:
        return sum(one.nbytes for one in self._in_memory)

    def _drop(self, *dropped: _Kept) -> None:
        for one in dropped:
            self._in_memory.pop(one, None)
            if one.key is not None:
                self._file.drop(one.key)

    def _move_to_disk(self, one: _Kept) -> None:
        del self._in_memory[one]
        one.key = self._file.put([getattr(one.state, field.name) for field in fields(TrainerState)])
        one.state = None

    def _read(self, one: _Kept) -> TrainerState | None:
        if one.state is not None:
            return one.state
        values = None if one.key is None else self._file.get(one.key)
        return None if values is None else TrainerState(*values)


def spacing(config: RunConfig) -> int:
    """Updates between two states that are kept for good: whole rollouts, and at most PER_RUN states per run."""
    each = config.effective_updates_per_rollout
    return each * max(1, -(-config.rollouts // PER_RUN))
