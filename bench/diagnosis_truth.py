"""What is true of a run, by its settings and by the whole clean record of it: what its log shows of that is for the rules to find.

True, False, or None where a person who looks at the whole record could not say: a run that has lost 55 % of its entropy is neither collapsed
nor well, and a score that is 0.04 higher at the end, with prompts that scatter by 0.1, has neither risen nor stood. What is None counts for
nothing. Nothing here is taken from the rules or their thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.diagnosis_record import CLEAR, SMALL, Moved, RecordPart, moved
from bench.diagnosis_runs import KnownRun

KINDS = (
    "no_signal", "entropy_collapse", "entropy_explosion", "gradient_vanished", "gradient_never", "gradient_spikes", "reward_constant",
    "reward_stalled", "reward_falls", "eval_falls", "clip_inactive", "length_runaway", "truncation", "kl_runaway", "diverged",
    "learning_rate_zero",
)  # fmt: skip
FAULTY = set(KINDS) - {"clip_inactive"}  # a run is healthy without these; a clip that never acts is no fault by itself
HARMLESS = ("", "epsilon far too wide", "one update per rollout")  # with these a run may be healthy
LIVE = 1 / 20  # of the early norm: an update below it moves nothing

Truth = dict[str, bool | None]


@dataclass(frozen=True)
class Known:
    """`said`: kind -> truth. `since`: kind -> the share (0 to 1) of the whole run's updates at which its change is half-way."""

    said: Truth
    since: Mapping[str, float]


def truth(
    run: KnownRun, record: Mapping[str, np.ndarray], begin: float = 0.0, end: float = 1.0, score: str = "accuracy"
) -> Known:
    """Of the part of one seed's record from `begin` to `end`, as it was before anything was done to the log."""
    part = RecordPart(record, begin, end, score)
    since: dict[str, float] = {}
    gain = _gain(part.score)
    fall = _fall(part, score, since)
    right = part.mean("accuracy", 5 / 6, 1)
    solved = _above(right, 0.8, 0.9)
    blind = run.config.learning_rate <= 1e-9 or (getattr(run.config.task, "flip_probability", 0) == 0.5 and score != "accuracy")
    constant = bool(np.ptp(part.score) < 1e-9)
    gradient = part.values["grad_norm"]
    clip = np.nan_to_num(part.values["clip_fraction_low"]) + np.nan_to_num(part.values["clip_fraction_high"])
    cut = part.mean("truncated_fraction", 0.9, 1), part.mean("truncated_fraction", 0, 0.1)
    none = float(np.mean(gradient[np.isfinite(gradient)] < 1e-7))
    said: Truth = {
        "no_signal": _no_signal(run, part),
        "entropy_collapse": _entropy_collapse(part, gain, solved, since),
        "entropy_explosion": _entropy_explosion(part, gain, solved, since),
        "gradient_never": True if none >= 0.99 else False if none < 0.9 else None,
        "gradient_vanished": _gradient_vanished(part, solved, since),
        "gradient_spikes": None if _has_spikes(gradient) else False,
        "reward_constant": constant,
        "reward_stalled": _stalled(part, gain, fall, constant, blind, solved),
        "reward_falls": False if blind else fall,
        "eval_falls": _evaluation_falls(part, gain, fall),
        "clip_inactive": bool((clip == 0).all()) if (clip == 0).all() or (clip > 0).mean() > 0.02 else None,
        "length_runaway": _runaway(part, cut[0], cut[0] - cut[1], since),
        "truncation": _above(cut[0], 0.22, 0.36),
        "kl_runaway": _kl_runaway(part, gain, fall, solved, since),
        "diverged": False,
        "learning_rate_zero": run.config.learning_rate <= 1e-9,
    }
    if said["length_runaway"] is not False and said["truncation"]:
        said["truncation"] = None  # told as a runaway
    if said["gradient_never"]:
        said["gradient_vanished"] = False
    said["healthy"] = _healthy(run, part, said, gain, solved)
    return Known(said, since)


def _gain(values: np.ndarray) -> Moved:
    """From the beginning to the second half, where that is clear: a rise may be early, and an early fall may be made good in part only.
    Else from the first third to the last."""
    whole = moved(values, (0, 1 / 6), (1 / 2, 1))
    return whole if whole.up or whole.down else moved(values, (0, 1 / 3), (2 / 3, 1))


