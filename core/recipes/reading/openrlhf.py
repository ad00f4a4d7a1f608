"""OpenRLHF's arguments: dotted since 0.11, with underscores before."""

from __future__ import annotations

from core.logs.sentences import say
from core.logs.source import Refused
from core.recipes.reading import sentences as s
from core.recipes.reading.draft import Draft
from core.recipes.reading.values import Values

VERSION = "0.11.2"
# Today's name -> the name up to 0.10.
OLD = {
    "algo.advantage.estimator": "advantage_estimator", "algo.advantage.no_std_norm": "no_advantage_std_norm",
    "actor.eps_clip_low_high": "eps_clip_low_high", "actor.eps_clip": "eps_clip", "actor.dual_clip": "dual_clip",
    "actor.loss_agg_mode": "loss_agg_mode", "algo.kl.init_coef": "init_kl_coef", "algo.kl.use_loss": "use_kl_loss",
    "algo.kl.estimator": "kl_estimator", "actor.entropy_coef": "entropy_loss_coef", "algo.dynamic_filtering_enable": "dynamic_filtering",
    "reward.overlong_buffer_len": "overlong_buffer_len", "reward.overlong_penalty_factor": "overlong_penalty_factor",
    "rollout.batch_size": "rollout_batch_size", "rollout.n_samples_per_prompt": "n_samples_per_prompt", "train.batch_size": "train_batch_size",
    "train.max_epochs": "max_epochs", "rollout.max_new_tokens": "generate_max_len", "rollout.temperature": "temperature",
    "actor.adam.lr": "actor_learning_rate", "actor.max_norm": "max_norm",
}  # fmt: skip
CLIPPED = "ppo"  # the objective with a clipped ratio
AGGREGATIONS = {"token-mean": "token_mean", "seq-mean-token-mean": "sequence_mean"}
ESTIMATORS = {"group_norm": True, "dr_grpo": False}  # -> whether they divide by the standard deviation


def renamed(flat: dict) -> dict:
    """`flat` under today's names."""
    return flat | {new: flat[old] for new, old in OLD.items() if old in flat and new not in flat}


def read_openrlhf(values: Values) -> Draft:
    """Refused for an estimator without groups, and for one completion per prompt."""
    key = "algo.advantage.estimator"
    estimator = values.text(key, "gae")
    if estimator not in ESTIMATORS:
        raise Refused(say(s.NOT_GRPO, key=key, value=estimator, wanted="group_norm"))
    draft = Draft(values)
    bare = values.switch("algo.advantage.no_std_norm", False)
    draft.put("normalize_std", ESTIMATORS[estimator] and not bare, key)
    _clip(draft)
    _regularisers(draft)
    _sampling(draft)
    _sizes(draft)
    return draft


def _clip(draft: Draft) -> None:
    values, key = draft.values, "actor.eps_clip_low_high"
    both = values.flat.get(key)
    if isinstance(both, list) and len(both) == 2:
        low, high = both
    else:
        low = high = values.number("actor.eps_clip", 0.2)
    draft.put("eps_low", low, key)
    draft.put("eps_high", high, key)
    draft.put("dual_clip", values.number("actor.dual_clip", None), "actor.dual_clip")
    mode = values.text("actor.loss_agg_mode", "token-mean")
    if mode not in AGGREGATIONS:
        values.note(s.BAD_VALUE, key="actor.loss_agg_mode", value=mode, default="token-mean")
    draft.put("loss_aggregation", AGGREGATIONS.get(mode, "token_mean"), "actor.loss_agg_mode")
    if (kind := values.text("actor.policy_loss_type", CLIPPED)) != CLIPPED:
        values.note(s.LOSS_OTHER, key="actor.policy_loss_type", value=kind)


def _regularisers(draft: Draft) -> None:
    values = draft.values
    weight = values.number("algo.kl.init_coef", 0.01)
    if weight and not values.switch("algo.kl.use_loss", False):
        values.note(s.KL_IN_REWARD, key="algo.kl.init_coef")
    elif weight:
        draft.put("kl_coef", weight, "algo.kl.init_coef")
        draft.put("kl_estimator", values.text("algo.kl.estimator", "k1"), "algo.kl.estimator")
    draft.put("entropy_coef", values.number("actor.entropy_coef", None) or 0.0, "actor.entropy_coef")


def _sampling(draft: Draft) -> None:
    values = draft.values
    if values.switch("algo.dynamic_filtering_enable", False):
        draft.put("dynamic_sampling", "refill", "algo.dynamic_filtering_enable")
        values.note(s.NO_LIMIT_HERE, rounds=10)
    width = values.whole("reward.overlong_buffer_len", None)
    if width is None:
        return
    draft.put("overlong", "soft", "reward.overlong_buffer_len")
    limit = values.whole("rollout.max_new_tokens", None)
    if limit:
        draft.buffer = (width, limit)
    else:
        values.note(s.SOFT_ASKED, key="reward.overlong_buffer_len")
        draft.buffer = (1, 5)
    draft.put("overlong_penalty", values.number("reward.overlong_penalty_factor", 1.0), "reward.overlong_penalty_factor")


def _sizes(draft: Draft) -> None:
    values = draft.values
    group = values.whole("rollout.n_samples_per_prompt", 1)
    if group < 2:
        raise Refused(say(s.NO_GROUP, key="rollout.n_samples_per_prompt", value=group))
    prompts = values.whole("rollout.batch_size", 1024)
    update = values.whole("train.batch_size", 128)
    epochs = values.whole("train.max_epochs", 1)
    draft.sizes = {
        "group_size": group,
        "num_prompts": prompts,
        "epochs": epochs,
        "updates_per_rollout": epochs * prompts * group / update if update else 0,
        "temperature": values.number("rollout.temperature", 1.0),
        "max_grad_norm": values.number("actor.max_norm", 1.0),
    }
    draft.learning_rate = values.number("actor.adam.lr", 1e-6)
    schedule = values.text("actor.lr_scheduler", "cosine_with_min_lr")
    if schedule != "constant":
        values.note(s.SCHEDULE, key="actor.lr_scheduler", value=schedule)
