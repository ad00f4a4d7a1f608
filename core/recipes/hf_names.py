"""Settings that have the same names in TRL's GRPOConfig and in ms-swift, whose trainer builds on TRL's."""

from __future__ import annotations

from core.recipes import carry
from core.recipes import sentences as s
from core.recipes.machine import Machine, divide
from core.recipes.sheet import Sheet
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig

AGGREGATION = {"sequence_mean": "grpo", "token_mean": "dapo", "constant": "dr_grpo"}
_ABOUT = {"token_mean": s.DENOMINATOR, "sequence_mean": s.EMPTY, "constant": s.CONSTANT}


def set_loss(sheet: Sheet, algorithm: AlgorithmConfig, machine: Machine) -> None:
    kind = algorithm.loss_aggregation
    sheet.set("loss_type", AGGREGATION[kind], _ABOUT[kind], max_tokens=machine.max_tokens)
    normalised = algorithm.normalize_std
    sheet.set("scale_rewards", "group" if normalised else "none", s.STD_FLOOR if normalised else "", floor="1e-4")
    sheet.set("epsilon", algorithm.eps_low)
    sheet.set("epsilon_high", algorithm.eps_high)
    if algorithm.dual_clip is not None:
        high = 1 + algorithm.eps_high
        sheet.set(
            "delta", algorithm.dual_clip, s.DUAL_CLIP_CAPS if algorithm.dual_clip < high else "", value=algorithm.dual_clip,
            high=high, trainer=sheet.framework,
        )  # fmt: skip
    other = algorithm.kl_coef > 0 and algorithm.kl_estimator != "k3"
    sheet.set("beta", algorithm.kl_coef, s.KL_TRL if other else "", value=algorithm.kl_estimator)


def set_truncation(sheet: Sheet, algorithm: AlgorithmConfig, key: str) -> None:
    """Whether truncated completions leave the loss, under the framework's own name."""
    leaves = algorithm.overlong == "filter"
    sheet.set(key, leaves, s.TRUNCATED if leaves and algorithm.loss_aggregation != "token_mean" else "")


def set_sizes(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    """updates per rollout = num_iterations x steps_per_generation / gradient_accumulation_steps."""
    division = divide(run, machine)
    sheet.set("num_generations", run.group_size)
    sheet.set("per_device_train_batch_size", division.per_device, s.MICRO_BATCH if run.micro_batch_prompts else "")
    sheet.set("gradient_accumulation_steps", division.accumulation)
    sheet.set(
        "steps_per_generation", run.minibatches * division.accumulation, s.ONE_UPDATE if run.updates_per_rollout == 1 else ""
    )
    sheet.set("num_iterations", run.epochs)
    sheet.set("max_completion_length", machine.max_tokens)
    sheet.set("temperature", run.temperature, s.TEMPERATURE)
    sheet.set("max_steps", run.most_updates - run.start)
    sheet.set("eval_strategy", "steps", s.EVALUATES)
    sheet.set("eval_steps", run.eval_every * run.updates_per_rollout)
    sheet.set("seed", run.first_seed)


def set_optimiser(sheet: Sheet, run: RunConfig) -> None:
    """Adam without decay at a constant learning rate, as in the Lab, and a log that can be read back."""
    sheet.set("learning_rate", carry.LEARNING_RATE)
    sheet.set("lr_scheduler_type", "constant")
    sheet.set("weight_decay", 0.0)
    sheet.set("adam_beta2", 0.999)
    sheet.set("max_grad_norm", run.max_grad_norm)
    sheet.set("logging_steps", 1, s.LOG_ALL)
    sheet.set("logging_nan_inf_filter", False)
