"""Inspected steps: replayed on request in a slot of the run manager; the last few are kept."""

from __future__ import annotations

from collections.abc import Callable

from core.engine.trainer import OnPrepare
from core.inspection.step import Step, inspect_step
from core.runs.manager import RunManager
from core.runs.threads import limit_torch_threads
from core.settings.run import RunConfig
from pages.shared.common.cache import Cache

MAX_STEPS = 24
MAX_BYTES = 32_000_000  # of all steps together; one of the default comparison's takes 0.1 MB, its texts included


class Replays:
    """Thread-safe. A callback may raise to abandon the wait or the replay; then only the checkpoints that the replay has passed are
    kept."""

    def __init__(self, manager: RunManager, inspect: Callable[..., Step] = inspect_step):
        self._manager, self._inspect = manager, inspect
        least = MAX_BYTES // MAX_STEPS  # so that one bound holds for bytes and number
        self._steps: Cache[tuple, Step] = Cache(MAX_BYTES, size=lambda step: max(step.nbytes, least))

    def step(
        self,
        config: RunConfig,
        seed: int,
        update: int,
        *,
        owner: str,
        on_prepare: OnPrepare,
        on_wait: Callable[[], None] = lambda: None,
    ) -> Step:
        """The step, from memory or trained again for `owner`. `on_wait()` is called again and again until a slot is free for it. What
        `RunManager.replay_slot` and `inspect_step` raise is raised."""
        key = (config, seed, update)
        if (found := self._steps.get(key)) is not None:
            return found
        with self._manager.replay_slot(owner, on_wait) as check:
            if (found := self._steps.get(key)) is not None:  # another visitor's replay was of the same step
                return found

            def checked(stage: str, done: int, total: int) -> None:
                check()
                on_prepare(stage, done, total)

            # In this thread: a run's sums are the same to the last bit only in the order of a single thread.
            limit_torch_threads()
            found = self._inspect(config, seed, update, checkpoints=self._manager.checkpoints, on_prepare=checked)
            self._steps.put(key, found)
            return found

    @property
    def nbytes(self) -> int:
        """Of all kept steps, a small one counted as MAX_BYTES // MAX_STEPS."""
        return self._steps.size
