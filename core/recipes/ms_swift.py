"""A side's settings as arguments of `swift rlhf --rlhf_type grpo`, ms-swift 4.6.0."""

from __future__ import annotations

from core.logs.sentences import say
from core.recipes import carry, hf_names
from core.recipes import sentences as s
from core.recipes.machine import Machine
from core.recipes.recipe import Recipe
from core.recipes.sheet import Sheet
from core.settings.algorithm import AlgorithmConfig
from core.settings.run import RunConfig

FRAMEWORK, VERSION = "ms-swift", "4.6.0"


def write(run: RunConfig, machine: Machine, form: str, chosen: bool) -> Recipe:
    """`run` must have one replica and nothing that no framework has: see `carry.one_replica`."""
    sheet, algorithm = Sheet(FRAMEWORK), run.algorithm
    sheet.set("rlhf_type", "grpo")
    hf_names.set_loss(sheet, algorithm, machine)
    if algorithm.entropy_coef:
        sheet.lacks(s.NO_ENTROPY, value=algorithm.entropy_coef)
    _dynamic_sampling(sheet, algorithm)
    hf_names.set_truncation(sheet, algorithm, "overlong_filter")
    _reward(sheet, run, machine)
    hf_names.set_sizes(sheet, run, machine)
    sheet.set("top_p", 1.0)
    sheet.set("top_k", -1)
    hf_names.set_optimiser(sheet, run)
    sheet.set("log_entropy", True)
    return Recipe(
        FRAMEWORK, VERSION, form, tuple(sheet.arguments), tuple(sheet.missing), carry.rules(run, machine, FRAMEWORK, chosen),
        (say(s.YOURS_SWIFT),), command="swift rlhf",
    )  # fmt: skip


def _dynamic_sampling(sheet: Sheet, algorithm: AlgorithmConfig) -> None:
    refills = algorithm.dynamic_sampling == "refill"
    carry.tell_filter(sheet, algorithm)
    sheet.set("dynamic_sample", refills)
    if refills:
        sheet.set("max_resample_times", algorithm.max_rounds - 1, s.RESAMPLES)
        if algorithm.filter_on == "correct":
            sheet.lacks(s.LOOKS_AT_REWARD)


def _reward(sheet: Sheet, run: RunConfig, machine: Machine) -> None:
    if run.algorithm.overlong != "soft":
        sheet.set("reward_funcs", ["your_reward"])
        return
    sheet.set("reward_funcs", ["your_reward", "soft_overlong"], s.SOFT_SWIFT)
    sheet.set("reward_weights", [1.0, carry.penalty(run, machine)])
    sheet.set("soft_max_length", machine.max_tokens)
    sheet.set("soft_cache_length", carry.buffer_tokens(run, machine))
