"""One axis of a map: a setting and its values, from text.

`learning_rate=1e-4:3e-2:log12` (twelve values on a log grid), `task.noise=0:0.5:lin6`, `algorithm.eps_high=0.1,0.2,0.28`,
`algorithm.normalize_std=true,false`, `algorithm.dynamic_sampling=off,filter,refill`. The setting is named as after --set.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass

import numpy as np

from core.settings.describe import Setting, settings_of
from core.settings.fields import ConfigError, short
from core.settings.numbers import read_number
from core.settings.overrides import read_override
from core.settings.run import RunConfig
from core.settings.text import setting_text

MOST_VALUES = 64  # of one axis
DIGITS = 4  # significant digits of a value on a grid: what the axis shows is exactly what is trained
SPACED = re.compile(r"([^:,]+):([^:,]+):(log|lin)(\d+)", re.IGNORECASE)
EXAMPLE = "learning_rate=1e-4:3e-2:log12 or algorithm.eps_high=0.1,0.2,0.4"


@dataclass(frozen=True)
class Axis:
    """A setting and its values as text, in the order of the axis. Numbers rise."""

    name: str  # as after --set: learning_rate, task.noise, algorithm.eps_high, DAPO.eps_high
    texts: tuple[str, ...]
    kind: type  # bool, int, float or str
    log: bool  # equal ratios from value to value rather than equal differences
    spec: str  # the text that it was read from, without spaces

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def is_number(self) -> bool:
        return self.kind in (int, float)

    @property
    def numbers(self) -> np.ndarray:
        """(n,) the values; their positions where they are no numbers."""
        return np.array([float(text) for text in self.texts]) if self.is_number else np.arange(len(self), dtype=float)

    @property
    def words(self) -> str:
        """The setting for a reader: 'learning rate', 'ε_high', 'share of hard prompts'."""
        return WORDS.get(self.name.rpartition(".")[2], self.name.rpartition(".")[2].replace("_", " "))

    def place(self, value: object) -> float | None:
        """Where `value` lies, counted in steps of the axis from 0; None outside of it."""
        if not self.is_number or isinstance(value, bool | str) or value is None:
            text = setting_text(value)
            return float(self.texts.index(text)) if text in self.texts else None
        numbers, wanted = self.numbers, float(value)
        if not numbers[0] <= wanted <= numbers[-1]:
            return None
        if self.log:
            numbers, wanted = np.log(numbers), math.log(wanted)
        return float(np.interp(wanted, numbers, np.arange(len(numbers))))


WORDS = {
    "learning_rate": "learning rate",
    "eps_high": "ε_high",
    "eps_low": "ε_low",
    "hard_fraction": "share of hard prompts",
    "noise": "reward noise",
}


def parse_axis(text: str, runs: dict[str, RunConfig], option: str) -> Axis:
    """The axis that `text` describes, for runs label -> settings. ConfigError, which begins with `option` ("--x"), if the setting is unknown,
    a value is invalid, the range is reversed, or there are too few or too many values."""
    name, equals, spec = (part.strip() for part in text.partition("="))
    if not equals or not name or not spec:
        raise ConfigError(f"{option} must be SETTING=VALUES, got {short(repr(text))}; for example {EXAMPLE}")
    setting = _setting(name, runs, option)
    spaced = SPACED.fullmatch(spec)
    if ":" in spec and spaced is None:
        raise ConfigError(
            f"{option} must have its range as LOW:HIGH:logN or LOW:HIGH:linN, got {short(repr(spec))}; for example {EXAMPLE}"
        )
    if setting.optional and not setting.many and setting.kind in (int, float) and "none" in spec.lower():
        raise ConfigError(f"{option} {short(name)} must have numbers only, got {short(repr(spec))}; leave out none")
    texts = _grid(setting, *spaced.groups(), option) if spaced else _listed(setting, spec, option)
    if len(texts) < 2:
        raise ConfigError(f"{option} must have at least 2 values, got {short(repr(spec))}; give more, for example {EXAMPLE}")
    for value in texts:
        _check(name, value, runs, option)
    log = spaced[3].lower() == "log" if spaced else _is_log(setting, texts)
    return Axis(name, texts, setting.kind, log, f"{name}={''.join(spec.split())}")


def _setting(name: str, runs: dict[str, RunConfig], option: str) -> Setting:
    """The description of the setting `name`."""
    owner, _, field = name.rpartition(".")
    run = next((run for label, run in runs.items() if label.lower() == owner.lower()), next(iter(runs.values())))
    part = run.task if owner == "task" else run if owner in ("", "run") else run.algorithm
    found = settings_of(type(part)).get(field)
    if found is None or found.many:
        _check(name, "0", runs, option)  # it knows which settings there are, and says so
        raise ConfigError(f"{option} must be a setting with one value, got {short(name)}; choose another")
    return found


def _check(name: str, value: str, runs: dict[str, RunConfig], option: str) -> None:
    try:
        read_override(runs, name, value)
    except ConfigError as error:
        raise ConfigError(f"{option} {str(error).removeprefix('--set ')}") from None


def _grid(setting: Setting, low: str, high: str, spacing: str, count: str, option: str) -> tuple[str, ...]:
    if setting.kind not in (int, float) or setting.choices:
        raise ConfigError(
            f"{option} {setting.name} must be listed by name, got a range; write {setting.name}={_choices(setting)}"
        )
    ends = [_finite(f"{option} {setting.name}", text) for text in (low, high)]
    number = read_number(f"{option} number of values", count)
    if not 2 <= number <= MOST_VALUES:
        raise ConfigError(
            f"{option} must have between 2 and {MOST_VALUES} values, got {count}; choose a number within these bounds"
        )
    if ends[0] >= ends[1]:
        raise ConfigError(f"{option} {setting.name} must rise from low to high, got {low}:{high}; turn the two around")
    if spacing.lower() == "log" and ends[0] <= 0:
        raise ConfigError(f"{option} {setting.name} must begin above 0 on a log grid, got {low}; raise it or write lin{count}")
    values = np.geomspace(*ends, number) if spacing.lower() == "log" else np.linspace(*ends, number)
    texts = tuple(str(round(v)) if setting.kind is int else f"{v:.{DIGITS}g}" for v in values.tolist())
    if len(set(texts)) < number:
        raise ConfigError(
            f"{option} {setting.name} must have {number} different values, got {', '.join(dict.fromkeys(texts))}; ask for fewer"
        )
    return texts


def _listed(setting: Setting, spec: str, option: str) -> tuple[str, ...]:
    texts = tuple(part.strip() for part in spec.split(",") if part.strip())
    if len(texts) > MOST_VALUES:
        raise ConfigError(f"{option} must have at most {MOST_VALUES} values, got {len(texts)}; leave some out")
    if setting.kind in (int, float):
        numbers = [_finite(f"{option} {setting.name}", text) for text in texts]
        if any(b <= a for a, b in itertools.pairwise(numbers)):
            raise ConfigError(
                f"{option} {setting.name} must have values that rise, got {short(spec)}; put them in order, each once"
            )
    elif setting.kind is bool:
        texts = tuple("true" if text.lower() in ("true", "1", "yes", "on") else text for text in texts)
        texts = tuple("false" if text.lower() in ("false", "0", "no", "off") else text for text in texts)
    if len(set(texts)) < len(texts):
        raise ConfigError(f"{option} {setting.name} must have each value once, got {short(spec)}; leave out the second")
    return texts


def _finite(name: str, text: str) -> float:
    value = read_number(name, text.strip(), float)
    if not math.isfinite(value):
        raise ConfigError(f"{name} must be a finite number, got {short(text.strip())}; write a number")
    return value


def _choices(setting: Setting) -> str:
    return ",".join(setting.choices or ("true", "false"))


def _is_log(setting: Setting, texts: tuple[str, ...]) -> bool:
    """Listed numbers are read as a log axis where their ratios are more alike than their differences."""
    if setting.kind not in (int, float) or len(texts) < 3:
        return False
    values = np.array([float(text) for text in texts])
    if values[0] <= 0:
        return False
    ratios, steps = np.diff(np.log(values)), np.diff(values)
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())
