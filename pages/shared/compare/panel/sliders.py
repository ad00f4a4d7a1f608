"""The six essential settings as sliders over values that people choose among, the scenario's among them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.settings.describe import Setting, settings_of
from core.settings.run import RunConfig
from core.settings.task import ChainConfig, TaskConfig
from core.settings.words import in_words
from pages.shared.compare.edits import RUN, TASK, Settings

RATES = tuple(m * 10.0**e for e in range(-5, 0) for m in (1, 1.5, 2, 3, 5, 7))
GROUPS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
NOISES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SHARES = tuple(n / 20 for n in range(21))
SEEDS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


@dataclass(frozen=True)
class Essential:
    owner: str
    field: str


def essentials(settings: Settings, most_seeds: int | None = None) -> list[dict]:
    """The sliders, as the panel takes them."""
    run = next(iter(settings.first.values()))
    chosen = (
        Essential(RUN, "learning_rate"),
        Essential(RUN, "updates_per_rollout"),
        Essential(RUN, "group_size"),
        Essential(TASK, "noise"),
        Essential(TASK, hard_field(run.task)),
        Essential(RUN, "replicas"),
    )
    return [_slider(settings, one, run) for one in chosen if not isinstance(settings.value(one.owner, one.field), tuple)]


def hard_field(task: TaskConfig) -> str:
    """The field that says how many prompts are hard: on the chain a rare step solves them, elsewhere nothing does."""
    return "hard_fraction" if isinstance(task, ChainConfig) else "too_hard_fraction"


def _slider(settings: Settings, one: Essential, run: RunConfig) -> dict:
    config = run if one.owner == RUN else run.task
    described: Setting = settings_of(type(config))[one.field]
    value, mark = settings.value(one.owner, one.field), settings.default(one.owner, one.field)
    options = sorted({*_options(settings, one), *(x for x in (value, mark) if x is not None and not isinstance(x, tuple))})
    return {
        "owner": one.owner,
        "field": one.field,
        "label": in_words(one.field),
        "help": described.help,
        "options": options,
        "texts": [f"{option:g}" for option in options],
        "value": value,
        "mark": mark,
        "min": described.low,
        "max": described.high,
        "whole": described.kind is int,
    }


def _options(settings: Settings, one: Essential) -> tuple[float, ...]:
    if one.field == "updates_per_rollout":
        return _even_updates(settings.value(RUN, "num_prompts"), settings.value(RUN, "epochs"))
    if one.field == "too_hard_fraction":
        return tuple(share for share in SHARES if share <= 1 - settings.value(TASK, "too_easy_fraction"))
    if one.field == "replicas" and any(run.per_replica for run in settings.first.values()):
        return ()
    return {
        "learning_rate": tuple(float(f"{rate:.3g}") for rate in RATES),
        "group_size": GROUPS,
        "noise": NOISES,
        "replicas": SEEDS,
    }.get(one.field, SHARES)


def _even_updates(prompts: int, epochs: int) -> tuple[int, ...]:
    """Updates per rollout that split prompts x epochs evenly, and in whole passes: the others are refused."""
    total = prompts * epochs
    small = [n for n in range(1, math.isqrt(total) + 1) if total % n == 0]
    divisors = {*small, *(total // n for n in small)}
    return tuple(n for n in sorted(divisors) if n % epochs == 0 and n <= 256)
