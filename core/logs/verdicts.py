"""From rows to a run in the Lab's names, with what has to be known to read it; or one sentence on why it is none."""

from __future__ import annotations

import numpy as np

from core.logs import sentences as s
from core.logs.framework import guess_framework
from core.logs.model import ROLLOUT, UPDATE, RawRun, Table, Taken
from core.logs.names import name_for
from core.logs.run import LogRun
from core.logs.segments import is_bookkeeping
from core.logs.sentences import Sentence, listed, say
from core.logs.steps import fold
from core.logs.take import SHARES, derived, taken_columns

SHORT_ROWS = 20
STANDARDISED_SIZE = 1e-3
# Metrics that only reinforcement learning has; a loss, a gradient norm and a learning rate every training has.
_RL = frozenset((
    "entropy_nats", "accuracy", "reward_mean", "reward_trained_mean", "filter_ratio", "all_wrong_fraction", "all_right_fraction", "kl_base",
    "clip_fraction_low", "clip_fraction_high", "clip_fraction", "completion_tokens_mean", "zero_std_fraction", "reward_std", "kl_old",
    "all_wrong_groups", "all_right_groups", "advantage_mean", "truncated_fraction", "eval_reward", "generation_rounds", "reward_max",
))  # fmt: skip
_SUPERVISED = (
    "token_accuracy",
    "token_acc",
    "perplexity",
    "val_loss",
    "validation_loss",
    "eval_loss",
    "test_loss",
)  # ends of names
_OF_ANY_TRAINING = {"entropy_nats", "accuracy"}  # which supervised trainers log too
_UNITS = {"train/global_step": UPDATE, "update": UPDATE}  # of a step's name alone
_REWARDS = ("reward_mean", "reward_trained_mean", "accuracy")
_COUNTS = {"all_wrong_groups": "all_wrong_fraction", "all_right_groups": "all_right_fraction"}
_EVICTED = "training_filter_groups_evicted_samples"  # of verl: groups that were dropped since the last step
_RIGHT = ("accuracy", "correct", "acc", "solve")  # in a name, of answers that are right
_GENERATION = frozenset(("reward_mean", "reward_trained_mean", "completion_tokens_mean", "zero_std_fraction", "reward_std"))


def understood(raw: RawRun, file: str, format_name: str) -> LogRun | Sentence:
    """The run, or why there is none."""
    names = [*raw.training.columns, *raw.evaluation.columns]
    if not names or not (len(raw.training) or len(raw.evaluation)):
        return say(s.NO_ROWS, file=file, format=format_name)
    framework, unit = guess_framework([*names, raw.step_key])
    unit = raw.step_unit or unit or _UNITS.get(raw.step_key, "")
    taken = taken_columns(raw.training, raw.evaluation, framework.name)
    if not raw.partial and (refusal := _refused(names, taken, file)):
        return refusal
    notes = list(raw.notes)
    taken = _without_standardised(raw.training, taken, file, notes)
    taken = _without_blind_clip_ratio(raw.training, taken, file, notes)
    notes += _about_steps(raw, unit, file, format_name)
    notes += _about_values(raw, taken, file)
    return LogRun(
        name=raw.name, file=file, format=format_name, framework=framework, step_unit=unit or UPDATE, step_key=raw.step_key,
        training=raw.training, evaluation=raw.evaluation, summary=dict(raw.summary), taken=taken, notes=tuple(notes),
    )  # fmt: skip


def _refused(names: list[str], taken: dict[str, Taken], file: str) -> Sentence | None:
    folded = [fold(name) for name in names]
    if any(n.endswith(("rewards_chosen", "rewards_rejected", "rewards_margins")) for n in folded):
        return say(s.PREFERENCE, file=file)
    found = {entry.metric for entry in taken.values()} & _RL
    supervised = found <= _OF_ANY_TRAINING and any(n.endswith(_SUPERVISED) for n in folded)
    if (found and not supervised) or any("reward" in n or "advantage" in n for n in folded):
        return None
    trains = any(entry.metric in ("loss", "grad_norm", "learning_rate") for entry in taken.values()) or any(
        "loss" in n for n in folded
    )
    return say(s.NOT_RL if trains else s.NOT_TRAINING, file=file)


def _without_standardised(training: Table, taken: dict[str, Taken], file: str, notes: list[Sentence]) -> dict[str, Taken]:
    """A reward that is never exactly 0 throughout and never far from it is the advantage."""
    kept = dict(taken)
    rewards = [c for c, t in taken.items() if t.metric in ("reward_mean", "reward_trained_mean")]
    for column in [*rewards, *(c for c in training.columns if fold(c) == "rollout_rewards")]:
        values = training.columns[column].values
        size = np.max(np.abs(values[np.isfinite(values)]), initial=0.0)
        if 0 < size < STANDARDISED_SIZE and len(values) > 1 and (values[np.isfinite(values)] < 0).any():
            notes.append(say(s.STANDARDISED, file=file, name=column, size=f"{size:.1g}"))
            kept.pop(column, None)
    return kept


