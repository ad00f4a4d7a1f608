"""How many answers a prompt has, where no setting says so: from the steps in which what was logged is quantised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.diagnosis.evidence import Evidence, Series
from core.diagnosis.thresholds import limit

LOGGED = ("num_generations", "group_size", "rollout_n", "rollout.n", "n_samples_per_prompt")
MOST_GROUPS, MOST_COMPLETIONS = 256, 4096
ROUNDING = 0.02  # of a step, by which a value may lie beside a multiple of it
LEAST_VALUES = 4  # different ones, of which steps can be told
MOST_VALUES = 256  # that are looked at: more make it no surer
ROOTS = {2: 2**0.5, 3: 3**0.5}  # group size -> its deviation of two rewards that differ by 1 is 1 ÷ this


@dataclass(frozen=True)
class GroupSize:
    """`how` names the sentence: "logged", "means" or "deviations"; `groups` and `completions` are those of a row, 0 where they do not tell."""

    size: int
    how: str
    column: str = ""
    groups: int = 0
    completions: int = 0


def infer_group_size(evidence: Evidence) -> GroupSize | None:
    """A logged column, else mean rewards that are multiples of 1 ÷ completions beside shares that are multiples of 1 ÷ groups, else
    deviations within groups that take the few values of groups of two or three. None where none of these tells."""
    return _logged(evidence) or _from_means(evidence) or _from_deviations(evidence)


def _logged(evidence: Evidence) -> GroupSize | None:
    for column, series in evidence.others.items():
        if column.split("/")[-1] in LOGGED and len(series) and float(np.ptp(series.values)) == 0 and series.values[0] >= 2:
            return GroupSize(round(float(series.values[0])), "logged", column)
    return None


def _from_means(evidence: Evidence) -> GroupSize | None:
    shares, rewards = evidence.get("zero_std_fraction") or evidence.get("zero_advantage_fraction"), evidence.share_right
    groups = None if shares is None else whole_steps(shares, MOST_GROUPS)
    completions = None if rewards is None else whole_steps(rewards, MOST_COMPLETIONS)
    if not groups or not completions or completions % groups or completions // groups < 2:
        return None
    return GroupSize(completions // groups, "means", rewards.column, groups, completions)


def _from_deviations(evidence: Evidence) -> GroupSize | None:
    """For two rewards a and b the deviation is |a - b| ÷ the root of 2: means of such have steps of 1 ÷ (k x that root)."""
    series = evidence.get("reward_std")
    if series is None or len(series) < limit("window_rows") * 4:
        return None
    values = np.unique(np.round(series.values[series.values > 1e-6], 3))
    if not 2 <= len(values) <= 8:
        return None
    for size, root in ROOTS.items():
        scaled = values * root
        step = float(scaled.min())
        whole = np.abs(scaled / step - np.round(scaled / step)) <= ROUNDING
        if whole.all() and abs(1 / step - round(1 / step)) <= ROUNDING and len(values) >= 3:
            return GroupSize(size, "deviations", series.column)
    return None


def whole_steps(series: Series, most: int) -> int | None:
    """The smallest whole number n <= `most` for which every value is a multiple of 1 ÷ n, up to rounding; None if there is none, or if it
    has too few different values to tell."""
    values = np.unique(series.values)
    if len(values) < LEAST_VALUES:
        return None
    values = values[:: -(-len(values) // MOST_VALUES)]
    decimals = next((d for d in (3, 4, 5) if np.allclose(values, np.round(values, d), rtol=0, atol=1e-9)), 6)
    error = 0.5 * 10.0**-decimals
    last = min(most, int(ROUNDING / error))  # beyond it rounded values would fit any number
    numbers = np.arange(2, last + 1)[:, None]
    for some in (values[:: -(-len(values) // 4)], values):  # of thousands of numbers four values leave few
        scaled = some * numbers
        numbers = numbers[(np.abs(scaled - np.round(scaled)) <= error * numbers + 1e-6).all(1)]
    return int(numbers[0, 0]) if len(numbers) else None
