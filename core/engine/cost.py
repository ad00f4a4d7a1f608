"""Estimates the memory and work of a run from its settings alone, so that too large a run can be refused before anything is built.

`estimate` gives the memory and the work of runs, `check` refuses those that exceed the limits. The memory was compared with measured peaks
of random settings (tests/core/engine/test_cost.py): above 50 MB it is within a factor of 2.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from core.engine.checkpoints import MEMORY_BYTES as CHECKPOINT_BYTES
from core.engine.checkpoints import PER_RUN
from core.engine.parts import BOOL, FLOAT, INT, Part, PolicyCost
from core.engine.policies.gpt_cost import gpt_cost
from core.engine.policies.mlp_cost import mlp_cost
from core.engine.tasks.sizes import TaskSizes, task_sizes
from core.settings.fields import ConfigError
from core.settings.limits import NONE, Limits
from core.settings.run import Fork, RunConfig

MEGABYTE, BILLION = 1_000_000, 1_000_000_000
KEPT = INT + 2 * FLOAT + BOOL  # bytes of a token in a batch: itself, log-probability, entropy, mask
GENERATED = (
    6 * INT + 6 * FLOAT + 2 * BOOL
)  # while it is made: states, indices and sums over positions, numbers drawn, and copies of them
UPDATED = 5 * INT + 15 * FLOAT + 4 * BOOL  # in the loss and its gradient
# Numbers per parameter at the end of a rollout: itself, two moments, a step, three of a state that is kept, one of it being written. An update
# has as many: itself, two moments, a step, its gradient, the clipped one, and the sums over the layers' views.
OPTIMISED = 8
METRICS = 19  # (R,) float64 arrays that a record of the history may hold, the samples among them
RECORD = 200  # bytes of a record besides its numbers
ALLOCATOR = 1.1  # measured: bytes that the allocator holds per byte in use at the peak
FREE_SHARE = 0.8  # share of the machine's available memory that runs may take
CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class Work:
    """The work of one phase, in multiply-adds, with the settings that it grows with. `limit` is its field of `Limits`."""

    limit: str
    phase: str
    amount: float
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    """Of one run. Work is in multiply-adds of all replicas; a rollout counts with as many rounds as it may take, and with its updates."""

    parts: tuple[Part, ...]  # memory that exists at the same time at the peak, the largest first
    works: tuple[Work, ...]  # each bounded by a limit of its own name
    update_work: float
    work: float  # of the whole run, without the preparation, whose result may be there already

    @property
    def nbytes(self) -> int:
        """Peak memory besides the program's own."""
        return round(ALLOCATOR * _sum(self.parts))


def cost(config: RunConfig) -> Cost:
    """The memory and work of training `config`. Nothing is built."""
    sizes = task_sizes(config.task)
    policy = _policy_cost(config, sizes)
    each, algorithm = config.effective_updates_per_rollout, config.algorithm
    rounds = algorithm.max_rounds if algorithm.dynamic_sampling == "refill" else 1
    rollout = rounds * policy.generate_work + each * policy.update_work
    fields = ("replicas", "task.width", *sizes.fields)
    works = (
        Work(
            "rollout_work",
            "rollout",
            rollout,
            ("num_prompts", "group_size", *fields, *(("algorithm.max_rounds",) if rounds > 1 else ())),
        ),
        Work("evaluation_work", "evaluation", policy.evaluate_work, tuple(dict.fromkeys((*policy.evaluate.fields, *fields)))),
        Work("preparation_work", "preparation", policy.prepare_work, ("task.imitation_steps", *policy.prepare.fields)),
    )
    return Cost(
        tuple(sorted(_at_the_peak(config, sizes, policy), key=lambda part: -part.nbytes)),
        works,
        policy.update_work,
        config.rollouts * (rollout + policy.evaluate_work / config.eval_every),
    )


def _at_the_peak(config: RunConfig, sizes: TaskSizes, policy: PolicyCost) -> tuple[Part, ...]:
    """The memory at the peak: that of the preparation, or during training the lasting parts and those of the largest phase."""
    rounds = (
        3 if config.algorithm.dynamic_sampling == "refill" else 1
    )  # the batch, the round that it began with, the round that is made
    minibatch = config.num_prompts // config.minibatches
    phases = (
        (policy.generate, _tokens("tokens of a rollout", config, sizes, config.num_prompts, GENERATED + KEPT * rounds)),
        (policy.update, _tokens("tokens of an update", config, sizes, minibatch, UPDATED)),
        (
            policy.evaluate,
            Part("tokens of an evaluation", GENERATED * config.replicas * sizes.evaluated * sizes.tokens, sizes.fields),
        ),
    )
    training = (*_lasting(config, sizes, policy), *max(phases, key=_sum))
    return max(((policy.prepare,), training), key=_sum)


def _tokens(what: str, config: RunConfig, sizes: TaskSizes, prompts: int, nbytes: int) -> Part:
    """`nbytes` for each token, and for each completion what a choice among the vocabulary takes."""
    of_each = nbytes * sizes.tokens + (FLOAT + BOOL) * sizes.vocabulary
    fields = ("num_prompts", "group_size", "replicas", *sizes.fields)
    return Part(what, config.replicas * prompts * config.group_size * of_each, fields)


