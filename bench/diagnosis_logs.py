"""Logs as other frameworks would have written them of a run of the Lab: their names, their rows, thinned, noisy, cut off, started late."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Record = Mapping[str, np.ndarray]  # metric -> (U,)


@dataclass(frozen=True)
class Dialect:
    """`names`: what is logged -> the logged name. `rollouts`: a row is one rollout, else one update. `form`: how a row is written."""

    name: str
    names: Mapping[str, str]
    rollouts: bool
    form: str  # "jsonl", "state", "console", "csv" or "verl"


TRL = {
    "loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate", "reward": "reward", "reward_std": "reward_std",
    "zero": "frac_reward_zero_std", "entropy": "entropy", "kl": "kl", "length": "completions/mean_length",
    "cut": "completions/clipped_ratio", "clip_low": "clip_ratio/low_mean", "clip_high": "clip_ratio/high_mean",
}  # fmt: skip
OLD_TRL = {k: v for k, v in TRL.items() if k not in ("zero", "entropy", "cut", "clip_low", "clip_high", "length")} | {
    "length": "completion_length", "clip": "clip_ratio",
}  # fmt: skip
VERL = {
    "loss": "actor/pg_loss", "grad_norm": "actor/grad_norm", "learning_rate": "actor/lr", "reward": "critic/score/mean",
    "entropy": "actor/entropy", "kl": "actor/kl_loss", "length": "response_length/mean", "cut": "response_length/clip_ratio",
    "clip": "actor/pg_clipfrac", "rounds": "train/num_gen_batches", "eval": "val-core/math/acc/mean@1",
}  # fmt: skip
DIALECTS = (
    Dialect("TRL trainer_state", TRL, False, "state"),
    Dialect("TRL console", TRL, False, "console"),
    Dialect("TRL 0.14", OLD_TRL, False, "state"),
    Dialect("ms-swift", TRL, False, "swift"),
    Dialect("verl console", VERL, True, "verl"),
    Dialect("verl file logger", VERL, True, "nested"),
    Dialect("verl CSV", {k: v.replace("/", "_") for k, v in VERL.items()}, True, "csv"),
    Dialect("OpenRLHF", {
        "loss": "policy_loss", "grad_norm": "actor_grad_norm", "learning_rate": "actor_lr", "reward": "reward", "entropy": "entropy_loss",
        "length": "response_length", "cut": "truncated", "clip": "ppo_clip_ratio", "kl": "kl", "reward_std": "group_reward_std",
        "pass_rate": "dynamic_filtering_pass_rate",
    }, True, "jsonl"),
    Dialect("slime", {
        "loss": "train/loss", "grad_norm": "train/grad_norm", "learning_rate": "train/lr-pg_0", "reward": "rollout/raw_reward",
        "entropy": "train/entropy_loss", "length": "rollout/response_len/mean", "cut": "rollout/truncated_ratio",
        "clip": "train/pg_clipfrac", "kl": "train/kl_loss",
    }, True, "jsonl"),
    Dialect("tinker", {
        "grad_norm": "optim/grad_norm", "reward": "env/all/reward/total", "right": "env/all/correct", "entropy": "optim/entropy",
        "wrong": "env/all/by_group/frac_all_bad", "easy": "env/all/by_group/frac_all_good", "length": "env/all/ac_tokens_per_turn",
        "learning_rate": "optim/lr", "eval": "test/env/all/correct",
    }, True, "jsonl"),
    Dialect("prime-rl", {
        "grad_norm": "optim/grad_norm", "loss": "loss/mean", "reward": "reward/all/mean", "entropy": "entropy/all/mean",
        "learning_rate": "optim/lr", "wrong": "batch/solved_none", "easy": "batch/solved_all", "length": "seq_len/all/mean",
    }, True, "jsonl"),
    Dialect("the Lab's CSV", {
        "loss": "loss", "grad_norm": "grad_norm", "reward": "reward_mean", "right": "accuracy", "entropy": "entropy_nats",
        "wrong": "all_wrong_fraction", "easy": "all_right_fraction", "length": "completion_tokens_mean", "cut": "truncated_fraction",
        "clip_low": "clip_fraction_low", "clip_high": "clip_fraction_high", "rounds": "generation_rounds", "kl": "kl_base",
    }, False, "csv"),
)  # fmt: skip
EXACT = ("learning_rate", "rounds")
SHARES = ("zero", "wrong", "easy", "cut", "clip", "clip_low", "clip_high", "right", "eval")


def logged(record: Record, learning_rate: float) -> dict[str, np.ndarray]:
    """What frameworks log of it, by the names that `Dialect.names` begins from. The deviation within groups is not in the record: it is
    taken for 0.45 in groups that have a signal."""
    kl = record["kl_base"]
    if np.isfinite(kl).any():  # the Lab measures it with every evaluation, others at every step
        measured = np.flatnonzero(np.isfinite(kl))
        kl = np.interp(np.arange(len(kl)), measured, kl[measured])
    trained = record["zero_advantage_fraction"]  # noise of the reward can tell answers apart that are all wrong
    return {
        "loss": record["loss"], "grad_norm": record["grad_norm"], "entropy": record["entropy_nats"], "kl": kl,
        "reward": record["reward_mean"], "right": record["accuracy"], "zero": trained, "wrong": record["all_wrong_fraction"],
        "easy": record["all_right_fraction"], "reward_std": 0.45 * (1 - trained), "length": record["completion_tokens_mean"],
        "cut": record["truncated_fraction"], "clip_low": record["clip_fraction_low"], "clip_high": record["clip_fraction_high"],
        "clip": record["clip_fraction_low"] + record["clip_fraction_high"], "rounds": record["generation_rounds"],
        "pass_rate": 100 * (1 - record["filter_ratio"]), "eval": record["eval_accuracy"],
        "learning_rate": np.full(len(trained), 0.0 if learning_rate <= 1e-9 else learning_rate),
    }  # fmt: skip


@dataclass(frozen=True)
class Disturbed:
    """How the log differs from the record: every `thin`-th row is written (means in between), measurements scatter by `noise`."""

    dialect: Dialect
    thin: int
    noise: float
    begin: float  # shares of the run
    end: float
    added: str = ""  # "diverged", "gradient_spikes" or "eval_falls": written into the log; the Lab stops at NaN
    seed: int = 0


def rows_of(values: Mapping[str, np.ndarray], rollouts: np.ndarray, how: Disturbed) -> list[dict[str, float]]:
    """Rows by the names of the dialect, with "step", as numbers."""
    random = np.random.default_rng(how.seed)
    units = rollouts if how.dialect.rollouts else np.arange(len(rollouts))
    _, units = np.unique(units, return_inverse=True)
    rows = units // how.thin
    count = rows.max() + 1
    keep = np.arange(count)[int(how.begin * count) : max(int(how.end * count), 2)]
    means = {}
    for ours, theirs in how.dialect.names.items():
        raw = values[ours]
        measured = np.isfinite(raw)
        if not measured.any():
            continue
        total, n = (np.bincount(rows[measured], weights, count) for weights in (raw[measured], None))
        mean = np.divide(total, n, out=np.full(count, np.nan), where=n > 0)
        if ours not in EXACT:
            # Exact zeros stay, and of shares and what follows from them exact ones too.
            share = ours in SHARES or (ours == "reward" and np.nanmin(mean) >= 0 and np.nanmax(mean) <= 1)
            size = 2 * np.minimum(mean, 1 - mean) if share else mean
            mean = mean + how.noise * size * random.standard_normal(count)
            mean = np.clip(mean, 0, 1) if share else mean
        means[theirs] = mean
    _add(means, how, count, random)
    return [
        {"step": int((row + 1) * how.thin)}
        | {name: float(mean[row]) for name, mean in means.items() if name in _odd(how) or np.isfinite(mean[row])}
        for row in keep
    ]  # fmt: skip


def _odd(how: Disturbed) -> tuple[str, ...]:
    """Columns whose NaN is written."""
    names = how.dialect.names
    return tuple(names[m] for m in ("loss", "grad_norm") if m in names) if how.added == "diverged" else ()


def _add(means: dict[str, np.ndarray], how: Disturbed, count: int, random: np.random.Generator) -> None:
    name = how.dialect.names["grad_norm"]
    first, last = int(how.begin * count), int(how.end * count)
    if how.added == "diverged":
        at = random.integers(first + (last - first) // 2, max(last - 1, first + (last - first) // 2 + 1))
        for column in _odd(how):
            means[column][at:] = np.nan
    elif how.added == "gradient_spikes":
        span = np.arange(first, last)
        at = random.choice(span, max(2, int(0.05 * len(span))), replace=False)
        means[name][at] = 40 * max(float(np.nanquantile(means[name], 0.8)), 1e-3) * random.uniform(1, 3, len(at))
    elif how.added == "eval_falls":
        column = how.dialect.names["eval"]
        at = np.flatnonzero(np.isfinite(means[column]) & (np.arange(count) >= first) & (np.arange(count) < last))
        half = len(at) // 2
        means[column][at[half:]] = means[column][at[half]] * np.linspace(0.95, 0.4, len(at) - half)


def written(rows: list[dict[str, float]], form: str) -> tuple[str, str]:
    """(name of the file, text) as the framework writes it."""
    if form == "state":
        return "trainer_state.json", json.dumps({"global_step": rows[-1]["step"], "log_history": rows})
    if form == "console":
        told = [{k: f"{v:.4g}" for k, v in row.items() if k != "step"} | {"epoch": f"{row['step'] / 100:.4g}"} for row in rows]
        return "train.log", "\n".join(str(row) for row in told) + "\n"
    if form == "swift":
        last = rows[-1]["step"]
        told = [
            {k: v for k, v in row.items() if k != "step"} | {"global_step/max_steps": f"{row['step']}/{last}"} for row in rows
        ]
        return "logging.jsonl", "\n".join(json.dumps(row) for row in told) + "\n"
    if form == "verl":
        return "train.log", "\n".join(_verl_line(row) for row in rows) + "\n"
    if form == "nested":
        told = [{"step": row["step"], "data": {k: v for k, v in row.items() if k != "step"}} for row in rows]
        return "metrics.jsonl", "\n".join(json.dumps(row) for row in told) + "\n"
    if form == "csv":
        names = list(dict.fromkeys(name for row in rows for name in row))
        lines = [",".join("" if row.get(n) is None else repr(row[n]) for n in names) for row in rows]
        return "history.csv", "\n".join([",".join(names), *lines]) + "\n"
    return "metrics.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n"


def _verl_line(row: Mapping[str, float]) -> str:
    return " - ".join(f"{name}:{value if name == 'step' else f'np.float64({value!r})'}" for name, value in row.items())
