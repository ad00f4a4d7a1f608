"""The time of a run by stage. The timers wrap the trainer's parts from outside; `core` has no code for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch

import core.engine.update
from core.engine.trainer import Trainer
from core.settings.run import RunConfig

STAGES = ("generate", "grade and sampling", "forward and loss", "backward", "optimiser", "evaluation", "other")


class StageTimer:
    """Seconds per stage. A stage inside another one is taken out of the outer one, except inside an evaluation, which keeps it all."""

    def __init__(self):
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._inner: list[float] = []  # per open stage, the seconds that belong to stages inside it
        self._evaluating = False

    def around(self, stage: str, function: Callable) -> Callable:
        def timed(*args, **kwargs):
            if self._evaluating:
                return function(*args, **kwargs)
            self._evaluating = stage == "evaluation"
            self._inner.append(0.0)
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                elapsed = time.perf_counter() - started
                self.seconds[stage] += elapsed - self._inner.pop()
                if self._inner:
                    self._inner[-1] += elapsed
                if stage == "evaluation":
                    self._evaluating = False

        return timed


@contextmanager
def timers_on(trainer: Trainer, timer: StageTimer) -> Iterator[None]:
    """Put the timers around one trainer's parts; they are taken off at the end."""
    with (
        patch.object(trainer.policy, "generate", timer.around("generate", trainer.policy.generate)),
        patch.object(trainer.collector, "collect", timer.around("grade and sampling", trainer.collector.collect)),
        patch.object(trainer.updater, "loss", timer.around("forward and loss", trainer.updater.loss)),
        patch.object(torch.autograd, "grad", timer.around("backward", torch.autograd.grad)),
        patch.object(
            core.engine.update, "clip_by_global_norm", timer.around("optimiser", core.engine.update.clip_by_global_norm)
        ),
        patch.object(trainer.updater.optimiser, "step", timer.around("optimiser", trainer.updater.optimiser.step)),
        patch.object(trainer, "score", timer.around("evaluation", trainer.score)),
        patch.object(trainer, "survey", timer.around("evaluation", trainer.survey)),
    ):
        yield


def stage_shares(config: RunConfig) -> dict[str, float]:
    """Share of the wall time of each stage, adding up to 1, after one rollout of warm-up."""
    trainer, timer = Trainer(config), StageTimer()
    list(trainer.rollout())
    started = time.perf_counter()
    with timers_on(trainer, timer):
        while trainer.update < config.updates:
            list(trainer.rollout())
    total = time.perf_counter() - started
    timer.seconds["other"] = total - sum(timer.seconds.values())
    return {stage: seconds / total for stage, seconds in timer.seconds.items()}
