"""A side's settings as arguments of OpenRLHF's train_ppo_ray, version 0.11.2."""

from __future__ import annotations

from core.logs.sentences import say
from core.recipes import carry
from core.recipes import sentences as s
from core.recipes.machine import Machine, divide
from core.recipes.recipe import Recipe
from core.recipes.sheet import Sheet
from core.settings.algorithm import AlgorithmConfig
from core.settings.fields import ConfigError
from core.settings.run import RunConfig

FRAMEWORK, VERSION = "OpenRLHF", "0.11.2"
AGGREGATION = {"sequence_mean": "seq-mean-token-mean", "token_mean": "token-mean"}
NEAREST = "token-mean"  # one denominator for all completions of an update, as the Lab's constant has


def write(run: RunConfig, machine: Machine, form: str, chosen: bool) -> Recipe:
    """`run` must have one replica and nothing that no framework has: see `carry.one_replica`."""
    sheet = Sheet(FRAMEWORK)
    _loss(sheet, run.algorithm)
    _regularisers(sheet, run.algorithm)
    _sampling(sheet, run, machine)
    _sizes(sheet, run, machine)
    _optimiser(sheet, run, machine)
    return Recipe(
        FRAMEWORK, VERSION, form, tuple(sheet.arguments), tuple(sheet.missing), carry.rules(run, machine, FRAMEWORK, chosen),
        (say(s.YOURS_OPENRLHF),), command="python3 -m openrlhf.cli.train_ppo_ray",
    )  # fmt: skip


def _loss(sheet: Sheet, algorithm: AlgorithmConfig) -> None:
    # Both subtract the group's mean; group_norm divides by its standard deviation as well.
    normalised = algorithm.normalize_std
    sheet.set(
        "algo.advantage.estimator", "group_norm" if normalised else "dr_grpo", s.STD_FLOOR if normalised else "", floor="1e-9"
    )
    sheet.set("actor.eps_clip_low_high", [algorithm.eps_low, algorithm.eps_high])
    if algorithm.dual_clip is not None:
        if algorithm.dual_clip <= 1:
            raise ConfigError(s.DUAL_CLIP_ABOVE_1.format(framework=FRAMEWORK, value=algorithm.dual_clip))
        sheet.set("actor.dual_clip", algorithm.dual_clip)
    kind = algorithm.loss_aggregation
    if kind not in AGGREGATION:
        sheet.lacks(s.NO_CONSTANT, nearest=NEAREST)
    sheet.set("actor.loss_agg_mode", AGGREGATION.get(kind, NEAREST))


def _regularisers(sheet: Sheet, algorithm: AlgorithmConfig) -> None:
    sheet.set("algo.kl.init_coef", algorithm.kl_coef)
    if algorithm.kl_coef:
        sheet.set("algo.kl.use_loss", True)
        sheet.set("algo.kl.estimator", algorithm.kl_estimator)
    if algorithm.entropy_coef:
        note = "" if algorithm.loss_aggregation == "token_mean" else s.ENTROPY
        sheet.set("actor.entropy_coef", algorithm.entropy_coef, note)
    else:
        sheet.set("actor.entropy_coef", 0.0, s.ENTROPY_LOGGED)


def _sampling(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    algorithm = run.algorithm
    carry.tell_filter(sheet, algorithm)
    if algorithm.dynamic_sampling == "refill":
        sheet.set("algo.dynamic_filtering_enable", True)
        sheet.set("algo.dynamic_filtering_range", [1.0 - machine.reward_range, 1.0], s.RANGE)
        sheet.lacks(s.NO_ROUNDS_OPENRLHF, value=algorithm.max_rounds)
        if algorithm.filter_on == "reward":
            sheet.lacks(s.LOOKS_AT_SCORE)
    if algorithm.overlong == "soft":
        sheet.set("reward.overlong_buffer_len", carry.buffer_tokens(run, machine))
        sheet.set("reward.overlong_penalty_factor", carry.penalty(run, machine))
    if algorithm.overlong == "filter":
        sheet.lacks(s.NO_OVERLONG_FILTER)


def _sizes(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    division = divide(run, machine)
    sheet.set("rollout.batch_size", run.num_prompts)
    sheet.set("rollout.n_samples_per_prompt", run.group_size)
    sheet.set("train.batch_size", division.update, s.ONE_UPDATE if run.updates_per_rollout == 1 else s.COMPLETIONS)
    sheet.set("train.micro_batch_size", division.per_device, s.MICRO_BATCH if run.micro_batch_prompts else "")
    sheet.set("rollout.micro_batch_size", division.per_device)
    sheet.set("train.max_epochs", run.epochs)
    sheet.set("rollout.max_new_tokens", machine.max_tokens)
    sheet.set("rollout.temperature", run.temperature, s.TEMPERATURE)
    sheet.set("rollout.top_p", 1.0)
    sheet.set(
        "data.max_samples", run.rollouts * run.num_prompts, s.PROMPTS_IN_ALL, rollouts=run.rollouts, prompts=run.num_prompts
    )
    sheet.set("eval.steps", run.eval_every)
    sheet.set("train.seed", run.first_seed)


def _optimiser(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    sheet.set("actor.num_gpus_per_node", machine.gpus)
    sheet.set("actor.adam.lr", carry.LEARNING_RATE)
    sheet.set("actor.adam.betas", [0.9, 0.999])
    sheet.set("actor.adam.weight_decay", 0.0)
    sheet.set("actor.lr_scheduler", "constant")
    sheet.set("actor.max_norm", run.max_grad_norm)
    sheet.set("logger.logging_steps", 1, s.LOG_ALL)