def _lasting(config: RunConfig, sizes: TaskSizes, policy: PolicyCost) -> tuple[Part, ...]:
    """The memory held from the first update to the last: optimiser, batch, states, history, the task's tables."""
    floats = FLOAT * config.replicas * policy.parameters
    kept = min(CHECKPOINT_BYTES, 3 * floats * min(PER_RUN + 1, config.rollouts))
    history = (config.most_updates - config.start) * (RECORD + 8 * METRICS * config.replicas)
    model = ("replicas", "task.width")
    return (
        Part("parameters, gradient and optimiser", OPTIMISED * floats, model),
        Part("states that forks and replays begin from", kept, model),
        _tokens("the batch", config, sizes, config.num_prompts, KEPT),
        Part("measurements", history, ("updates", "replicas")),
        Part("the task's tables", sizes.nbytes, sizes.fields),
    )


def _sum(parts: tuple[Part, ...]) -> int:
    return sum(part.nbytes for part in parts)


@dataclass(frozen=True)
class RunsCost:
    """Of runs that are started together."""

    costs: Mapping[str, Cost]
    nbytes: int  # peak of as many of them as train at the same time
    work: float


def estimate(runs: Mapping[str, RunConfig], *, at_once: int | None = None) -> RunsCost:
    """Memory and work of `runs`, label -> settings, of which `at_once` train at a time (default: one per processor)."""
    costs = {label: cost(config) for label, config in runs.items()}
    peaks = sorted((each.nbytes for each in costs.values()), reverse=True)[: at_once or os.cpu_count() or 1]
    return RunsCost(costs, sum(peaks), sum(each.work for each in costs.values()))


def check(
    runs: Mapping[str, RunConfig],
    limits: Limits = NONE,
    *,
    at_once: int | None = None,
    available: int | None = None,
) -> None:
    """ConfigError if a run needs more memory or work than `limits` allow, or if those that train at a time need more memory than FREE_SHARE
    of `available` bytes (default: what the machine has). The error names the settings that matter most."""
    found = estimate(runs, at_once=at_once)
    for label, each in found.costs.items():
        if limits.memory_mb is not None and each.nbytes > limits.memory_mb * MEGABYTE:
            raise ConfigError(
                f"memory must be at most {limits.memory_mb:,} MB per run on this shared server, got about {_megabytes(each)} MB for {label}, "
                f"{_most(each, runs[label])}; lower one of these settings, or run it on your own machine"
            )
        for work in each.works:
            most = getattr(limits, work.limit)
            if most is not None and work.amount > most * BILLION:
                raise ConfigError(
                    f"work must be at most {most:,} billion multiply-adds per {work.phase} on this shared server, got about "
                    f"{work.amount / BILLION:,.0f} for {label} ({_values(work.fields, runs[label])}); lower one of these settings, "
                    "or run it on your own machine"
                )
    free = available_bytes() if available is None else available
    if found.nbytes > FREE_SHARE * free:
        label = max(found.costs, key=lambda name: found.costs[name].nbytes)
        each = found.costs[label]
        raise ConfigError(
            f"memory must be at most {FREE_SHARE * free / MEGABYTE:,.0f} MB, {FREE_SHARE:.0%} of what this machine has free, got about "
            f"{found.nbytes / MEGABYTE:,.0f} MB, of which {label} needs {_megabytes(each)} MB, {_most(each, runs[label])}; lower one of "
            "these settings, or free memory"
        )


def check_continued(present: RunConfig, config: RunConfig, last_update: int) -> None:
    """ConfigError if a run that is after `last_update` with the settings `present` cannot go on with `config` from the end of its rollout:
    other seeds, another task, a network of another size, or no update left."""
    each = present.effective_updates_per_rollout
    end = present.start + (max(last_update - present.start, 0) // each + 1) * each
    if end >= config.most_updates:
        raise ConfigError(
            f"updates of a run that goes on must be above {end}, where its present rollout ends, got {config.most_updates}; choose more, or "
            "start a new run"
        )
    replace(config, fork=Fork(run=present, update=end))
    sizes = [_policy_cost(run, task_sizes(run.task)).parameters for run in (present, config)]
    if sizes[0] != sizes[1]:
        raise ConfigError(
            f"task of a run that goes on must need a policy of the same size, {sizes[0]:,} parameters, got {sizes[1]:,}; leave the settings "
            "of the policy as they are, or start a new run"
        )


def _policy_cost(config: RunConfig, sizes: TaskSizes) -> PolicyCost:
    return gpt_cost(config, sizes) if sizes.prompt_tokens else mlp_cost(config, sizes)


def available_bytes() -> int:
    """Memory that new work can take without swapping, inside a container what the container may still take."""
    free = psutil.virtual_memory().available
    for path in CONTAINER_LIMITS:
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            free = min(free, max(int(text) - psutil.Process().memory_info().rss, 0))
    return free


def _megabytes(found: Cost) -> str:
    return f"{found.nbytes / MEGABYTE:,.0f}"


def _most(found: Cost, config: RunConfig) -> str:
    largest = found.parts[0]
    return f"most of it for {largest.what} ({_values(largest.fields, config)})"


def _values(fields: tuple[str, ...], config: RunConfig) -> str:
    """'num_prompts = 16, task.width = 32': the settings that the memory grows with, and their values."""
    owners = {"task": config.task, "algorithm": config.algorithm}
    parts = [(name, *name.rpartition(".")[::2]) for name in fields]
    return ", ".join(f"{name} = {getattr(owners.get(owner, config), field)}" for name, owner, field in parts)
