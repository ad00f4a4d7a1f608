"""Which framework wrote a log, by names that only it uses."""

from __future__ import annotations

from collections.abc import Iterable

from core.logs.model import ROLLOUT, UPDATE, Guess
from core.logs.steps import fold

UNKNOWN = "unknown"

# Framework -> what a step counts, and beginnings or whole names that speak for it (folded).
_EVIDENCE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "verl": (
        ROLLOUT,
        ("actor_pg_", "actor_ppo_kl", "actor_entropy", "critic_score_", "critic_advantages_", "critic_rewards_", "response_length_",
         "global_seqlen_",         "timing_s_", "val_core_", "training_filter_groups"),
        ("actor_grad_norm", "actor_lr", "train_num_gen_batches"),
    ),
    "ms-swift": (UPDATE, ("train_speed_",), ("global_step_max_steps", "memory_gib", "elapsed_time", "entropy_mean", "remaining_time")),
    "TRL": (
        UPDATE,
        ("completions_", "clip_ratio_", "sampling_importance_sampling_ratio_", "sampling_sampling_", "rewards_", "eval_rewards_"),
        ("reward", "reward_std", "completion_length", "frac_reward_zero_std", "num_tokens", "kl", "epoch"),
    ),
    "slime": (
        ROLLOUT, ("rollout_response_len_", "rollout_zero_std_", "train_train_rollout_logprob", "train_lr_pg_", "train_tis"),
        ("rollout_raw_reward", "train_entropy_loss", "rollout_truncated_ratio", "rollout_rewards", "train_pg_clipfrac"),
    ),
    "OpenRLHF": (
        ROLLOUT, ("actor_grad_norm", "rollout_response_length_"),
        ("dynamic_filtering_pass_rate", "ppo_clip_ratio", "actor_lr", "group_reward_std", "policy_loss", "response_length", "ppo_kl"),
    ),
    "prime-rl": (
        ROLLOUT, ("mismatch_kl", "is_masked", "train_agg_", "entropy_all_", "seq_len_", "async_level", "max_off_policy"),
        ("optim_grad_norm", "seq_length", "throughput", "solved_none_all", "zero_advantage"),
    ),
    "tinker": (ROLLOUT, ("env_all_", "test_env_", "time_sampl", "time_env_"),
        ("progress_done_frac", "progress_batch", "optim_lr", "policy_entropy", "optim_entropy")),
    "ROLL": (
        ROLLOUT, ("token_response_length_", "token_prompt_length_", "actor_train_", "val_correct_", "actor_ppo_ratio_", "time_actor_train_"),
        ("critic_entropy_mean", "actor_approxkl", "actor_policykl", "actor_total_loss", "actor_clipfrac", "system_step"),
    ),
    "DAPO Lab": (UPDATE, (), ("entropy_nats", "filter_ratio", "upclipped_prob_mean", "completion_tokens_mean", "generation_rounds", "kl_base")),
}  # fmt: skip


_ADDS_TO = {"ms-swift": "TRL", "ROLL": "verl"}  # ms-swift trains with TRL's trainer; ROLL took many of verl's names over


def guess_framework(names: Iterable[str]) -> tuple[Guess, str]:
    """The framework with most names of its own among `names`, and what its step counts ("" if no framework was recognised).

    "sure" needs four names and twice as many as the next framework has; "likely" two."""
    folded = {name: fold(name) for name in names}
    scores = {}
    for framework, (unit, beginnings, whole) in _EVIDENCE.items():
        hits = [
            name for name, text in folded.items()
            if text in whole or text.removeprefix("train_") in whole or text.startswith(beginnings or ("\0",))
        ]  # fmt: skip
        scores[framework] = (len(hits), hits, unit)
    for framework, base in _ADDS_TO.items():
        if scores[framework][0] >= 2 and scores[base][0]:
            count, names, unit = scores[framework]
            scores[framework] = (scores[base][0] + count, names, unit)
            scores[base] = (0, [], unit)
    ranked = sorted(scores.items(), key=lambda item: -item[1][0])
    (best, (count, hits, unit)), (_, (second, _, _)) = ranked[0], ranked[1]
    if count < 2 or count == second:
        return Guess(UNKNOWN, "unknown"), ""
    return Guess(best, "sure" if count >= 4 and count >= 2 * second else "likely", tuple(sorted(hits)[:6])), unit