def _without_blind_clip_ratio(training: Table, taken: dict[str, Taken], file: str, notes: list[Sentence]) -> dict[str, Taken]:
    column = next((c for c in taken if fold(c) == "response_length_clip_ratio"), None)
    longest = next((c for c in training.columns if fold(c) == "response_length_max"), None)
    if column is None or longest is None:
        return taken
    ratio, tokens = (values[np.isfinite(values)] for values in (training.columns[c].values for c in (column, longest)))
    if len(ratio) and len(tokens) and ratio.min() > 0 and tokens.min() < tokens.max():
        notes.append(say(s.BLIND_CLIP_RATIO, file=file))
        return {c: t for c, t in taken.items() if c != column}
    return taken


def _about_steps(raw: RawRun, unit: str, file: str, format_name: str) -> list[Sentence]:
    steps, said = raw.training.steps, []
    said.append(say(s.STEP_UNKNOWN if not unit else s.STEP_IS_ROLLOUT if unit == ROLLOUT else s.STEP_IS_UPDATE, file=file))
    if (raw.step_key == "_step" or (raw.partial and raw.step_key == "Step")) and unit != ROLLOUT:
        said.append(say(s.LOG_CALLS, file=file))
    if "_runtime" in raw.training.columns and "W&B" not in format_name:
        said.append(say(s.SAMPLED, file=file))
    if len(steps) == 1:
        return [*said, say(s.ONE_ROW, file=file)]
    if len(steps) > 1:
        interval = int(np.median(np.diff(steps)))
        if interval > 1:
            said.append(say(s.EVERY, file=file, interval=interval))
        if steps[0] > 1 + 2 * interval:
            said.append(say(s.LATE_START, file=file, step=int(steps[0])))
        if len(steps) < SHORT_ROWS:
            said.append(say(s.SHORT, file=file, rows=len(steps)))
    return said


def _about_values(raw: RawRun, taken: dict[str, Taken], file: str) -> list[Sentence]:
    said, training = [], raw.training
    computed = derived(training, taken)
    metrics = {t.metric: c for c, t in taken.items()}
    if len(training) and not raw.partial and not any(m in metrics for m in _REWARDS):
        said.append(say(s.NO_REWARD, file=file))
    partly = [
        c
        for c, t in taken.items()
        if t.metric in _GENERATION and c in training.columns and len(training.columns[c].rows) < len(training)
    ]
    if partly and "loss" in metrics and len(training.columns[metrics["loss"]].rows) == len(training):
        said.append(say(s.SOME_ROWS, file=file, names=listed(partly)))
    for column, entry in taken.items():
        if entry.conversion == "percent" and entry.metric in SHARES and column in training.columns:
            said.append(say(s.PERCENT, file=file, name=column, largest=f"{np.nanmax(training.columns[column].values):.4g}"))
        if entry.metric in _COUNTS and _COUNTS[entry.metric] not in computed:
            said.append(say(s.COUNTS_OF_GROUPS, file=file, name=column))
    broken = {c: int((~np.isfinite(col.values)).sum()) for c, col in training.columns.items()}
    broken = {c: count for c, count in broken.items() if count}
    if broken:
        said.append(say(s.NOT_FINITE, file=file, names=listed(list(broken)), count=max(broken.values())))
    if "accuracy" not in metrics and (candidates := accuracy_candidates(training, taken)):
        said.append(say(s.ASK_ACCURACY, file=file, names=listed(candidates)))
    if "eval_accuracy" not in metrics and (candidates := _named_right(raw.evaluation)):
        said.append(say(s.ASK_EVAL_ACCURACY, file=file, names=listed(candidates[:8])))
    said += [say(s.COUNTS_OF_GROUPS, file=file, name=c) for c in training.columns if fold(c) == _EVICTED]
    return said


def accuracy_candidates(training: Table, taken: dict[str, Taken]) -> list[str]:
    """Columns that may be the share of right answers, likeliest first. Never taken for it unasked: the reward's scale is not in a log."""
    by_name = _named_right(training)
    total = [
        c
        for c, t in taken.items()
        if t.metric in ("reward_mean", "reward_trained_mean") and _may_be_a_share(training.columns[c].values)
    ]
    return [*by_name, *total][:8]


def _named_right(table: Table) -> list[str]:
    """Columns whose name speaks of right answers and whose values may be a share; the time that a reward function takes is none."""
    named = [c for c in table.columns if any(w in fold(c).split("_") or (len(w) > 4 and w in fold(c)) for w in _RIGHT)]
    measured = [c for c in named if not is_bookkeeping(c) and not fold(c).endswith(("_std", "_min", "_max", "_groups"))]
    measured = [c for c in measured if not any(hit.metric in SHARES for _, hit in name_for(c))]
    return [c for c in measured if _may_be_a_share(table.columns[c].values)]


def _may_be_a_share(values: np.ndarray) -> bool:
    """Within -1…1, the scales on which a right answer is 1."""
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and finite.min() >= -1.0001 and finite.max() <= 1.0001
