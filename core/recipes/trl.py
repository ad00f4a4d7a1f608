"""A side's settings as the GRPOConfig of TRL 1.16.0."""

from __future__ import annotations

from core.logs.sentences import say
from core.recipes import carry, hf_names
from core.recipes import sentences as s
from core.recipes.machine import Machine
from core.recipes.recipe import Recipe
from core.recipes.sheet import Sheet
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig

FRAMEWORK, VERSION = "TRL", "1.16.0"


def write(run: RunConfig, machine: Machine, form: str, chosen: bool) -> Recipe:
    """`run` must have one replica and nothing that no framework has: see `carry.one_replica`."""
    sheet, algorithm = Sheet(FRAMEWORK), run.algorithm
    hf_names.set_loss(sheet, algorithm, machine)
    _own(sheet, algorithm)
    hf_names.set_sizes(sheet, run, machine)
    sheet.set("top_p", 1.0)
    sheet.set("top_k", 0)
    hf_names.set_optimiser(sheet, run)
    sheet.set("optim", "adamw_torch")
    imports, reward = (), ()
    if algorithm.overlong == "soft":
        sheet.set("reward_weights", [1.0, carry.penalty(run, machine)])
        imports = ("from trl.rewards import get_soft_overlong_punishment",)
        ramp = f"get_soft_overlong_punishment({machine.max_tokens}, {carry.buffer_tokens(run, machine)})"
        reward = (f"reward_funcs = [your_reward, {ramp}]",)
    return Recipe(
        FRAMEWORK, VERSION, form, tuple(sheet.arguments), tuple(sheet.missing), carry.rules(run, machine, FRAMEWORK, chosen),
        (say(s.YOURS_TRL), say(s.VLLM_CORRECTION)), imports, reward,
    )  # fmt: skip


def _own(sheet: Sheet, algorithm: AlgorithmConfig) -> None:
    if algorithm.kl_coef:
        sheet.set("use_bias_correction_kl", False, s.KL_CORRECTION)
    if algorithm.entropy_coef:
        note = "" if algorithm.loss_aggregation == "token_mean" else s.ENTROPY
        sheet.set("entropy_coef", algorithm.entropy_coef, note)
    if algorithm.dynamic_sampling == "refill":
        sheet.lacks(s.NO_DYNAMIC_SAMPLING, filter_on=algorithm.filter_on, max_rounds=algorithm.max_rounds)
    carry.tell_filter(sheet, algorithm)
    hf_names.set_truncation(sheet, algorithm, "mask_truncated_completions")
