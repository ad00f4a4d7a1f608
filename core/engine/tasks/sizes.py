"""The sizes of a task, computed from its settings alone before it is built."""

from __future__ import annotations

from dataclasses import dataclass

from core.engine.tasks.arithmetic import CHARACTERS, EVAL_PROMPTS, HELD_OUT_FRACTION, POOL_LIMIT
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig, TaskConfig


@dataclass(frozen=True)
class TaskSizes:
    """`states` and `features` are those of a Markov task; `prompt_tokens` is that of a task whose prompts are text. 0 = does not apply."""

    pool: int  # N, prompts trained on and held out
    evaluated: int  # E, prompts of one evaluation
    vocabulary: int  # V
    tokens: int  # T, longest completion
    states: int = 0  # S
    prompt_features: int = 0
    state_features: int = 0
    prompt_tokens: int = 0
    fields: tuple[str, ...] = ()  # the settings that V, T and S come from

    @property
    def nbytes(self) -> int:
        """The task's own tables once it is built; 8-byte numbers where it holds whole ones."""
        if self.prompt_tokens:
            return 8 * self.pool * (3 + self.prompt_tokens + self.tokens)
        features = self.pool * self.prompt_features + self.states * self.state_features
        return 4 * (features + 3 * self.pool * self.vocabulary) + 8 * (2 * self.pool + self.states * self.state_features)


def task_sizes(config: TaskConfig) -> TaskSizes:
    """The sizes of the task of `config`. TypeError for a task that has none here."""
    return SIZES[type(config)](config)


def _bandit(config: BanditConfig) -> TaskSizes:
    return TaskSizes(
        config.contexts, config.contexts, config.actions, 1, states=1, prompt_features=config.context_dim,
        fields=("task.actions",))  # fmt: skip


def _chain(config: ChainConfig) -> TaskSizes:
    return TaskSizes(
        2 * config.pool_size, config.pool_size, config.step_tokens + 1, config.length_limit,
        states=(config.max_difficulty + 1) * config.length_limit,
        prompt_features=config.max_difficulty + config.step_tokens + config.prompt_noise,
        state_features=config.max_difficulty + 1 + config.length_limit,
        fields=("task.step_tokens", "task.max_difficulty", "task.length_limit"))  # fmt: skip


def _arithmetic(config: ArithmeticConfig) -> TaskSizes:
    operands = 10 if config.digits == 1 else 9 * 10 ** (config.digits - 1)
    pool = min(operands**2, POOL_LIMIT)
    return TaskSizes(
        pool, min(EVAL_PROMPTS, round(HELD_OUT_FRACTION * pool)), len(CHARACTERS), config.digits + 2 + config.extra_tokens,
        prompt_tokens=2 * config.digits + 2, fields=("task.digits", "task.extra_tokens"))  # fmt: skip


SIZES = {BanditConfig: _bandit, ChainConfig: _chain, ArithmeticConfig: _arithmetic}
