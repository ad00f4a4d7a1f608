"""TRL's arguments, and ms-swift's, which have TRL's names and other defaults."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.recipes.hf_names import AGGREGATION
from core.recipes.reading import sentences as s
from core.recipes.reading.draft import Draft
from core.recipes.reading.values import Values

LOCAL = ("bnpo",)  # the mean over the tokens of one device's batch
OTHERS = {"sapo": "sequence_mean", "cispo": "token_mean", "luspo": "constant"}  # other objectives -> their aggregation
LATEST = (1, 16)
# A name that tells the version -> what it tells. The newest comes first.
HINTS = (
    ("entropy_coef", (1, 8)), ("vespo_k_pos", (1, 0)), ("use_bias_correction_kl", (0, 26)), ("max_prompt_length", (0, 27)),
)  # fmt: skip
# Settings without a counterpart -> the values that mean they are off.
UNKNOWN_HERE = {
    "importance_sampling_level": ("token",), "top_entropy_quantile": (1, 1.0), "use_adaptive_entropy": (False,),
    "off_policy_mask_threshold": (None,),
    "sync_ref_model": (False,), "multi_objective_aggregation": (None, "sum_then_normalize"), "use_liger_loss": (None, False),
    "repetition_penalty": (None, 1, 1.0), "min_p": (None, 0, 0.0), "kl_in_reward": (None, False), "rollout_importance_sampling_mode": (None,),
}  # fmt: skip


@dataclass(frozen=True)
class Defaults:
    """What counts if a setting is absent, in one version."""

    name: str
    loss_type: str
    beta: float
    temperature: float
    group_size: int


def version_of(flat: dict, given: str | None) -> tuple[tuple[int, int], str]:
    """(version, the name by which it was recognised: "" for the latest, taken for want of a sign, or for one that was given)."""
    if given is not None:
        numbers = re.findall(r"\d+", given)
        return (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0), ""
    if isinstance(flat.get("scale_rewards"), bool):
        return (0, 21), "scale_rewards"
    return next(((version, name) for name, version in HINTS if name in flat), (LATEST, ""))


def trl_defaults(version: tuple[int, int]) -> Defaults:
    """grpo before 0.17, bnpo up to 0.21, dapo since; beta 0.04 up to 0.18; temperature 0.9 before 0.18."""
    loss = "grpo" if version < (0, 17) else "bnpo" if version < (0, 22) else "dapo"
    beta = 0.04 if (0, 14) <= version < (0, 19) else 0.0
    return Defaults(f"{version[0]}.{version[1]}", loss, beta, 0.9 if version < (0, 18) else 1.0, 8)


SWIFT = Defaults("4.6", "grpo", 0.04, 0.9, 8)


def read_trl(values: Values, defaults: Defaults) -> Draft:
    draft = Draft(values)
    _loss(draft, defaults)
    _clip(draft)
    _regularisers(draft, defaults)
    _overlong(draft)
    _dynamic_sampling(draft)
    _sizes(draft, defaults)
    _without_counterpart(values)
    return draft


def _loss(draft: Draft, defaults: Defaults) -> None:
    values = draft.values
    kinds = {theirs: ours for ours, theirs in AGGREGATION.items()}
    loss = values.text("loss_type", defaults.loss_type)
    if loss in LOCAL:
        values.note(s.LOCAL_MEAN, value=loss)
        draft.put("loss_aggregation", "token_mean", "loss_type")
    elif loss in kinds:
        draft.put("loss_aggregation", kinds[loss], "loss_type")
    else:
        values.note(s.LOSS_OTHER, key="loss_type", value=loss)
        draft.put("loss_aggregation", OTHERS.get(loss, "token_mean"), "loss_type")
    scale = values.text("scale_rewards", "group").lower()
    if scale == "batch":
        values.note(s.BATCH_STD)
    draft.put("normalize_std", scale not in ("none", "false"), "scale_rewards")


def _clip(draft: Draft) -> None:
    values = draft.values
    low = values.number("epsilon", 0.2)
    high = values.number("epsilon_high", None)
    draft.put("eps_low", low, "epsilon")
    draft.put("eps_high", low if high is None else high, "epsilon_high")
    draft.put("dual_clip", values.number("delta", None), "delta")


def _regularisers(draft: Draft, defaults: Defaults) -> None:
    values = draft.values
    beta = values.number("beta", defaults.beta)
    draft.put("kl_coef", beta, "beta")
    if beta and values.has("use_bias_correction_kl") and values.switch("use_bias_correction_kl", False):
        values.note(s.KL_CORRECTION)
    draft.put("entropy_coef", values.number("entropy_coef", 0.0), "entropy_coef")


def _overlong(draft: Draft) -> None:
    values = draft.values
    leaves = "overlong_filter" if values.has("overlong_filter") else "mask_truncated_completions"
    if values.switch(leaves, False):
        draft.put("overlong", "filter", leaves)
    names = str([values.flat.get(key) for key in ("reward_funcs", "reward_func_names", "reward_weights")])
    if "soft_overlong" not in names:
        return
    draft.put("overlong", "soft", "reward_funcs")
    limit = values.whole("soft_max_length", None) or values.whole("max_completion_length", None)
    width = values.whole("soft_cache_length", None)
    if limit and width:
        draft.buffer = (width, limit)
    else:
        values.note(s.SOFT_ASKED, key="reward_funcs")
        draft.buffer = (1, 5)  # 4096 of 20480 tokens, DAPO section 4.1
    weights = values.flat.get("reward_weights")
    if isinstance(weights, list) and weights:
        draft.put("overlong_penalty", weights[-1], "reward_weights")


def _dynamic_sampling(draft: Draft) -> None:
    values = draft.values
    if not values.has("dynamic_sample") or not values.switch("dynamic_sample", False):
        return
    draft.put("dynamic_sampling", "refill", "dynamic_sample")
    draft.put("filter_on", "reward", "dynamic_sample")
    draft.put("max_rounds", 1 + values.whole("max_resample_times", 3), "max_resample_times")
    values.note(s.UNFILTERED)


def _sizes(draft: Draft, defaults: Defaults) -> None:
    """updates per rollout = num_iterations x steps_per_generation / gradient_accumulation_steps; prompts = completions / group."""
    values = draft.values
    group = values.whole("num_generations", defaults.group_size)
    accumulation = values.whole("gradient_accumulation_steps", 1) or 1
    per_device = values.whole("per_device_train_batch_size", 8)
    steps = values.whole("steps_per_generation", None) or accumulation
    epochs = values.whole("num_iterations", 1)
    whole = values.whole("generation_batch_size", None) or per_device * steps
    draft.sizes = {
        "group_size": group,
        "num_prompts": whole / group if group and whole >= group else None,  # None: not without the number of GPUs
        "epochs": epochs,
        "updates_per_rollout": epochs * steps / accumulation,
        "temperature": values.number("temperature", defaults.temperature),
        "max_grad_norm": values.number("max_grad_norm", 1.0),
    }
    draft.learning_rate = values.number("learning_rate", 1e-6)
    schedule = values.text("lr_scheduler_type", "linear")
    if schedule not in ("constant", "constant_with_warmup", "SchedulerType.CONSTANT"):
        values.note(s.SCHEDULE, key="lr_scheduler_type", value=schedule)


def _without_counterpart(values: Values) -> None:
    for key, off in UNKNOWN_HERE.items():
        value = values.flat.get(key)
        if values.has(key) and value not in off and value not in ("None", "null"):
            values.note(s.NO_COUNTERPART, key=key, value=str(value))
    if values.flat.get("use_vllm") is True and values.flat.get("vllm_importance_sampling_correction", True) is True:
        values.note(s.VLLM_CORRECTION)
