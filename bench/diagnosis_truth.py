"""What is true of a run, by its settings and by the whole clean record of it: what its log shows of that is for the rules to find.

True, False, or None where it lies between: a run that has lost 55 % of its entropy is neither collapsed nor well, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bench.diagnosis_runs import Patient

KINDS = (
    "no_signal", "entropy_collapse", "entropy_explosion", "gradient_vanished", "gradient_never", "gradient_spikes", "reward_constant",
    "reward_stalled", "reward_falls", "clip_inactive", "length_runaway", "truncation", "kl_runaway", "diverged", "learning_rate_zero",
)  # fmt: skip
FAULTY = set(KINDS) - {"clip_inactive"}  # a run is healthy without these; a clip that never acts is no fault by itself
HARMLESS = ("", "epsilon far too wide", "one update per rollout")  # with these a run may be healthy
OF_THE_START = (
    "entropy_collapse",
    "entropy_explosion",
    "gradient_vanished",
    "gradient_never",
    "length_runaway",
    "kl_runaway",
    "reward_falls",
)

Truth = dict[str, bool | None]


def truth(patient: Patient, record: Mapping[str, np.ndarray]) -> Truth:
    """`record`: metric -> (U,) of one seed, as it was before anything was done to the log."""

    def mean(metric: str, first: float, last: float) -> float:
        values = record[metric][1:]  # the untrained policy's row is not an update
        part = values[int(first * len(values)) : max(int(last * len(values)), int(first * len(values)) + 1)]
        return float(np.nanmean(part)) if np.isfinite(part).any() else float("nan")

    def ratio(metric: str) -> float:
        return mean(metric, 0.9, 1) / max(mean(metric, 0, 0.05), 1e-12)

    gain = mean("accuracy", 2 / 3, 1) - mean("accuracy", 0, 1 / 3)
    late_gain = mean("accuracy", 5 / 6, 1) - mean("accuracy", 1 / 3, 2 / 3)
    solved = mean("accuracy", 5 / 6, 1) >= 0.85
    dead = mean("all_wrong_fraction", 5 / 6, 1) + mean("all_right_fraction", 5 / 6, 1)
    gradient = record["grad_norm"][1:]
    none = float(np.mean(gradient[np.isfinite(gradient)] < 1e-7))
    refills = patient.config.algorithm.dynamic_sampling == "refill"
    reward = record["reward_mean"][np.isfinite(record["reward_mean"])]
    constant = bool(np.ptp(reward) < 1e-9)
    accuracy = record["accuracy"][np.isfinite(record["accuracy"])]
    fall = _fall(accuracy)
    cut = mean("truncated_fraction", 0.9, 1), mean("truncated_fraction", 0, 0.1)
    clip = np.nan_to_num(record["clip_fraction_low"]) + np.nan_to_num(record["clip_fraction_high"])
    blind = getattr(patient.config.task, "flip_probability", 0) == 0.5 or patient.config.learning_rate <= 1e-9  # cannot learn
    entropy = ratio("entropy_nats")
    said: Truth = {
        "no_signal": _above(mean("filter_ratio", 5 / 6, 1), 0.75, 0.85) if refills else _above(dead, 0.27, 0.4),
        "entropy_collapse": False if solved else _above(-entropy, -0.5, -0.33),
        "entropy_explosion": _above(entropy, 1.6, 2.4),
        "gradient_never": True if none >= 0.99 else False if none < 0.9 else None,
        "gradient_vanished": _above(-ratio("grad_norm"), -0.35, -0.12),
        "gradient_spikes": None if _has_spikes(gradient) else False,
        "reward_constant": constant,
        "reward_stalled": _stalls(gain, fall, constant, blind, solved),
        "reward_falls": False if blind else _above(fall, 0.1, 0.28),
        "clip_inactive": bool((clip == 0).all()) if (clip == 0).all() or (clip > 0).mean() > 0.02 else None,
        "length_runaway": _runaway(ratio("completion_tokens_mean"), cut[0], cut[0] - cut[1]),
        "truncation": _above(cut[0], 0.22, 0.36),
        "kl_runaway": _above(mean("kl_base", 0.9, 1), 0.6, 1.5) if np.isfinite(record["kl_base"]).any() else False,
        "diverged": False,
        "learning_rate_zero": patient.config.learning_rate <= 1e-9,
    }
    if gain > 0.03 and fall >= 0.1 and said["kl_runaway"]:
        said["kl_runaway"] = None
    if gain > 0.03 and fall < 0.1:  # while the score rises, neither is a disease
        said["entropy_explosion"] = said["kl_runaway"] = False
        if late_gain > 0.06:
            said["entropy_collapse"] = False
        elif said["entropy_collapse"] and (late_gain > 0.01 or gain > 0.1):
            said["entropy_collapse"] = None
    if said["length_runaway"] is not False and said["truncation"]:
        said["truncation"] = None  # told as a runaway
    if solved and said["gradient_vanished"]:
        said["gradient_vanished"] = None  # nothing left to learn
    if said["gradient_never"]:
        said["gradient_vanished"] = False
    said["healthy"] = (
        True if not any(said[k] is not False for k in FAULTY) and (gain > 0.03 or solved) else None if gain > 0.01 else False
    )
    scores = record["eval_accuracy"][np.isfinite(record["eval_accuracy"])]
    if said["healthy"] and (patient.cause not in HARMLESS or (len(scores) > 4 and _fall(scores) > 0.1)):
        said["healthy"] = None
    if any(said[k] for k in FAULTY - {"truncation", "no_signal"}):
        said["healthy"] = False
    return said


def _stalls(gain: float, fall: float, constant: bool, blind: bool, solved: bool) -> bool | None:
    if constant:
        return None  # told as such
    if blind:
        return True
    if fall > 0.1 or (solved and gain < 0.05):
        return None
    return False if solved else _above(-gain, -0.05, -0.01)


def _above(value: float, no: float, yes: float) -> bool | None:
    return True if value >= yes else False if value <= no or np.isnan(value) else None


def _runaway(ratio: float, late: float, growth: float) -> bool | None:
    if ratio >= 1.5 and late >= 0.35 and growth >= 0.2:
        return True
    return False if ratio < 1.2 or growth < 0.1 or late < 0.25 else None


def _has_spikes(gradient: np.ndarray) -> bool:
    """The run's own gradient jumps, or has so little that nothing can be told."""
    moving = gradient[np.isfinite(gradient) & (gradient > 1e-7)]
    return len(moving) < len(gradient) / 2 or float(moving.max()) > 8 * float(np.quantile(moving, 0.75))


def _fall(accuracy: np.ndarray) -> float:
    """From the best fifth to the last, of the best."""
    rows = max(1, len(accuracy) // 5)
    means = np.convolve(accuracy, np.ones(rows) / rows, mode="valid")
    best = float(means.max())
    return (best - float(means[-1])) / best if best > 0.05 else 0.0


def of_the_part(whole: Truth, part: Truth, begins: bool) -> Truth:
    """What holds for the visible `part` of a run of which `whole` holds. Without the beginning, what is measured from it cannot be told."""
    if begins:
        return part
    said = part | {kind: False if whole[kind] is False and part[kind] is False else None for kind in OF_THE_START}
    return said | {"gradient_vanished": None} if whole["gradient_never"] or part["gradient_never"] else said
