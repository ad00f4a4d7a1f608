"""verl (0.2 to 0.9), its DAPO recipe and what is built on them. https://verl.readthedocs.io"""

from core.logs.names import notes as n
from core.logs.names.entry import Name

# response_length/clip_ratio is looked at by itself (`core.logs.verdicts`): in some versions it is no truncated share.
# actor/pg_clipfrac_lower is the share that the dual clip stops, not the lower clip, and stands for nothing here.
NAMES: tuple[Name, ...] = (
    Name("actor/entropy", "entropy_nats", note=n.ENTROPY_VERL),
    Name("actor/entropy_loss", "entropy_nats", note=n.ENTROPY_LOSS),
    Name("actor/grad_norm", "grad_norm", note=n.GRAD_MEAN),
    Name("actor/loss", "loss", note=n.LOSS_VERL),
    Name("actor/pg_loss", "loss", note=n.LOSS_VERL),
    Name("actor/pg_loss", "policy_loss", note=n.LOSS_VERL),
    Name("critic/score/mean", "reward_trained_mean", note=n.REWARD_BEFORE_KL),
    Name("critic/rewards/mean", "reward_trained_mean", note=n.REWARD_AFTER_KL),
    Name("critic/score/max", "reward_max"),
    Name("critic/score/min", "reward_min"),
    Name("critic/rewards/max", "reward_max"),
    Name("critic/rewards/min", "reward_min"),
    Name("critic/advantages/mean", "advantage_mean"),
    Name("critic/advantages/max", "advantage_max"),
    Name("critic/advantages/min", "advantage_min"),
    Name("actor/pg_clipfrac", "clip_fraction", note=n.CLIP_VERL),
    Name("actor/pg_clipfrac_higher", "clip_fraction", note=n.CLIP_VERL),  # EasyR1: clipped to a higher loss, on either side
    Name("response_length/mean", "completion_tokens_mean", note=n.LENGTH_TRAINED),
    Name("response_length/max", "completion_tokens_max", note=n.LENGTH_TRAINED),
    Name("response_length/min", "completion_tokens_min", note=n.LENGTH_TRAINED),
    Name("response_length/clip_ratio", "truncated_fraction", note=n.TRUNCATED_VERL),
    Name("train/num_gen_batches", "generation_rounds", note=n.GENERATION_BATCHES),
    Name("actor/kl_loss", "kl_base", note=n.KL_SAMPLED),
    Name("actor/reward_kl_penalty", "kl_base", note=n.KL_SAMPLED),
    Name("actor/ppo_kl", "kl_old", note=n.KL_OLD),
    Name("rollout_corr/kl", "mismatch_kl"),
    Name("actor/lr", "learning_rate"),
    Name("val-core/*/acc/mean@*", "eval_accuracy", note=n.EVAL_SAMPLED),
    Name("val/test_score/*", "eval_reward", note=n.EVAL_SAMPLED),
    Name("val-core/*/reward/mean@*", "eval_reward", note=n.EVAL_SAMPLED),
)
