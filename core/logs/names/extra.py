"""What other trainers log and the Lab does not: series beside the metric table that diagnosis and charts need."""

from __future__ import annotations

from core.analysis.metrics import Metric

_GENERATED = "all completions generated for the rollout"

EXTRA: tuple[Metric, ...] = (
    Metric(
        "zero_std_fraction", "fraction", "rollout", "all groups generated for the rollout",
        "groups whose completions all have the same reward ÷ groups: the sum of all_wrong_fraction and all_right_fraction where rewards are 0/1",
    ),
    Metric("clip_fraction", "fraction", "update", "all completion tokens of the minibatch", "tokens that either clip stops ÷ tokens"),
    Metric("reward_std", "reward", "rollout", _GENERATED, "standard deviation of the reward, within groups or over the batch: see the note"),
    Metric("reward_min", "reward", "rollout", _GENERATED, "smallest reward"),
    Metric("reward_max", "reward", "rollout", _GENERATED, "largest reward"),
    Metric("advantage_mean", "1", "rollout", "completions that are trained on", "mean advantage"),
    Metric("advantage_max", "1", "rollout", "completions that are trained on", "largest advantage"),
    Metric("advantage_min", "1", "rollout", "completions that are trained on", "smallest advantage"),
    Metric("completion_tokens_max", "tokens", "rollout", _GENERATED, "length of the longest completion"),
    Metric("completion_tokens_min", "tokens", "rollout", _GENERATED, "length of the shortest completion"),
    Metric(
        "completion_tokens_ended_mean", "tokens", "rollout", "completions that ended by themselves",
        "mean length; empty where none ended",
    ),
    Metric("learning_rate", "1", "update", "the optimiser", "step size of the update"),
    Metric("kl_old", "nats", "update", "completion tokens of the minibatch", "approximate KL to the policy that generated the rollout"),
    Metric(
        "mismatch_kl", "nats", "update", "completion tokens of the minibatch",
        "approximate KL between the generating engine and the trainer for the same weights",
    ),
    Metric("eval_reward", "reward", "evaluation", "held-out prompts", "mean reward"),
    Metric("all_wrong_groups", "count", "rollout", "all groups generated for the rollout", "groups without a right completion"),
    Metric("all_right_groups", "count", "rollout", "all groups generated for the rollout", "groups without a wrong completion"),
    Metric("policy_loss", "1", "update", "the update's minibatch", "the policy's part of the loss, where the whole loss is logged too"),
)  # fmt: skip
EXTRA_NAMES = tuple(metric.name for metric in EXTRA)
