"""The cells of the technique table."""

from __future__ import annotations

from dataclasses import replace

from core.settings.algorithm import AlgorithmConfig
from core.settings.describe import settings_of
from core.settings.diff import differences
from core.settings.fields import value_text
from core.settings.switches import SWITCHES, Switch
from core.settings.words import in_words
from pages.shared.compare.edits import Settings

STEPS = {"eps_high": 0.01, "max_rounds": 1, "filter_threshold": 0.01, "overlong_buffer_tokens": 1, "kl_coef": 0.01}


def side_algorithms(settings: Settings) -> dict[str, AlgorithmConfig]:
    """Label -> the algorithm as it stands in the settings, whether or not the rest is valid."""
    return {
        label: replace(run.algorithm, **{name: settings.value(label, name) for name in settings_of(AlgorithmConfig)})
        for label, run in settings.first.items()
    }


def also(settings: Settings) -> list[dict]:
    """What differs between the sides and has no row in the table: the other settings of their algorithms, and how long they train."""
    in_table = {field for switch in SWITCHES for field in switch.fields}
    algorithms = side_algorithms(settings)
    table = {name: row for name, row in differences(algorithms).items() if name not in in_table}
    table |= differences({label: {"updates": run.updates} for label, run in settings.first.items()})
    return [{"label": in_words(name), "texts": [_text(value) for value in row.values()]} for name, row in table.items()]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else value_text(value)


def number_cell(switch: Switch, algorithm: AlgorithmConfig) -> dict | None:
    """The one number of a technique that is on; None if it has none, or one for each replica."""
    field = switch.number_of(algorithm)
    value = getattr(algorithm, field) if field else None
    if value is None or isinstance(value, tuple):
        return None
    setting = settings_of(AlgorithmConfig)[field]
    return {
        "field": field,
        "name": in_words(field),
        "value": value,
        "text": f"{value:g}",
        "min": setting.low,
        "max": setting.high,
        "step": STEPS[field],
    }
