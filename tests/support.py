"""Hand-made completions, small configurations, what they train to, and a small disk, shared by the tests."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import numpy as np
import pytest
import torch

from core.engine.tasks import Task
from core.engine.trainer import train
from core.engine.types import Completions, StepRecord
from core.runs.store import schema, writer
from core.settings.algorithm import DAPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig, TaskConfig

# Small enough for milliseconds; sizes differ: V 5, T 6, R 3, B 4, G 5 in `small_run`.
CHAIN = ChainConfig(pool_size=10, step_tokens=4, max_difficulty=2, length_limit=6, prompt_noise=3, width=8)
BANDIT = BanditConfig(width=8, activation="tanh")
ARITHMETIC = ArithmeticConfig(digits=1, width=16, layers=1, heads=2, imitation_steps=60)

# A whole run of it takes milliseconds.
TINY_RUN = RunConfig(
    task=ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4),
    algorithm=DAPO, replicas=2, updates=12, num_prompts=4, group_size=4, updates_per_rollout=4,
)  # fmt: skip


def small_run(task: TaskConfig, algorithm: AlgorithmConfig, **changes) -> RunConfig:
    """Two minibatches per rollout, three replicas."""
    settings = {"updates": 6, "num_prompts": 4, "group_size": 5, "updates_per_rollout": 2, "replicas": 3, "eval_every": 2}
    return RunConfig(task=task, algorithm=algorithm, **(settings | changes))


@cache
def trained(config: RunConfig) -> list[StepRecord]:
    return list(train(config))


def trained_once(config: RunConfig, **options) -> Iterator[StepRecord]:
    """What `train(config)` gives, for a page that shows runs which go to their end: several tests show the same ones, which are trained once.
    It can neither be stopped nor changed."""
    yield from trained(config)


def completions_of(task: Task, rows: list[list[list[int]]]) -> Completions:
    """One replica's completions from their real tokens, rows[b][g]; what lies behind the end is filled with token 0, which means
    nothing there. A row without the end token is truncated."""
    shape = (1, len(rows), len(rows[0]))
    tokens = torch.zeros(*shape, task.max_tokens, dtype=torch.long)
    mask = torch.zeros(*shape, task.max_tokens, dtype=torch.bool)
    ended = torch.ones(shape, dtype=torch.bool)
    for b, group in enumerate(rows):
        for g, row in enumerate(group):
            tokens[0, b, g, : len(row)] = torch.tensor(row)
            mask[0, b, g, : len(row)] = True
            ended[0, b, g] = task.end_token is None or row[-1] == task.end_token
    zeros = torch.zeros(tokens.shape)
    return Completions(tokens, mask, zeros, zeros, ended)


def assert_close(found: torch.Tensor, expected: torch.Tensor, *, rtol: float, atol: float) -> None:
    """What `torch.testing.assert_close` asserts, which would import SymPy for it, 0.4 s: the same shape and type, and |found - expected| at
    most atol + rtol |expected|."""
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=rtol, atol=atol, equal_nan=False)


def means_by_loop(chances: torch.Tensor, mask: torch.Tensor) -> tuple[list[list[float]], list[list[float]]]:
    """What `Policy.survey` must find: probabilities (R, B, G, T, V) at the tokens under `mask` (R, B, G, T), mean by token and by
    rank, one context after the other."""
    by_token, by_rank = [], []
    for rows, real in zip(chances.double().flatten(1, 3), mask.flatten(1), strict=True):
        contexts = [row.tolist() for row, keep in zip(rows, real.tolist(), strict=True) if keep]
        ranked = [sorted(row, reverse=True) for row in contexts]
        for out, table in ((by_token, contexts), (by_rank, ranked)):
            out.append([sum(column) / len(contexts) for column in zip(*table, strict=True)])
    return by_token, by_rank


def small_disk(monkeypatch, pages: int) -> list[int]:
    """From now on histories are written to a disk of so many pages. Empty the list that is returned, and there is room."""
    room, real = [pages], schema.connect

    def connect(path, **options):
        connection = real(path, **options)
        if room:
            connection.execute(f"PRAGMA max_page_count = {room[0]}")
        return connection

    monkeypatch.setattr(writer, "connect", connect)
    return room


def mostly_thorough(values: Iterable, quick: Callable[[object], bool]) -> list:
    """For parametrize: only those that are `quick` are tried where time is short."""
    return [value if quick(value) else pytest.param(value, marks=pytest.mark.thorough) for value in values]
