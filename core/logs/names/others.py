"""OpenRLHF, slime, prime-rl, tinker, ROLL, and the Lab's own CSV."""

from core.analysis.metrics import METRIC_NAMES
from core.logs.names import notes as n
from core.logs.names.entry import Name

OPENRLHF: tuple[Name, ...] = (
    Name("entropy_loss", "entropy_nats", note=n.ENTROPY_LOSS),
    Name("actor_grad_norm", "grad_norm", note=n.GRAD_LAST),
    Name("rollout/reward_mean", "reward_mean"),
    Name("rm", "reward_mean"),  # of its progress bar, as glen
    Name("glen", "completion_tokens_mean"),
    Name("dynamic_filtering_pass_rate", "filter_ratio", "percent_kept", n.PASS_RATE),
    Name("ppo_clip_ratio", "clip_fraction", note=n.CLIP_BOTH),
    Name("response_length", "completion_tokens_mean"),
    Name("rollout/response_length_mean", "completion_tokens_mean"),
    Name("truncated", "truncated_fraction"),
    Name("rollout/truncated_rate", "truncated_fraction"),
    Name("group_reward_std", "reward_std"),
    Name("ppo_kl", "kl_old", note=n.KL_OLD),
    Name("actor_lr", "learning_rate"),
    Name("eval/eval_*_pass1", "eval_accuracy", note=n.EVAL_SAMPLED),
    Name("eval_*_pass1", "eval_accuracy", note=n.EVAL_SAMPLED),
)

# rollout/rewards is the standardised reward: never the reward.
SLIME: tuple[Name, ...] = (
    Name("train/entropy_loss", "entropy_nats", note=n.ENTROPY_LOSS),
    Name("rollout/entropy", "entropy_nats"),
    Name("train/grad_norm", "grad_norm", note=n.GRAD_LAST),
    Name("train/loss", "loss", note=n.LOSS),
    Name("train/pg_loss", "loss", note=n.LOSS),
    Name("train/pg_loss", "policy_loss", note=n.LOSS),
    Name("rollout/raw_reward", "reward_mean", note=n.REWARD_RAW),
    Name("rollout/zero_std/count_0", "all_wrong_groups", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/count_0.0", "all_wrong_groups", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/count_-1", "all_wrong_groups", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/count_-1.0", "all_wrong_groups", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/all_zero_percentage", "all_wrong_fraction", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/all_one_percentage", "all_right_fraction", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/count_1", "all_right_groups", note=n.COUNTED_BY_REWARD),
    Name("rollout/zero_std/count_1.0", "all_right_groups", note=n.COUNTED_BY_REWARD),
    Name("train/pg_clipfrac", "clip_fraction", note=n.CLIP_BOTH),
    Name("rollout/response_len/mean", "completion_tokens_mean"),
    Name("rollout/response_lengths", "completion_tokens_mean"),
    Name("rollout/response_len/max", "completion_tokens_max"),
    Name("rollout/response_len/min", "completion_tokens_min"),
    Name("rollout/truncated_ratio", "truncated_fraction"),
    Name("rollout/truncated", "truncated_fraction"),
    Name("train/kl_loss", "kl_base", note=n.KL_SAMPLED),
    Name("train/ppo_kl", "kl_old", note=n.KL_OLD),
    Name("train/lr-pg_0", "learning_rate"),
)

PRIME_RL: tuple[Name, ...] = (
    Name("entropy/all/mean", "entropy_nats", note=n.ENTROPY_TRAINED),
    Name("optim/grad_norm", "grad_norm", note=n.GRAD_LAST),
    Name("grad. norm", "grad_norm", note=n.GRAD_LAST),
    Name("loss/mean", "loss", note=n.LOSS),
    Name("reward/all/mean", "reward_mean"),
    Name("reward/mean", "reward_mean"),
    Name("train/agg/all/*/reward/mean", "reward_mean"),
    Name("train/agg/effective/*/reward/mean", "reward_trained_mean"),
    Name("*/solved_none", "all_wrong_fraction"),
    Name("*/solved_all", "all_right_fraction"),
    Name("zero_advantage", "zero_std_fraction", note=n.GROUPS_COUNTED),
    Name("is_masked_low/mean", "clip_fraction_low"),
    Name("is_masked_high/mean", "clip_fraction_high"),
    Name("is_masked/mean", "clip_fraction", note=n.CLIP_BOTH),
    Name("*/num_output_tokens/mean", "completion_tokens_mean"),
    Name("num_output_tokens/*/mean", "completion_tokens_mean"),
    Name("num_output_tokens/mean", "completion_tokens_mean"),
    Name("seq. length", "completion_tokens_mean", note=n.LENGTH_WITH_PROMPT),
    Name("seq_len/all/mean", "completion_tokens_mean", note=n.LENGTH_WITH_PROMPT),
    Name("*/is_truncated/mean", "truncated_fraction"),
    Name("is_truncated/*/mean", "truncated_fraction"),
    Name("is_truncated/mean", "truncated_fraction"),
    Name("mismatch_kl/all/mean", "mismatch_kl"),
    Name("mismatch_kl/mean", "mismatch_kl"),
    Name("mismatch kl", "mismatch_kl"),
    Name("optim/lr", "learning_rate"),
    Name("eval/*/avg@*", "eval_accuracy", note=n.EVAL_SAMPLED),
)

TINKER: tuple[Name, ...] = (
    Name("optim/entropy", "entropy_nats", note=n.ENTROPY_TRAINED),
    Name("policy/entropy", "entropy_nats", note=n.ENTROPY_TRAINED),
    Name("*/grad_norm", "grad_norm", note=n.GRAD_LAST),
    Name("env/all/reward/total", "reward_mean"),
    Name("env/all/correct", "accuracy", note=n.SHARE_RIGHT),
    Name("env/all/by_group/frac_all_bad", "all_wrong_fraction"),
    Name("env/all/by_group/frac_all_good", "all_right_fraction"),
    Name("env/all/ac_tokens_per_turn", "completion_tokens_mean"),
    Name("optim/kl_sample_train_v1", "mismatch_kl"),
    Name("test/env/all/correct", "eval_accuracy"),
    Name("test/env/all/reward/total", "eval_reward"),
)

# What verl names alike is in verl's table. actor/ppo_ratio_low_clipfrac and _high_ count ratios outside the range whatever the advantage's
# sign, which is no share that a clip stops: they stand for nothing here.
ROLL: tuple[Name, ...] = (
    Name("critic/entropy/mean", "entropy_nats", note=n.ENTROPY_ROLL),
    Name("actor_train/grad_norm", "grad_norm", note=n.GRAD),
    Name("actor/total_loss", "loss", note=n.LOSS, of=("ROLL",)),
    Name("actor/pg_loss", "policy_loss", note=n.LOSS, of=("ROLL",)),
    Name("actor/clipfrac", "clip_fraction", note=n.CLIP_BOTH),
    Name("actor/approxkl", "kl_old", note=n.KL_OLD),
    Name("token/response_length/mean", "completion_tokens_mean", note=n.LENGTH_TRAINED),
    Name("token/response_length/max", "completion_tokens_max", note=n.LENGTH_TRAINED),
    Name("token/response_length/min", "completion_tokens_min", note=n.LENGTH_TRAINED),
    Name("val_correct/all/mean", "eval_accuracy", note=n.EVAL_SAMPLED),
)

LAB: tuple[Name, ...] = tuple(Name(metric, metric) for metric in METRIC_NAMES)
