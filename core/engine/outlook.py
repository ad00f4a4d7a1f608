"""What can be said of runs before they are trained: how likely the untrained policy is to be right, how many groups carry no signal at the
start, how many samples that takes, and what has to be built first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import torch
from torch import Tensor

from core.engine.cost import cost
from core.engine.dead_groups import dead_chances, expected_rounds
from core.engine.policies.base import until_end
from core.engine.policies.base_model import cache_key, stored_parameters
from core.engine.policies.gpt import GPTPolicy
from core.engine.policies.params import Parameters
from core.engine.tasks import make_task
from core.engine.tasks.arithmetic import Arithmetic
from core.engine.tasks.bandit import Bandit
from core.engine.tasks.base import MarkovTask, Task
from core.engine.tasks.chain import Chain
from core.settings.run import RunConfig
from core.settings.task import TaskConfig

PROMPTS_AT_ONCE = 1024  # bounds the memory of the arithmetic task's probabilities


def success_probability(config: TaskConfig, temperature: float = 1.0) -> Tensor:
    """(N,) float64: probability that the untrained policy answers each training prompt right, before flips and noise. Exact, but for
    arithmetic as long as its base model is not built: then that of the teacher, whom the model will imitate."""
    task = make_task(config)
    right = HOW[type(task)](task, temperature).clone()
    easy, hard = (round(share * task.train_size) for share in (config.too_easy_fraction, config.too_hard_fraction))
    if easy:
        right[:easy] = _ended(task, temperature)[:easy]
    if hard:
        right[task.train_size - hard :] = 0.0
    return right


@lru_cache(maxsize=64)
def _known(config: TaskConfig, temperature: float, built: bool) -> Tensor:
    return success_probability(config, temperature)


def dead_share(config: RunConfig) -> float:
    """Share of the first rollout's groups that are expected to be all right or all wrong: the mean of p^G + (1 - p)^G over the prompts
    that are drawn at the start."""
    right = _known(config.task, config.temperature, not _has_to_be_built(make_task(config.task)))
    dead = sum(dead_chances(right, config.group_size))
    window = max(1, math.ceil(len(dead) * 0.25))  # what drift draws from at the start, see core.engine.tasks.base
    drift = config.task.drift
    return float((1 - drift) * dead.mean() + drift * dead[:window].mean())


def rounds_at_start(config: RunConfig) -> float:
    """Rounds of generation that the first rollout is expected to take: with `refill` until as many groups as it needs carry a signal,
    or `max_rounds`."""
    algorithm = config.algorithm
    if algorithm.dynamic_sampling != "refill":
        return 1.0
    return expected_rounds(config.num_prompts, max(0.0, 1 - dead_share(config)), algorithm.max_rounds)


def samples_at_start_pace(config: RunConfig) -> int:
    """Completions that each seed generates if every rollout takes as many rounds as the first: the order of magnitude, no more, because the
    share of dead groups changes as the policy learns."""
    if config.samples is not None:
        return config.samples
    return round(config.rollouts * config.num_prompts * config.group_size * rounds_at_start(config))


def most_samples(config: RunConfig) -> int:
    """The most that each seed may generate: `max_rounds` in every rollout. A budget in samples is what it is, but for its last rollout."""
    if config.samples is not None:
        return config.samples
    rounds = config.algorithm.max_rounds if config.algorithm.dynamic_sampling == "refill" else 1
    return config.rollouts * config.num_prompts * config.group_size * rounds


def preparation_work(runs: Iterable[RunConfig]) -> float:
    """Multiply-adds of building the base models that `runs` need and that are not on disk; runs of the same base model build it once."""
    missing = {}
    for run in runs:
        task = make_task(run.task)
        if _has_to_be_built(task):
            missing[cache_key(task)] = sum(work.amount for work in cost(run).works if work.phase == "preparation")
    return sum(missing.values())


def _has_to_be_built(task: Task) -> bool:
    """Whether the task's base model is not on disk."""
    return isinstance(task, Arithmetic) and stored_parameters(task) is None


def _bandit(task: Bandit, temperature: float) -> Tensor:
    table = _base_policy(task, temperature)
    if task.config.reward_kind == "bernoulli":
        return (table * task.means.double()).sum(1)
    best = task.means >= task.means.amax(1, keepdim=True)
    return (table * best).sum(1)


def _chain(task: Chain, temperature: float) -> Tensor:
    """ANSWER comes after t step tokens, of which at least as many as are needed are the useful one: a binomial number of t."""
    table = _base_policy(task, temperature)
    answer = table[:, task.end_token]
    useful = table.gather(1, task.useful[: task.train_size, None])[:, 0]
    needed, right = task.needed[: task.train_size], torch.zeros(task.train_size, dtype=torch.float64)
    for steps in range(task.max_tokens):
        for hits in range(1, steps + 1):
            ways = math.comb(steps, hits) * useful**hits * (1 - answer - useful) ** (steps - hits)
            right += torch.where(needed <= hits, ways * answer, 0.0)
    return right


def _arithmetic(task: Arithmetic, temperature: float) -> Tensor:
    base = stored_parameters(task)
    if base is not None:
        return _of_base_model(task, base, temperature)
    config = task.config
    accuracy = (config.teacher_accuracy_no_carry, config.teacher_accuracy_one_carry, config.teacher_accuracy_more_carries)
    return torch.tensor(accuracy, dtype=torch.float64)[task.carries[: task.train_size].clamp(max=2)]


@torch.no_grad()
def _of_base_model(task: Arithmetic, base: Tensor, temperature: float) -> Tensor:
    """The product of the probabilities of the right answer's characters."""
    policy = GPTPolicy(task, width=task.config.width, layers=task.config.layers, heads=task.config.heads)
    parameters, right = Parameters(base[None], policy.shapes), []
    for prompts in torch.arange(task.train_size).split(PROMPTS_AT_ONCE):
        answers = task.answers[prompts]
        found = policy.scores(parameters, prompts[None], answers[None, :, None], temperature).logprobs[0, :, 0]
        right.append(torch.where(until_end(answers, task.end_token), found, 0.0).double().sum(1).exp())
    return torch.cat(right)


def _base_policy(task: MarkovTask, temperature: float) -> Tensor:
    """(N, V) float64 probabilities of the tokens of the training prompts."""
    return torch.softmax(task.base_logits[: task.train_size].double() / temperature, 1)


def _ended(task: Task, temperature: float) -> Tensor:
    """(N,) probability that the untrained policy's completion ends within the length limit."""
    if task.end_token is None or not isinstance(task, MarkovTask):
        return torch.ones(task.train_size, dtype=torch.float64)
    return 1 - (1 - _base_policy(task, temperature)[:, task.end_token]) ** task.max_tokens


HOW = {Bandit: _bandit, Chain: _chain, Arithmetic: _arithmetic}
