"""An algorithm and its sizes while they are read, each value checked against the Lab's own bounds."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from core.recipes.reading import sentences as s
from core.recipes.reading.values import Values
from core.settings.algorithm import GRPO, AlgorithmConfig
from core.settings.fields import ConfigError, value_text
from core.settings.schema import check_value


@dataclass
class Draft:
    """`algorithm`: fields that differ from GRPO's. `sizes`: prompts, group, updates per rollout and epochs as they are in the user's run, with
    its temperature and max_grad_norm. `learning_rate` is theirs, for the sentence that it was not carried over. `buffer`: (tokens, of)."""

    values: Values
    algorithm: dict[str, object] = field(default_factory=dict)
    sizes: dict[str, float | None] = field(default_factory=dict)
    learning_rate: float | None = None
    buffer: tuple[int, int] | None = None

    def put(self, name: str, value: object, key: str) -> None:
        """A field of the algorithm, read from `key`; one that the Lab does not allow stays as GRPO has it and is told."""
        try:
            check_value(AlgorithmConfig, name, value, called=key)
        except ConfigError as error:
            self.values.note(s.REFUSED, key=key, reason=str(error), default=value_text(getattr(GRPO, name)))
            return
        self.algorithm[name] = value

    def made(self) -> AlgorithmConfig:
        known = {f.name for f in fields(AlgorithmConfig)}
        return AlgorithmConfig(**{name: value for name, value in self.algorithm.items() if name in known})
