"""What belongs to the Lab's small tasks, and the rule by which an export carries it over."""

from __future__ import annotations

from core.engine.tasks import make_task
from core.logs.sentences import Sentence, say
from core.recipes import sentences as s
from core.recipes.machine import Machine
from core.recipes.sheet import Sheet
from core.settings.algorithm import AlgorithmConfig
from core.settings.fields import ConfigError, value_text
from core.settings.run import RunConfig

LEARNING_RATE = 1e-6  # the DAPO paper's (arXiv:2503.14476, section 4.1), and the default of TRL and verl


def one_replica(run: RunConfig, seed: int | None) -> RunConfig:
    """`run` as an export can say it: one value per setting. ConfigError for what no framework has, or if values differ between seeds and no
    seed was chosen."""
    algorithm = run.algorithm
    if algorithm.defects:
        raise ConfigError(s.REFUSED_DEFECTS.format(value=", ".join(algorithm.defects)))
    if algorithm.reward_clip_factor != 1:
        raise ConfigError(s.REFUSED_FACTOR.format(value=algorithm.reward_clip_factor))
    if seed is not None and seed not in run.seeds:
        raise ConfigError(f"seed must be one of {run.seeds[0]} to {run.seeds[-1]}, got {seed}; choose one of the run's")
    if seed is None:
        for name in run.per_replica:
            raise ConfigError(s.REFUSED_REPLICAS.format(name=name, first=run.seeds[0], last=run.seeds[-1]))
        seed = run.first_seed
    return run.with_replica(seed)


def buffer_tokens(run: RunConfig, machine: Machine) -> int:
    """DAPO's L_cache for completions of up to `machine.max_tokens`: the share that it has in the Lab, at least 1 token."""
    return max(1, round(_buffer_share(run) * machine.max_tokens))


def penalty(run: RunConfig, machine: Machine) -> float:
    """The overlong punishment at the limit, in the user's units of reward."""
    return run.algorithm.overlong_penalty * machine.reward_range


def rules(run: RunConfig, machine: Machine, framework: str, chosen: bool) -> tuple[Sentence, ...]:
    """What was carried over by a rule. `chosen`: the run had one value per seed, and those of one were taken."""
    said = [
        say(s.LEARNING_RATE, lab=value_text(run.learning_rate), value=value_text(LEARNING_RATE)),
        say(s.PROMPTS, prompts=run.num_prompts),
    ]
    if run.algorithm.overlong == "soft":
        whole = make_task(run.task).max_tokens
        lab = min(run.algorithm.overlong_buffer_tokens, whole)
        share, tokens = f"{_buffer_share(run):.0%}", buffer_tokens(run, machine)
        said.append(say(s.BUFFER, lab=lab, lab_tokens=whole, share=share, tokens=tokens, max_tokens=machine.max_tokens))
        if machine.reward_range != 1:
            said.append(
                say(s.PENALTY, lab=run.algorithm.overlong_penalty, value=penalty(run, machine), range=machine.reward_range)
            )
    said.append(say(s.TASK, task=run.task.name))
    if run.minibatches > 1:
        said.append(say(s.SHUFFLED, framework=framework))
    if run.fork is not None:
        said.append(say(s.FORK, update=run.fork.update))
    if run.samples is not None:
        said.append(say(s.SAMPLES, samples=run.samples, updates=run.most_updates))
    if chosen:
        said.append(say(s.SEED, seed=run.first_seed))
    return tuple(said)


def tell_filter(sheet: Sheet, algorithm: AlgorithmConfig) -> None:
    """No framework drops groups without refilling."""
    if algorithm.dynamic_sampling == "filter":
        sheet.lacks(s.NO_FILTER, filter_on=algorithm.filter_on, threshold=algorithm.filter_threshold)


def _buffer_share(run: RunConfig) -> float:
    whole = make_task(run.task).max_tokens
    return min(run.algorithm.overlong_buffer_tokens, whole) / whole