def _healthy(run: KnownRun, part: RecordPart, said: Truth, gain: Moved, solved: bool | None) -> bool | None:
    if any(said[kind] for kind in FAULTY - {"truncation", "no_signal"}):
        return False
    if gain.none and not solved and solved is not None:
        return False
    undecided = any(said[kind] is not False for kind in FAULTY) or run.cause not in HARMLESS
    return True if (gain.up or solved) and not undecided else None


def _no_signal(run: KnownRun, part: RecordPart) -> bool | None:
    """A third of the groups, in the last sixth of the updates; with refilling, four of five."""
    if run.config.algorithm.dynamic_sampling == "refill":
        return _above(part.mean("filter_ratio", 5 / 6, 1), 0.75, 0.85)
    return _above(part.mean("zero_advantage_fraction", 5 / 6, 1), 0.27, 0.4)


def _entropy_collapse(part: RecordPart, gain: Moved, solved: bool | None, since: dict[str, float]) -> bool | None:
    """Two thirds of the entropy are gone, and the score does not rise, nor are the prompts solved. None where it has risen and stands since."""
    first, last = part.mean("entropy_nats", 0, 0.05), part.mean("entropy_nats", 0.9, 1)
    low = _above(-last / max(first, 1e-12), -0.5, -0.33)
    if low is False or solved:
        return False
    since["entropy_collapse"] = part.half_way("entropy_nats", first, last)
    late = moved(part.score, (1 / 3, 2 / 3), (5 / 6, 1))
    if late.up:
        return False
    return None if low is None or solved is None or gain.up or late.size > CLEAR * late.error / 2 else True


def _entropy_explosion(part: RecordPart, gain: Moved, solved: bool | None, since: dict[str, float]) -> bool | None:
    """More than twice the entropy, and the score does not rise."""
    first, last = part.mean("entropy_nats", 0, 0.05), part.mean("entropy_nats", 0.9, 1)
    high = _above(last / max(first, 1e-12), 1.6, 2.4)
    if high is False or gain.up:
        return False
    since["entropy_explosion"] = part.half_way("entropy_nats", first, last)
    return None if high is None or solved is not False or gain.size > CLEAR * gain.error / 2 else True


