"""DAPO's techniques, each as the settings that switch it on, with the values that they have in DAPO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.settings.algorithm import DAPO, AlgorithmConfig
from core.settings.fields import ConfigError, short


@dataclass(frozen=True)
class Technique:
    """`on` are the settings that switch it on; `strength` are settings that matter only then; `label` is its name in labels."""

    label: str
    on: Mapping[str, object]
    strength: tuple[str, ...] = ()

    def added_to(self, algorithm: AlgorithmConfig, strength_of: AlgorithmConfig | None = None) -> AlgorithmConfig:
        """`algorithm` with this technique switched on; the settings of its strength stay as they are, or are copied from `strength_of`."""
        strength = {} if strength_of is None else {name: getattr(strength_of, name) for name in self.strength}
        return replace(algorithm, **self.on, **strength)

    def taken_from(self, algorithm: AlgorithmConfig, base: AlgorithmConfig) -> AlgorithmConfig:
        """`algorithm` with the settings of this technique as they are in `base`."""
        return replace(algorithm, **{name: getattr(base, name) for name in (*self.on, *self.strength)})

    def is_on(self, algorithm: AlgorithmConfig) -> bool:
        return all(getattr(algorithm, name) == value for name, value in self.on.items())


def _of_dapo(label: str, name: str, *strength: str) -> Technique:
    return Technique(label, {name: getattr(DAPO, name)}, strength)


# Overlong filtering and shaping are two values of one setting: who adds shaping to an algorithm with filtering replaces it, as the paper's
# authors did (github.com/BytedTsinghua-SIA/DAPO/issues/13).
TECHNIQUES = {
    "Clip-Higher": _of_dapo("clip", "eps_high"),
    "Token-level loss": _of_dapo("token", "loss_aggregation"),
    "Dynamic sampling": _of_dapo("sampling", "dynamic_sampling", "max_rounds"),
    "Overlong shaping": _of_dapo("overlong", "overlong", "overlong_buffer_tokens", "overlong_penalty"),
    "Overlong filtering": Technique("filtering", {"overlong": "filter"}),
}
DAPO_TECHNIQUES = ("Clip-Higher", "Token-level loss", "Dynamic sampling", "Overlong shaping")  # all together make GRPO to DAPO


def with_techniques(algorithm: AlgorithmConfig, names: list[str]) -> AlgorithmConfig:
    """`algorithm` with these techniques switched on. ConfigError for an unknown name."""
    for name in names:
        if name not in TECHNIQUES:
            raise ConfigError(f"technique must be one of {', '.join(TECHNIQUES)}, got {short(repr(name))}; choose one of these")
        algorithm = TECHNIQUES[name].added_to(algorithm)
    return algorithm


def techniques_of(algorithm: AlgorithmConfig) -> list[str]:
    """The names of those that are switched on as in DAPO."""
    return [name for name, technique in TECHNIQUES.items() if technique.is_on(algorithm)]
