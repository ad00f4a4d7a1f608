"""States of runs at the ends of rollouts, from which forks and replays start instead of training from the beginning.

They are kept for speed alone. Training is deterministic to the bit, so a state that was dropped is recreated by training up to it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from core.settings.run import RunConfig

PER_RUN = 8  # states at equal distances, and the latest one
MAX_BYTES = 48_000_000  # of all states together; a run of `addition` takes 22.5 MB, one of the default comparison 4 MB


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


class Checkpoints:
    """Bounded, thread-safe: at most PER_RUN + 1 states of a run, and `max_bytes` over all runs; the least recently used are dropped
    first."""

    def __init__(self, max_bytes: int = MAX_BYTES):
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._runs: OrderedDict[RunConfig, dict[int, TrainerState]] = OrderedDict()  # update -> state; least recently used first

    @property
    def nbytes(self) -> int:
        with self._lock:
            return self._held()

    def offer(self, config: RunConfig, update: int, make: Callable[[], TrainerState]) -> None:
        """Keep the state after `update`, and drop earlier ones so that those kept are spread about evenly over the run."""
        state = make()
        every = spacing(config)
        with self._lock:
            kept = self._runs.setdefault(config, {})
            self._runs.move_to_end(config)
            for earlier in list(kept):
                if (earlier - config.start) % every and earlier != update:  # it was kept only because it was the latest
                    del kept[earlier]
            kept[update] = state
            while self._held() > self._max_bytes and len(self._runs) > 1:
                self._runs.popitem(last=False)
            if self._held() > self._max_bytes:
                kept.clear()

    def nearest(self, config: RunConfig, update: int) -> TrainerState | None:
        """The latest state of the run at or before `update`, if one is kept."""
        with self._lock:
            kept = self._runs.get(config)
            found = max((u for u in kept if u <= update), default=None) if kept else None
            if found is None:
                return None
            self._runs.move_to_end(config)
            return kept[found]

    def _held(self) -> int:
        return sum(state.nbytes for kept in self._runs.values() for state in kept.values())


def spacing(config: RunConfig) -> int:
    """Updates between two states that are kept for good: whole rollouts, and at most PER_RUN states per run."""
    each = config.effective_updates_per_rollout
    return each * max(1, -(-config.rollouts // PER_RUN))