def _gradient_vanished(part: RecordPart, solved: bool | None, since: dict[str, float]) -> bool | None:
    """At the beginning updates had a gradient; in the last sixth at most one of five has one that is not negligible beside it. Where the prompts
    are solved nothing is left to learn, and that is no fault."""
    norms = part.values["grad_norm"]
    early, late = norms[: max(16, len(norms) // 16)], norms[-(len(norms) // 6) :]
    if not (early > 0).any():
        return None
    usual = np.quantile(early[early > 0], 0.75)
    live = (norms >= LIVE * usual).astype(float)
    begin, end = float(live[: len(early)].mean()), float(live[-len(late) :].mean())
    left = float(np.minimum(late, 2 * usual).mean() / np.minimum(early, 2 * usual).mean())  # a lone spike is no gradient
    if solved or (end >= 0.4 and left >= 0.2):
        return False
    if end > begin / 2:
        return None  # it hardly had one at the beginning
    rows = max(16, len(live) // 20)
    share = np.convolve(live, np.ones(rows) / rows, mode="same")
    since["gradient_vanished"] = (part.first + int(np.flatnonzero(share > (begin + end) / 2)[-1])) / part.all
    return True if end <= 0.2 and solved is False else None


def hides_vanished(rows: np.ndarray) -> bool:
    """Whether rows (n,) of a log, each the mean of several updates and before noise, hide that few of the last updates have a gradient: many of
    the last rows have one, since one of their updates has, and their mean is not much below that of the first."""
    early, late = rows[: max(3, len(rows) // 16)], rows[-max(3, len(rows) // 6) :]
    usual = float(np.median(early))
    left = np.minimum(late, 2 * usual).mean() / max(np.minimum(early, 2 * usual).mean(), 1e-12)
    return bool((late >= LIVE * usual).mean() > 0.4 and left > 0.3)


def _kl_runaway(part: RecordPart, gain: Moved, fall: bool | None, solved: bool | None, since: dict[str, float]) -> bool | None:
    """Far from the base model, and no score to show for it."""
    if not len(part.measured("kl_base")):
        return False
    first, last = part.mean("kl_base", 0, 0.1), part.mean("kl_base", 0.85, 1)
    far = _above(last, 0.6, 1.5)
    if far is False:
        return False
    since["kl_runaway"] = part.half_way("kl_base", first, last)
    if fall is not False:
        return far or None
    if solved or (gain.up and gain.size >= 5 * SMALL):
        return False
    return None if far is None or solved is None or gain.up or gain.size > CLEAR * gain.error / 2 else True


def _stalled(part: RecordPart, gain: Moved, fall: bool | None, constant: bool, blind: bool, solved: bool | None) -> bool | None:
    """It cannot learn, or it has not: no gain, where one would have been seen."""
    if constant:
        return None  # told as such
    if blind:
        return True
    if gain.up:
        return False if gain.size >= 5 * SMALL else None
    return None if fall is not False or solved is not False else True if gain.none else None


def _fall(part: RecordPart, score: str, since: dict[str, float]) -> bool | None:
    """From the best tenth or fifth to the last, by a quarter, clearly, and not made good again. The best of many stretches is by chance two
    errors above the others, so that it takes more than elsewhere. Scatter is that around the two stretches, or that of the whole part."""
    values, found = part.score, [(0.0, 0.0, 0.0, 0.0)]
    spread = float(np.quantile(values, 0.95) - np.quantile(values, 0.05))
    for share in (0.1, 0.2):
        rows = max(4, int(share * len(values)))
        means = np.convolve(values, np.ones(rows) / rows, mode="valid")
        best = int(means.argmax())
        high, last = float(means[best]), float(means[-1])
        if best + rows <= len(values) - rows and high > last:
            variances = [float(np.mean(np.diff(x) ** 2)) / 2 for x in (values[best : best + rows], values[-rows:], values)]
            error = float(np.sqrt(max(variances[0] + variances[1], 2 * variances[2]) / rows))
            found.append(((high - last) / max(abs(high), spread), (high - last) / max(error, 1e-12), high, last))
    lost, errors, high, last = max(found)
    if lost <= 0.12 or errors <= 2:
        return False
    since["reward_falls"] = part.half_way(score, high, last)
    return True if lost >= 0.28 and errors >= CLEAR + 2 and high - last > SMALL else None


def _evaluation_falls(part: RecordPart, gain: Moved, fall: bool | None) -> bool | None:
    """Held-out answers get worse while the score does not: each of the last three evaluations is a quarter below the best three in a row."""
    values = part.measured("eval_accuracy")
    if len(values) < 6:  # too few for the best and the last three
        return None if len(values) and values.max() - values[-1] > 0.1 else False
    best, last = float(np.convolve(values, np.ones(3) / 3, mode="valid").max()), values[-3:]
    if best - last.mean() <= max(SMALL, 0.1 * best):
        return False
    return True if best - last.max() >= max(3 * SMALL, 0.28 * best) and fall is False and not gain.down else None


def _runaway(part: RecordPart, late: float, growth: float, since: dict[str, float]) -> bool | None:
    """Completions grow, and with them the share that is cut."""
    first, last = part.mean("completion_tokens_mean", 0, 0.05), part.mean("completion_tokens_mean", 0.9, 1)
    if growth < 0.1 or late < 0.25:
        return False
    since["length_runaway"] = part.half_way("completion_tokens_mean", first, last)
    return True if last >= 1.2 * first and late >= 0.35 and growth >= 0.2 else None


def _has_spikes(gradient: np.ndarray) -> bool:
    """The run's own gradient jumps, or has so little that nothing can be told."""
    moving = gradient[np.isfinite(gradient) & (gradient > 1e-7)]
    return len(moving) < len(gradient) / 2 or float(moving.max()) > 8 * float(np.quantile(moving, 0.75))


def _above(value: float, no: float, yes: float) -> bool | None:
    return True if value >= yes else False if value <= no or np.isnan(value) else None
