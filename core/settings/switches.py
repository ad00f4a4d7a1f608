"""The techniques as switches, for a table with one row per technique and one column per algorithm: whether a technique is on, what turning
it on or off sets, and the one number that says how strong it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.settings.algorithm import DAPO, GRPO, AlgorithmConfig
from core.settings.techniques import TECHNIQUES

KL_ON = 0.04  # the weight in DeepSeekMath, section 4.2


@dataclass(frozen=True)
class Switch:
    """One technique. `on` and `off` are the values of `field` that the switch sets; `is_on` reads any value of it. `number` gives the field
    whose number belongs to the value that the field has, '' for none."""

    label: str
    help: str
    field: str
    on: object
    off: Callable[[AlgorithmConfig], object]
    is_on: Callable[[AlgorithmConfig], bool]
    number: Mapping[object, str]

    @property
    def fields(self) -> tuple[str, ...]:
        """The setting that it switches, and those that hold its one number."""
        return (self.field, *self.number.values())

    def number_of(self, algorithm: AlgorithmConfig) -> str:
        """The field of the one number; '' if the technique is off or has none."""
        if not self.is_on(algorithm):
            return ""
        return self.number.get(getattr(algorithm, self.field), self.number.get(ANY, ""))

    def variant(self, algorithm: AlgorithmConfig) -> str:
        """The value of the field in words where a switch does not say it: neither what it sets nor a number; '' otherwise."""
        value = getattr(algorithm, self.field)
        return value if isinstance(value, str) and value not in (self.on, self.off(algorithm)) else ""

    def turned(self, on: bool, algorithm: AlgorithmConfig, base: AlgorithmConfig) -> dict[str, object]:
        """The settings that turn it on or off for `algorithm`, which began as `base`: on is as in `base`, where it is on there."""
        if not on:
            return {self.field: self.off(algorithm)}
        return {self.field: getattr(base, self.field) if self.is_on(base) else self.on}


ANY = object()  # stands for every value of a field


def _of_dapo(label: str, text: str, number: Mapping[object, str]) -> Switch:
    """A technique of DAPO that is a choice among words."""
    (field, on), off = next(iter(TECHNIQUES[label].on.items())), GRPO
    return Switch(label, text, field, on, lambda _: getattr(off, field), lambda a: getattr(a, field) == on, number)


def _chosen(label: str, text: str, number: Mapping[object, str]) -> Switch:
    """A technique with several variants, each of which counts as on."""
    (field, on), off = next(iter(TECHNIQUES[label].on.items())), GRPO
    return Switch(
        label, text, field, on, lambda _: getattr(off, field), lambda a: getattr(a, field) != getattr(off, field), number
    )


def _upper_clip_is_wider(algorithm: AlgorithmConfig) -> bool:
    """Also for one value per replica: wider for every one of them."""
    low, high = algorithm.eps_low, algorithm.eps_high
    lows, highs = (value if isinstance(value, tuple) else (value,) for value in (low, high))
    return min(highs) > max(lows)


SWITCHES: tuple[Switch, ...] = (
    Switch(
        "Clip-Higher",
        "The ratio may rise further above 1 than it may fall below it, so that rare tokens can grow. The number is eps_high.",
        "eps_high",
        DAPO.eps_high,
        lambda algorithm: algorithm.eps_low,
        _upper_clip_is_wider,
        {ANY: "eps_high"},
    ),
    _of_dapo(
        "Token-level loss",
        "Every token of the batch weighs the same, so that a long completion counts for more than a short one.",
        {},
    ),
    _chosen(
        "Dynamic sampling",
        "Groups that are all right or all wrong are dropped, and others sampled in their place, at most so many times per rollout: the "
        "number is max_rounds.",
        {"refill": "max_rounds", "filter": "filter_threshold"},
    ),
    _chosen(
        "Overlong shaping",
        "Completions are punished the more the closer they come to the length limit. The number is the width of that ramp in tokens, "
        "overlong_buffer_tokens.",
        {"soft": "overlong_buffer_tokens"},
    ),
    Switch(
        "Std normalisation",
        "Advantages are divided by the group's standard deviation; off is Dr. GRPO.",
        "normalize_std",
        True,
        lambda _: False,
        lambda algorithm: algorithm.normalize_std,
        {},
    ),
    Switch(
        "KL penalty",
        "The policy is held near the one that it began as. The number is kl_coef.",
        "kl_coef",
        KL_ON,
        lambda _: 0.0,
        lambda algorithm: algorithm.kl_coef > 0,
        {ANY: "kl_coef"},
    ),
)


def differs(switch: Switch, algorithms: Mapping[str, AlgorithmConfig]) -> bool:
    """Whether not all of `algorithms`, label -> algorithm, have the same of this technique."""
    states = {
        (getattr(a, switch.field), getattr(a, number) if (number := switch.number_of(a)) else None) for a in algorithms.values()
    }
    return len(states) > 1
