"""The tasks by name, and how a task is made from its configuration."""

from __future__ import annotations

from functools import lru_cache

from core.engine.tasks.arithmetic import Arithmetic
from core.engine.tasks.bandit import Bandit
from core.engine.tasks.base import Grade, MarkovTask, Task
from core.engine.tasks.chain import Chain
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig, TaskConfig

TASKS: dict[str, tuple[type[TaskConfig], type[Task]]] = {
    "bandit": (BanditConfig, Bandit),
    "chain": (ChainConfig, Chain),
    "arithmetic": (ArithmeticConfig, Arithmetic),
}


@lru_cache(maxsize=32)
def make_task(config: TaskConfig) -> Task:
    """The task of `config`. Tasks are immutable, so equal configurations share one."""
    return TASKS[config.name][1](config)


__all__ = ["TASKS", "Grade", "MarkovTask", "Task", "make_task"]
