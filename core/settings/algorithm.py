"""Algorithms are data: GRPO and DAPO are two values of one frozen type, and every technique is a field of it."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from core.settings.schema import PerReplica, settings

# The three defects of the original lab exercise. Nothing but the `lab` scenario and its tests may set them.
Defect = Literal["undetached_ratio", "single_update", "whole_batch_filter"]
LAB_DEFECTS: tuple[Defect, ...] = get_args(Defect)


@settings
class AlgorithmConfig:
    """One policy-gradient algorithm. Every technique is a field, switchable alone; an ablation is a `replace(...)`."""

    normalize_std: bool = Field(True, description="Divide advantages by the group's standard deviation (off = Dr. GRPO).")
    eps_low: PerReplica[Annotated[float, Field(ge=0.0, le=1.0)]] = Field(
        0.2, description="The ratio is clipped below 1 - eps_low."
    )
    eps_high: PerReplica[Annotated[float, Field(ge=0.0, le=10.0)]] = Field(
        0.2, description="The ratio is clipped above 1 + eps_high. Clip-Higher raises it (DAPO: 0.28)."
    )
    reward_clip_factor: float = Field(
        1.0,
        ge=1.0,
        le=10.0,
        description="The lab's Clip-Higher: eps_high is multiplied by this for samples whose normalised reward exceeds 0.5 (lab: 2).",
    )
    dual_clip: float | None = Field(
        None, ge=1.0, le=1000.0, description="Upper bound c on the ratio where the advantage is negative (none = off)."
    )
    loss_aggregation: Literal["sequence_mean", "token_mean", "constant"] = Field(
        "sequence_mean",
        description="How token losses become one number: sequence_mean (GRPO), token_mean (DAPO), constant (Dr. GRPO).",
    )
    dynamic_sampling: Literal["off", "filter", "refill"] = Field(
        "off",
        description="off: train on every group. filter: drop groups of too little variance. "
        "refill: drop groups without signal and sample again.",
    )
    filter_on: Literal["correct", "reward"] = Field(
        "correct", description="What dynamic sampling looks at: raw correctness, or the reward after noise and shaping."
    )
    filter_threshold: float = Field(
        0.05, ge=0.0, le=1.0, description="filter drops a group whose normalised-reward variance is below this."
    )
    max_rounds: int = Field(
        10, ge=1, le=100, description="refill generates at most this many times per rollout, then trains on what there is."
    )
    overlong: Literal["none", "soft", "filter"] = Field(
        "none",
        description="Long completions: none, soft (DAPO's punishment ramp), filter (truncated completions leave the loss).",
    )
    overlong_buffer_tokens: int = Field(
        4, ge=1, le=64, json_schema_extra={"unit": "tokens"}, description="Width of the punishment ramp before the length limit."
    )
    overlong_penalty: float = Field(
        0.5,
        ge=0.0,
        le=10.0,
        description="Punishment at the length limit. 0.5 on rewards 0/1 is the paper's 1.0 on rewards -1/+1.",
    )
    kl_coef: float = Field(0.0, ge=0.0, le=10.0, description="Weight of the KL penalty to the base policy.")
    kl_estimator: Literal["k1", "k2", "k3"] = Field("k3", description="Estimator of that KL.")
    entropy_coef: float = Field(0.0, ge=0.0, le=1.0, description="Weight of the entropy bonus.")
    defects: tuple[Defect, ...] = Field((), description="Deliberate bugs of the original lab; only for the lab scenario.")


GRPO = AlgorithmConfig()
DAPO = AlgorithmConfig(eps_high=0.28, loss_aggregation="token_mean", dynamic_sampling="refill", overlong="soft")
