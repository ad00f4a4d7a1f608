"""A side's settings as overrides of the configuration of verl 0.9.1's main_ppo, or of the DAPO recipe."""

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

FRAMEWORK, VERSION = "verl", "0.9.1"
COMMANDS = {"overrides": "python3 -m verl.trainer.main_ppo", "recipe": "python3 -m recipe.dapo.main_dapo"}
ACTOR, ROLLOUT = "actor_rollout_ref.actor.", "actor_rollout_ref.rollout."
AGGREGATION = {"sequence_mean": "seq-mean-token-mean", "token_mean": "token-mean", "constant": "seq-mean-token-sum-norm"}
KL = {"k1": "kl", "k2": "mse", "k3": "low_var_kl"}
NO_DUAL_CLIP = 10_000.0
OVERLONG = "reward.reward_kwargs.overlong_buffer_cfg."


def write(run: RunConfig, machine: Machine, form: str, chosen: bool) -> Recipe:
    """`run` must have one replica and nothing that no framework has: see `carry.one_replica`."""
    sheet = Sheet(FRAMEWORK)
    _loss(sheet, run.algorithm, machine)
    _regularisers(sheet, run.algorithm)
    _dynamic_sampling(sheet, run, form)
    _overlong(sheet, run, machine)
    _sizes(sheet, run, machine)
    _optimiser(sheet, run)
    _steps(sheet, run, machine)
    return Recipe(
        FRAMEWORK, VERSION, form, tuple(sheet.arguments), tuple(sheet.missing), carry.rules(run, machine, FRAMEWORK, chosen),
        (say(s.YOURS_VERL),), command=COMMANDS[form],
    )  # fmt: skip


def _loss(sheet: Sheet, algorithm: AlgorithmConfig, machine: Machine) -> None:
    sheet.set("algorithm.adv_estimator", "grpo", s.ALWAYS_GRPO)
    sheet.set("algorithm.norm_adv_by_std_in_grpo", algorithm.normalize_std)
    sheet.set(f"{ACTOR}clip_ratio_low", algorithm.eps_low)
    sheet.set(f"{ACTOR}clip_ratio_high", algorithm.eps_high)
    if algorithm.dual_clip is None:
        sheet.set(f"{ACTOR}clip_ratio_c", NO_DUAL_CLIP, s.DUAL_CLIP_OFF)
    elif algorithm.dual_clip > 1:
        sheet.set(f"{ACTOR}clip_ratio_c", algorithm.dual_clip)
    else:
        raise ConfigError(s.DUAL_CLIP_ABOVE_1.format(framework=FRAMEWORK, value=algorithm.dual_clip))
    sheet.set(f"{ACTOR}loss_agg_mode", AGGREGATION[algorithm.loss_aggregation])
    if algorithm.loss_aggregation == "constant":
        sheet.set(f"{ACTOR}loss_scale_factor", machine.max_tokens, s.CONSTANT, max_tokens=machine.max_tokens)


def _regularisers(sheet: Sheet, algorithm: AlgorithmConfig) -> None:
    sheet.set(f"{ACTOR}use_kl_loss", algorithm.kl_coef > 0)
    if algorithm.kl_coef:
        sheet.set(f"{ACTOR}kl_loss_coef", algorithm.kl_coef)
        sheet.set(f"{ACTOR}kl_loss_type", KL[algorithm.kl_estimator])
    sheet.set("algorithm.use_kl_in_reward", False)
    sheet.set(f"{ACTOR}entropy_coeff", algorithm.entropy_coef)


def _dynamic_sampling(sheet: Sheet, run: RunConfig, form: str) -> None:
    algorithm = run.algorithm
    refills = algorithm.dynamic_sampling == "refill"
    sheet.set("algorithm.filter_groups.enable", refills)
    carry.tell_filter(sheet, algorithm)
    if not refills:
        return
    if algorithm.filter_on == "correct":
        sheet.set("algorithm.filter_groups.metric", "acc", s.FILTER_METRIC)
    else:
        sheet.set("algorithm.filter_groups.metric", "reward" if form == "overrides" else "seq_reward", s.FILTER_REWARD)
    if form == "recipe":
        sheet.set("algorithm.filter_groups.max_num_gen_batches", algorithm.max_rounds, s.MAX_ROUNDS_STOPS)
        sheet.set("data.gen_batch_size", run.num_prompts)
    else:
        sheet.lacks(s.NO_MAX_ROUNDS, value=algorithm.max_rounds)


def _overlong(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    if run.algorithm.overlong == "filter":
        sheet.lacks(s.NO_OVERLONG_FILTER)
    if run.algorithm.overlong != "soft":
        return
    # ++ sets a key whether or not the form's own configuration has it: main_ppo's lacks these, the recipe's has them.
    sheet.set("reward.reward_manager.name", "dapo")
    sheet.set(f"++{OVERLONG}enable", True)
    sheet.set(f"++{OVERLONG}len", carry.buffer_tokens(run, machine))
    sheet.set(f"++{OVERLONG}penalty_factor", carry.penalty(run, machine))
    sheet.set(f"++{OVERLONG}log", False)
    sheet.set("++reward.reward_kwargs.max_resp_len", machine.max_tokens)


def _sizes(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    division = divide(run, machine)
    sheet.set("data.train_batch_size", run.num_prompts)
    sheet.set(f"{ROLLOUT}n", run.group_size)
    note = s.ONE_UPDATE if run.updates_per_rollout == 1 else ""
    sheet.set(f"{ACTOR}ppo_mini_batch_size", run.num_prompts // run.minibatches, note)
    sheet.set(f"{ACTOR}ppo_epochs", run.epochs)
    sheet.set(f"{ACTOR}ppo_micro_batch_size_per_gpu", division.per_device, s.MICRO_BATCH if run.micro_batch_prompts else "")
    sheet.set(f"{ROLLOUT}log_prob_micro_batch_size_per_gpu", division.per_device)
    if run.algorithm.kl_coef:
        sheet.set("actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu", division.per_device)
    sheet.set("data.max_response_length", machine.max_tokens)
    sheet.set(f"{ROLLOUT}temperature", run.temperature, s.TEMPERATURE)
    sheet.set(f"{ROLLOUT}top_p", 1.0)
    sheet.set(f"{ROLLOUT}top_k", -1)


def _optimiser(sheet: Sheet, run: RunConfig) -> None:
    sheet.set(f"{ACTOR}optim.lr", carry.LEARNING_RATE)
    sheet.set(f"{ACTOR}optim.weight_decay", 0.0)
    sheet.set(f"{ACTOR}optim.clip_grad", run.max_grad_norm)


def _steps(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    sheet.set(
        "trainer.total_training_steps", run.rollouts, s.ROLLOUTS,
        updates=run.most_updates - run.start, rollouts=run.rollouts, each=run.updates_per_rollout,
    )  # fmt: skip
    sheet.set("trainer.test_freq", run.eval_every)
    sheet.set("trainer.val_before_train", True)
    sheet.set("trainer.n_gpus_per_node", machine.gpus)
    sheet.set("data.seed", run.first_seed)
    sheet.set(f"{ACTOR}data_loader_seed", run.first_seed)
    sheet.set("trainer.logger", ["console", "file"], s.LOG_ALL)
