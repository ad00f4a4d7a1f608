"""TRL (0.14 to 1.16), Unsloth, Open-R1 and ms-swift: one family of names. https://huggingface.co/docs/trl/grpo_trainer#logged-metrics"""

from core.logs.names import notes as n
from core.logs.names.entry import Name

NAMES: tuple[Name, ...] = (
    Name("entropy", "entropy_nats", note=n.ENTROPY_TRL),
    Name("entropy/mean", "entropy_nats", note=n.ENTROPY_PER_COMPLETION),
    Name("entropy/entropy_mean", "entropy_nats", note=n.ENTROPY_PER_COMPLETION),  # ms-swift on Megatron
    Name("grad_norm", "grad_norm", note=n.GRAD_LAST),
    Name("loss", "loss", note=n.LOSS_TRL),
    Name("training loss", "loss", note=n.LOSS_TRL),  # the table of a notebook
    Name("policy_loss", "loss", note=n.LOSS_TRL),
    Name("policy_loss", "policy_loss", note=n.LOSS_TRL),
    Name("reward", "reward_mean", note=n.REWARD_TOTAL),
    Name("reward", "reward_trained_mean", note=n.REWARD_TRAINED, of=("ms-swift", "OpenRLHF")),
    Name("reward_std", "reward_std", note=n.STD_TRL),
    Name("frac_reward_zero_std", "zero_std_fraction", note=n.ZERO_STD),
    Name("clip_ratio/low_mean", "clip_fraction_low"),
    Name("clip_ratio/high_mean", "clip_fraction_high"),
    Name("clip_ratio/region_mean", "clip_fraction", note=n.CLIP_BOTH),
    Name("clip_ratio", "clip_fraction", note=n.CLIP_BOTH),
    Name("cispo_clip_ratio", "clip_fraction", note=n.CLIP_BOTH),
    Name("completions/mean_length", "completion_tokens_mean"),
    Name("completion_length", "completion_tokens_mean"),  # up to 0.16
    Name("completions/max_length", "completion_tokens_max"),
    Name("completions/min_length", "completion_tokens_min"),
    Name("completions/mean_terminated_length", "completion_tokens_ended_mean", "zero_is_none", n.NONE_ENDED),
    Name("completions/clipped_ratio", "truncated_fraction"),
    Name("response_clip_ratio", "truncated_fraction"),  # ms-swift 3.0
    Name("kl", "kl_base", note=n.KL_TRL),
    Name("learning_rate", "learning_rate"),
    Name("lr", "learning_rate"),
    Name("eval_accuracy", "eval_accuracy"),
    Name("eval_reward", "eval_reward", note=n.EVAL_SAMPLED),
)
