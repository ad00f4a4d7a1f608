"""Steps that were looked at: trained again when asked for, one at a time in this process, the last few kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from core.engine.checkpoints import Checkpoints
from core.engine.trainer import OnPrepare
from core.inspection.step import Step, inspect_step
from core.runs.scheduler import limit_torch_threads
from core.settings.run import RunConfig

MAX_STEPS = 24
MAX_BYTES = 32_000_000  # of all steps together; one of the default comparison's takes 0.1 MB, its texts included
WAIT_SECONDS = 0.25  # between two looks whether it is our turn


class Replays:
    """Thread-safe. Whoever waits, or watches a replay, may leave by an exception out of the callback; then nothing is kept but the
    checkpoints that the replay has passed."""

    def __init__(self, checkpoints: Checkpoints, inspect: Callable[..., Step] = inspect_step):
        self._checkpoints, self._inspect = checkpoints, inspect
        self._lock, self._busy = threading.Lock(), threading.Lock()
        self._steps: OrderedDict[tuple, Step] = OrderedDict()  # used longest ago first

    def step(
        self, config: RunConfig, seed: int, update: int, *, on_prepare: OnPrepare, on_wait: Callable[[], None] = lambda: None
    ) -> Step:
        """The step, from memory or trained again. `on_wait()` is called again and again while somebody else's replay goes on. What
        `inspect_step` raises is raised."""
        key = (config, seed, update)
        while (found := self._known(key)) is None:
            if self._busy.acquire(timeout=WAIT_SECONDS):
                try:
                    # In this thread: a run's sums are the same to the last bit only in the order of a single thread.
                    limit_torch_threads()
                    found = self._inspect(config, seed, update, checkpoints=self._checkpoints, on_prepare=on_prepare)
                    self._keep(key, found)
                finally:
                    self._busy.release()
                return found
            on_wait()
        return found

    def _known(self, key: tuple) -> Step | None:
        with self._lock:
            if key in self._steps:
                self._steps.move_to_end(key)
            return self._steps.get(key)

    def _keep(self, key: tuple, step: Step) -> None:
        with self._lock:
            self._steps[key] = step
            while len(self._steps) > 1 and (len(self._steps) > MAX_STEPS or self._held() > MAX_BYTES):
                self._steps.popitem(last=False)

    def _held(self) -> int:
        return sum(step.nbytes for step in self._steps.values())

    @property
    def nbytes(self) -> int:
        with self._lock:
            return self._held()
