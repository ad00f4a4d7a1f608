"""The table of all metrics: name, unit, population, definition, equation. The README's table and the columns of the CSV are made from it.

A metric of level `update` is measured on the minibatch of each update. A metric of level `rollout` is measured on all completions generated
for a rollout, including those of dropped groups, under the policy that generated them; its value stands at the first update of the
rollout. `kl_base` is measured so at every `eval_every`-th rollout, and once more after the last update. `eval_accuracy` stands at the
update after which it was measured: at update 0 for the untrained policy, whose row has no other metric, at the last update of every
`eval_every`-th rollout, and at the last update of the run. A metric that was not measured is empty, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

INDEX_COLUMNS = ("run_id", "algorithm", "seed", "update", "rollout", "samples_generated", "wall_seconds", "token_cost")


@dataclass(frozen=True)
class Metric:
    """One column. `level` is update, rollout or evaluation: how often it is measured."""

    name: str
    unit: str
    level: str
    population: str
    definition: str
    equation: str = ""


METRICS: tuple[Metric, ...] = (
    Metric(
        "entropy_nats",
        "nats",
        "rollout",
        "all tokens generated for the rollout",
        "entropy of the policy over the whole vocabulary where each token was sampled, mean over tokens",
        "-Σ_v π(v) log π(v)",
    ),
    Metric(
        "grad_norm",
        "1",
        "update",
        "all parameters of the replica",
        "global L2 norm of the loss gradient before clipping",
        "‖∇J‖₂",
    ),
    Metric(
        "loss",
        "1",
        "update",
        "the update's minibatch",
        "the loss that is differentiated; not a measure of progress",
        "GRPO Eq. 5, DAPO Eq. 8",
    ),
    Metric(
        "accuracy",
        "fraction",
        "rollout",
        "all completions generated for the rollout",
        "share that is right, before noise and before filtering",
    ),
    Metric(
        "reward_mean",
        "reward",
        "rollout",
        "all completions generated for the rollout",
        "mean reward as the algorithm sees it (after noise and shaping), before filtering",
    ),
    Metric(
        "reward_trained_mean",
        "reward",
        "rollout",
        "completions of the groups that are trained on",
        "mean reward of what is left after filtering",
    ),
    Metric(
        "filter_ratio",
        "fraction",
        "rollout",
        "all groups generated for the rollout",
        "groups dropped by dynamic sampling ÷ groups generated",
        "DAPO Eq. 11",
    ),
    Metric(
        "all_wrong_fraction",
        "fraction",
        "rollout",
        "all groups generated for the rollout",
        "groups without a right completion ÷ groups",
        "#correct = 0",
    ),
    Metric(
        "all_right_fraction",
        "fraction",
        "rollout",
        "all groups generated for the rollout",
        "groups without a wrong completion ÷ groups",
        "#correct = G",
    ),
    Metric(
        "zero_advantage_fraction",
        "fraction",
        "rollout",
        "groups that are trained on",
        "groups whose advantages are all exactly 0 ÷ groups; noise and shaping can tell answers apart that are all wrong or all right",
        "Â_1 = … = Â_G = 0",
    ),
    Metric(
        "clip_fraction_low",
        "fraction",
        "update",
        "all completion tokens of the minibatch",
        "tokens whose gradient the lower clip stops ÷ tokens",
        "A < 0 and r < 1 - ε_low",
    ),
    Metric(
        "clip_fraction_high",
        "fraction",
        "update",
        "all completion tokens of the minibatch",
        "tokens whose gradient the upper clip stops ÷ tokens",
        "A > 0 and r > 1 + ε_high (DAPO Eq. 10)",
    ),
    Metric(
        "upclipped_prob_mean",
        "probability",
        "update",
        "tokens that the upper clip stops",
        "mean probability under the policy that sampled them",
        "mean π_old",
    ),
    Metric(
        "ratio_max", "1", "update", "all completion tokens of the minibatch", "largest importance ratio", "max r (DAPO Eq. 6)"
    ),
    Metric(
        "completion_tokens_mean",
        "tokens",
        "rollout",
        "all completions generated for the rollout",
        "mean length, end token included",
    ),
    Metric(
        "truncated_fraction",
        "fraction",
        "rollout",
        "all completions generated for the rollout",
        "completions cut at the length limit ÷ completions",
    ),
    Metric(
        "generation_rounds", "count", "rollout", "the rollout", "how often prompts were generated for until the batch was full"
    ),
    Metric(
        "eval_accuracy",
        "fraction",
        "evaluation",
        "held-out prompts, greedy",
        "share of right greedy answers; for the bandit the policy's expected true reward",
    ),
    Metric(
        "kl_base",
        "nats",
        "evaluation",
        "the tokens of the rollout's batch",
        "KL divergence from the base policy, exact over the vocabulary, mean over tokens",
        "Σ_v π(v) log(π(v) / π_base(v))",
    ),
)

METRIC_NAMES = tuple(m.name for m in METRICS)
LEVELS = {m.name: m.level for m in METRICS}


def metric_table() -> str:
    """The metrics as a Markdown table."""
    head = "| metric | unit | measured per | population | definition | equation |\n| --- | --- | --- | --- | --- | --- |\n"
    rows = (
        f"| `{m.name}` | {m.unit} | {m.level} | {m.population} | {m.definition} | {m.equation} |\n".replace("  |", " |")
        for m in METRICS
    )
    return head + "".join(rows)
