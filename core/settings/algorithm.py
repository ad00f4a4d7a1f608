"""Algorithms are data: GRPO and DAPO are two values of one frozen type, and every technique is a field of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.fields import check_fields, setting

# The three defects of the original lab exercise. Nothing but the `lab` scenario and its tests may set them.
LAB_DEFECTS = ("undetached_ratio", "single_update", "whole_batch_filter")


@dataclass(frozen=True, kw_only=True)
class AlgorithmConfig:
    """One policy-gradient algorithm. Every technique is a field, switchable alone; an ablation is a `replace(...)`."""

    normalize_std: bool = setting(True, "Divide advantages by the group's standard deviation (off = Dr. GRPO).")
    eps_low: float | tuple[float, ...] = setting(
        0.2, "The ratio is clipped below 1 - eps_low.", min=0.0, max=1.0, per_replica=True
    )
    eps_high: float | tuple[float, ...] = setting(
        0.2, "The ratio is clipped above 1 + eps_high. Clip-Higher raises it (DAPO: 0.28).", min=0.0, max=10.0, per_replica=True
    )
    reward_clip_factor: float = setting(
        1.0,
        "The lab's Clip-Higher: eps_high is multiplied by this for samples whose normalised reward exceeds 0.5 (lab: 2).",
        min=1.0,
        max=10.0,
    )
    dual_clip: float | None = setting(
        None, "Upper bound c on the ratio where the advantage is negative (none = off).", min=1.0, max=1000.0
    )
    loss_aggregation: str = setting(
        "sequence_mean",
        "How token losses become one number: sequence_mean (GRPO), token_mean (DAPO), constant (Dr. GRPO).",
        choices=("sequence_mean", "token_mean", "constant"),
    )
    dynamic_sampling: str = setting(
        "off",
        "off: train on every group. filter: drop groups of too little variance. refill: drop groups without signal and sample again.",
        choices=("off", "filter", "refill"),
    )
    filter_on: str = setting(
        "correct",
        "What dynamic sampling looks at: raw correctness, or the reward after noise and shaping.",
        choices=("correct", "reward"),
    )
    filter_threshold: float = setting(
        0.05, "filter drops a group whose normalised-reward variance is below this.", min=0.0, max=1.0
    )
    max_rounds: int = setting(
        10, "refill generates at most this many times per rollout, then trains on what there is.", min=1, max=100
    )
    overlong: str = setting(
        "none",
        "Long completions: none, soft (DAPO's punishment ramp), filter (truncated completions leave the loss).",
        choices=("none", "soft", "filter"),
    )
    overlong_buffer_tokens: int = setting(
        4, "Width of the punishment ramp before the length limit.", min=1, max=64, unit="tokens"
    )
    overlong_penalty: float = setting(
        0.5, "Punishment at the length limit. 0.5 on rewards 0/1 is the paper's 1.0 on rewards -1/+1.", min=0.0, max=10.0
    )
    kl_coef: float = setting(0.0, "Weight of the KL penalty to the base policy.", min=0.0, max=10.0)
    kl_estimator: str = setting("k3", "Estimator of that KL.", choices=("k1", "k2", "k3"))
    entropy_coef: float = setting(0.0, "Weight of the entropy bonus.", min=0.0, max=1.0)
    defects: tuple[str, ...] = setting((), "Deliberate bugs of the original lab; only for the lab scenario.", choices=LAB_DEFECTS)

    def __post_init__(self) -> None:
        check_fields(self)


GRPO = AlgorithmConfig()
DAPO = AlgorithmConfig(eps_high=0.28, loss_aggregation="token_mean", dynamic_sampling="refill", overlong="soft")
