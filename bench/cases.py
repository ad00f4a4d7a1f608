"""What is measured: three tasks, two algorithms, and how one run is timed."""

from __future__ import annotations

import time
from collections.abc import Iterator

from core.engine.trainer import train
from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.run import RunConfig
from core.settings.task import ArithmeticConfig, BanditConfig, ChainConfig, TaskConfig

ALGORITHMS: dict[str, AlgorithmConfig] = {"GRPO": GRPO, "DAPO": DAPO}
TASKS: dict[str, TaskConfig] = {"bandit": BanditConfig(), "chain": ChainConfig(), "arithmetic": ArithmeticConfig()}
SETTINGS = {
    "bandit": {"num_prompts": 16, "group_size": 16, "updates_per_rollout": 16},
    "chain": {"num_prompts": 16, "group_size": 16, "updates_per_rollout": 16},
    "arithmetic": {"num_prompts": 16, "group_size": 8, "updates_per_rollout": 8, "learning_rate": 2e-3},
}
CASES = [(task, algorithm) for task in TASKS for algorithm in ALGORITHMS]
PERIOD = 5  # rollouts between evaluations: whole periods are timed, so that each holds exactly one evaluation


def run_config(task: str, algorithm: str, *, replicas: int, rollouts: int, first_seed: int = 0) -> RunConfig:
    """The shipped size of a task, for a number of rollouts."""
    settings = SETTINGS[task]
    return RunConfig(
        task=TASKS[task],
        algorithm=ALGORITHMS[algorithm],
        updates=rollouts * settings["updates_per_rollout"],
        eval_every=PERIOD,
        replicas=replicas,
        first_seed=first_seed,
        **settings,
    )


def periods(config: RunConfig) -> Iterator[tuple[float, int, int]]:
    """Seconds, completions (all replicas) and updates of each period of PERIOD rollouts; the first rollout warms up."""
    per_rollout = config.updates_per_rollout
    started = samples = 0
    for record in train(config):
        if record.update % per_rollout:
            continue
        if record.rollout > 1 and (record.rollout - 1) % PERIOD == 0:
            now, made = time.perf_counter(), int(record.samples_generated.sum())
            yield now - started, made - samples, PERIOD * per_rollout
            started, samples = time.perf_counter(), made
        elif record.rollout == 1:
            started, samples = time.perf_counter(), int(record.samples_generated.sum())


def seconds_of(config: RunConfig) -> float:
    """Wall time of a whole run, set-up and evaluations included."""
    started = time.perf_counter()
    for _ in train(config):
        pass
    return time.perf_counter() - started
