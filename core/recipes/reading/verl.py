"""verl's configuration: resolved or not, or the overrides of a command line."""

from __future__ import annotations

from core.logs.sentences import say
from core.logs.source import Refused
from core.recipes.reading import sentences as s
from core.recipes.reading.draft import Draft
from core.recipes.reading.values import Values
from core.recipes.verl import ACTOR, AGGREGATION, ROLLOUT

VERSION = "0.9.1"
AGGREGATIONS = {theirs: ours for ours, theirs in AGGREGATION.items()} | {
    "seq-mean-token-sum": "constant",
    "token-sum": "constant",
}
ESTIMATORS = {"kl": "k1", "k1": "k1", "mse": "k2", "k2": "k2", "low_var_kl": "k3", "k3": "k3"}
GROUP_RELATIVE = ("grpo", "grpo_vectorized")  # of verl's advantage estimators
OFF_FROM = 100.0  # a dual clip this large never acts
# Where the overlong punishment stood: since 0.9.0, and before.
OVERLONG = (
    "reward.reward_kwargs.overlong_buffer_cfg.",
    "reward_model.reward_kwargs.overlong_buffer_cfg.",
    "reward_model.overlong_buffer.",
)
LENGTHS = ("reward.reward_kwargs.max_resp_len", "reward_model.reward_kwargs.max_resp_len", "data.max_response_length")


def version_of(flat: dict, given: str | None) -> tuple[str, str]:
    """(version, the name by which it was recognised, or "")."""
    if given is not None:
        return given, ""
    for name, version in (("trainer.use_v1", "0.9"), ("trainer.use_legacy_worker_impl", "0.7")):
        if name in flat:
            return version, name
    if any(name.startswith("reward_model.overlong_buffer.") for name in flat):
        return "0.7", "reward_model.overlong_buffer"
    return VERSION, ""


def read_verl(values: Values) -> Draft:
    """Refused for another estimator than grpo, and for one completion per prompt."""
    estimator = values.text("algorithm.adv_estimator", "gae")
    if estimator not in GROUP_RELATIVE:
        raise Refused(say(s.NOT_GRPO, key="algorithm.adv_estimator", value=estimator, wanted="grpo"))
    draft = Draft(values)
    _clip(draft)
    _aggregation(draft)
    _regularisers(draft)
    _dynamic_sampling(draft)
    _overlong(draft)
    _sizes(draft)
    return draft


def _clip(draft: Draft) -> None:
    values = draft.values
    draft.put("normalize_std", values.switch("algorithm.norm_adv_by_std_in_grpo", True), "algorithm.norm_adv_by_std_in_grpo")
    both = [f"{ACTOR}clip_ratio_low", f"{ACTOR}clip_ratio_high"]
    if values.has(f"{ACTOR}clip_ratio") and not any(values.has(key) for key in both):
        values.note(s.OLD_CLIP, key=f"{ACTOR}clip_ratio")
    for name, key in zip(("eps_low", "eps_high"), both, strict=True):
        draft.put(name, values.number(key, 0.2), key)
    cap = values.number(f"{ACTOR}clip_ratio_c", 3.0)
    if cap < OFF_FROM:
        values.note(s.VERL_DUAL_CLIP, value=cap)
        draft.put("dual_clip", cap, f"{ACTOR}clip_ratio_c")
    mode = values.text(f"{ACTOR}policy_loss.loss_mode", "vanilla")
    if mode != "vanilla":
        values.note(s.LOSS_OTHER, key=f"{ACTOR}policy_loss.loss_mode", value=mode)


def _aggregation(draft: Draft) -> None:
    values, key = draft.values, f"{ACTOR}loss_agg_mode"
    old = f"{ACTOR}use_token_level_loss"  # the early DAPO branch
    mode = values.text(key, "token-mean")
    if not values.has(key) and values.has(old):
        mode = "token-mean" if values.switch(old, True) else "seq-mean-token-mean"
    if mode not in AGGREGATIONS:
        values.note(s.BAD_VALUE, key=key, value=mode, default="token-mean")
    kind = AGGREGATIONS.get(mode, "token_mean")
    draft.put("loss_aggregation", kind, key)
    if mode in ("seq-mean-token-sum", "token-sum"):
        values.note(s.SUM_SCALE, key=key, value=mode)
    elif kind == "constant" and values.number(f"{ACTOR}loss_scale_factor", None) is None:
        values.note(s.CHANGING_SCALE)


