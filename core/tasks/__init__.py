"""The tasks by name, and how a task is made from its configuration."""

from __future__ import annotations

from functools import lru_cache

from core.config import TaskConfig
from core.tasks.arithmetic import Arithmetic, ArithmeticConfig
from core.tasks.bandit import Bandit, BanditConfig
from core.tasks.base import Grade, MarkovTask, Task
from core.tasks.chain import Chain, ChainConfig

TASKS: dict[str, tuple[type[TaskConfig], type[Task]]] = {
    "bandit": (BanditConfig, Bandit),
    "chain": (ChainConfig, Chain),
    "arithmetic": (ArithmeticConfig, Arithmetic),
}


@lru_cache(maxsize=32)
def make_task(config: TaskConfig) -> Task:
    """The task of `config`. Tasks are immutable, so equal configurations share one."""
    return TASKS[task_name(config)][1](config)


def task_name(config: TaskConfig) -> str:
    """'bandit', 'chain' or 'arithmetic'."""
    return next(name for name, (kind, _) in TASKS.items() if type(config) is kind)


__all__ = ["TASKS", "ArithmeticConfig", "BanditConfig", "ChainConfig", "Grade", "MarkovTask", "Task", "make_task", "task_name"]
