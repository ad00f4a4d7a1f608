"""The policies, and which one a task gets."""

from __future__ import annotations

from collections.abc import Callable

from core.engine.policies.base import Policy, Scores, never
from core.engine.policies.base_model import base_parameters
from core.engine.policies.gpt import GPTPolicy
from core.engine.policies.mlp import MLPPolicy
from core.engine.policies.params import Parameters
from core.engine.tasks import Task
from core.engine.tasks.base import MarkovTask

NEAR_BASE = 0.1  # scale of the last layer's initial weights where a base policy is given: close to it, not degenerate


def make_policy(
    task: Task, on_progress: Callable[[int, int], None] | None = None, should_stop: Callable[[], bool] = never
) -> Policy:
    """The policy for `task`. A base model that has to be built first reports through `on_progress(done, total)`. Stopped, here and from
    what the policy does later, if `should_stop()` is true."""
    policy = _policy(task, on_progress, should_stop)
    policy.should_stop = should_stop
    return policy


def _policy(task: Task, on_progress: Callable[[int, int], None] | None, should_stop: Callable[[], bool]) -> Policy:
    config = task.config
    if isinstance(task, MarkovTask):
        has_base = bool((task.base_logits != 0).any())
        return MLPPolicy(
            task,
            width=config.width,
            hidden_layers=config.hidden_layers,
            output_scale=NEAR_BASE if has_base else 1.0,
            activation=config.activation,
        )
    base = base_parameters(task, on_progress, should_stop)
    return GPTPolicy(task, width=config.width, layers=config.layers, heads=config.heads, base=base)


__all__ = ["Parameters", "Policy", "Scores", "make_policy", "never"]