def _regularisers(draft: Draft) -> None:
    values = draft.values
    if values.switch(f"{ACTOR}use_kl_loss", False):
        draft.put("kl_coef", values.number(f"{ACTOR}kl_loss_coef", 0.001), f"{ACTOR}kl_loss_coef")
        kind = values.text(f"{ACTOR}kl_loss_type", "low_var_kl")
        if kind not in ESTIMATORS:
            values.note(s.KL_OTHER, key=f"{ACTOR}kl_loss_type", value=kind)
        draft.put("kl_estimator", ESTIMATORS.get(kind, "k3"), f"{ACTOR}kl_loss_type")
    if values.switch("algorithm.use_kl_in_reward", False):
        values.note(s.KL_IN_REWARD, key="algorithm.use_kl_in_reward")
    draft.put("entropy_coef", values.number(f"{ACTOR}entropy_coeff", _bonus(values)), f"{ACTOR}entropy_coeff")


def _bonus(values: Values) -> float:
    """The entropy bonus of a configuration that names none: 0.001 up to 0.3."""
    return 0.001 if values.version.startswith(("0.1", "0.2", "0.3")) else 0.0


def _dynamic_sampling(draft: Draft) -> None:
    values, prefix = draft.values, "algorithm.filter_groups."
    if not values.switch(f"{prefix}enable", False):
        return
    draft.put("dynamic_sampling", "refill", f"{prefix}enable")
    metric = values.text(f"{prefix}metric", "reward")
    draft.put("filter_on", "correct" if metric == "acc" else "reward", f"{prefix}metric")
    rounds = values.whole(f"{prefix}max_num_gen_batches", 0)
    if rounds:
        draft.put("max_rounds", rounds, f"{prefix}max_num_gen_batches")
    else:
        values.note(s.NO_LIMIT, rounds=10)


def _overlong(draft: Draft) -> None:
    values = draft.values
    prefix = next((p for p in OVERLONG if values.has(f"{p}enable")), OVERLONG[0])
    if not values.switch(f"{prefix}enable", False):
        return
    draft.put("overlong", "soft", f"{prefix}enable")
    width = values.whole(f"{prefix}len", None)
    limit = next((values.whole(key, None) for key in LENGTHS if values.has(key)), None)
    if width and limit:
        draft.buffer = (width, limit)
    else:
        values.note(s.SOFT_ASKED, key=f"{prefix}enable")
        draft.buffer = (1, 5)
    draft.put("overlong_penalty", values.number(f"{prefix}penalty_factor", 0.0), f"{prefix}penalty_factor")


def _sizes(draft: Draft) -> None:
    values = draft.values
    group = values.whole(f"{ROLLOUT}n", 1)
    if group < 2:
        raise Refused(say(s.NO_GROUP, key=f"{ROLLOUT}n", value=group))
    prompts = values.whole("data.train_batch_size", 1024)
    mini = values.whole(f"{ACTOR}ppo_mini_batch_size", 256)
    epochs = values.whole(f"{ACTOR}ppo_epochs", 1)
    draft.sizes = {
        "group_size": group,
        "num_prompts": prompts,
        "epochs": epochs,
        "updates_per_rollout": epochs * prompts / mini if mini else 0,
        "temperature": values.number(f"{ROLLOUT}temperature", 1.0),
        "max_grad_norm": _gradient_bound(values),
    }
    draft.learning_rate = values.number(f"{ACTOR}optim.lr", 1e-6)
    schedule = values.text(f"{ACTOR}optim.lr_scheduler_type", "constant")
    if schedule != "constant":
        values.note(s.SCHEDULE, key=f"{ACTOR}optim.lr_scheduler_type", value=schedule)


def _gradient_bound(values: Values) -> float:
    """`optim.clip_grad` counts since 0.8.0, `grad_clip` before."""
    old = f"{ACTOR}grad_clip"
    before = values.version.startswith(("0.2", "0.3", "0.4", "0.5", "0.6", "0.7"))
    return values.number(old, 1.0) if before and values.has(old) else values.number(f"{ACTOR}optim.clip_grad", 1.0)
