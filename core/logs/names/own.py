"""Names of loops that people wrote themselves, by what they usually call things; looked up last and always with a note."""

from core.logs.names import notes as n
from core.logs.names.entry import Name

_WORDS: tuple[tuple[str, str], ...] = (
    ("policy/entropy", "entropy_nats"), ("policy_entropy", "entropy_nats"), ("mean_entropy", "entropy_nats"), ("entropy_mean", "entropy_nats"),
    ("avg_entropy", "entropy_nats"), ("token_entropy", "entropy_nats"), ("gradient_norm", "grad_norm"), ("gradnorm", "grad_norm"),
    ("grad_norm_mean", "grad_norm"), ("total_loss", "loss"), ("pg_loss", "loss"), ("actor_loss", "loss"), ("grpo_loss", "loss"),
    ("loss_total", "loss"), ("mean_loss", "loss"), ("mean_reward", "reward_mean"), ("reward_avg", "reward_mean"), ("avg_reward", "reward_mean"),
    ("average_reward", "reward_mean"), ("reward/total", "reward_mean"), ("rewards/mean", "reward_mean"), ("reward_total", "reward_mean"),
    ("total_reward", "reward_mean"), ("rewards_mean", "reward_mean"), ("score_mean", "reward_mean"), ("mean_score", "reward_mean"),
    ("std_reward", "reward_std"), ("rewards/std", "reward_std"), ("reward/std", "reward_std"), ("max_reward", "reward_max"),
    ("min_reward", "reward_min"), ("reward/max", "reward_max"), ("reward/min", "reward_min"), ("clip_frac", "clip_fraction"),
    ("clipfrac", "clip_fraction"), ("clip_fraction", "clip_fraction"), ("pg_clipfrac", "clip_fraction"), ("clip_rate", "clip_fraction"),
    ("response_length_mean", "completion_tokens_mean"), ("mean_response_length", "completion_tokens_mean"),
    ("mean_completion_length", "completion_tokens_mean"), ("avg_response_length", "completion_tokens_mean"),
    ("completion_length_mean", "completion_tokens_mean"), ("mean_length", "completion_tokens_mean"), ("avg_length", "completion_tokens_mean"),
    ("response_length_max", "completion_tokens_max"), ("truncation_rate", "truncated_fraction"), ("truncation_ratio", "truncated_fraction"),
    ("truncated_ratio", "truncated_fraction"), ("cap_hit_rate", "truncated_fraction"), ("clipped_ratio", "truncated_fraction"),
    ("kl_divergence", "kl_base"), ("kl_div", "kl_base"), ("kl_loss", "kl_base"), ("mean_kl", "kl_base"), ("kl_mean", "kl_base"),
    ("kl_to_ref", "kl_base"), ("kl_ref", "kl_base"), ("approx_kl", "kl_old"), ("zero_std_group_ratio", "zero_std_fraction"),
    ("zero_std_ratio", "zero_std_fraction"), ("frac_zero_std", "zero_std_fraction"), ("zero_variance_ratio", "zero_std_fraction"),
    ("zero_variance_fraction", "zero_std_fraction"), ("dead_group_fraction", "zero_std_fraction"), ("zero_advantage_ratio", "zero_std_fraction"),
    ("frac_groups_zero_std", "zero_std_fraction"), ("group_reward_all_zero_rate", "all_wrong_fraction"),
    ("group_reward_all_one_rate", "all_right_fraction"), ("all_zero_rate", "all_wrong_fraction"), ("all_one_rate", "all_right_fraction"),
    ("all_wrong_ratio", "all_wrong_fraction"), ("all_correct_ratio", "all_right_fraction"), ("solve_none", "all_wrong_groups"),
    ("solve_all", "all_right_groups"), ("all_wrong_groups", "all_wrong_groups"), ("all_correct_groups", "all_right_groups"),
    ("learning_rate", "learning_rate"), ("validation_accuracy", "eval_accuracy"), ("val_accuracy", "eval_accuracy"),
    ("test_accuracy", "eval_accuracy"), ("eval/accuracy", "eval_accuracy"), ("eval_acc", "eval_accuracy"), ("val_acc", "eval_accuracy"),
    ("eval_correct_rt", "eval_accuracy"), ("eval_correct_rate", "eval_accuracy"), ("accuracy", "accuracy"), ("train_accuracy", "accuracy"),
    ("batch_accuracy", "accuracy"), ("solve_rate", "accuracy"), ("pass_rate", "accuracy"), ("eval_reward_mean", "eval_reward"),
    ("val_reward", "eval_reward"), ("actor/learning_rate", "learning_rate"), ("actor_loss/mean", "loss"),
    ("num_gen_batches", "generation_rounds"),
)  # fmt: skip

NAMES: tuple[Name, ...] = tuple(Name(logged, metric, note=n.OWN_NAME) for logged, metric in _WORDS)
