"""What docs/findings.md tells in prose and in its table of claims: bench/claims.md with its placeholders filled from docs/measured.json.

{{collapse/GRPO/eval_accuracy/final:.2f}}                            seeds from 0
{{collapse/five times longer/GRPO/eval_accuracy/final:.2f}}          another variant
{{collapse/differences/DAPO - GRPO/eval_accuracy}}                   with its interval, two decimals unless a format says otherwise
{{all: collapse/GRPO/seeds/collapsed/count}}                         on the three sets of seeds, one after the other
{{all at equal samples: collapse/GRPO/seeds/collapsed/count}}        the same with the scenario's budget of samples
"""

from __future__ import annotations

import re
from pathlib import Path

from bench.scenario_tables import EQUAL_SAMPLES, VARIANTS

TEMPLATE = Path(__file__).parent / "claims.md"
PLACEHOLDER = re.compile(r"\{\{(?:(all|all at equal samples): )?([^{}:]+?)(?::([^{}:]+))?\}\}")
SETS = {
    "all": [name for name, how in VARIANTS.items() if "times" not in how],
    "all at equal samples": [name for name, how in EQUAL_SAMPLES.items() if "times" not in how],
}


def claims_section(measured: dict) -> str:
    """The filled template. KeyError names what was not measured."""
    return PLACEHOLDER.sub(lambda match: _filled(measured, *match.groups()), TEMPLATE.read_text(encoding="utf-8"))


def _filled(measured: dict, sets: str | None, path: str, how: str | None) -> str:
    name, *parts = re.split(r"(?<! )/(?! )", path)  # not the " / " of a ratio
    variants = measured["scenarios"][name]
    own = [parts.pop(0)] if parts[0] in variants else ["seeds from 0"]
    texts = [
        _text(_found(variants[variant], parts), how or ".2f") for variant in (SETS[sets] if sets else own) if variant in variants
    ]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _found(variant: dict, parts: list[str]) -> object:
    found = variant if parts[0] in ("differences", "ratios") else variant["algorithms"]
    for part in parts:
        found = found[part]
    return found


def _text(value: object, how: str) -> str:
    if isinstance(value, dict):
        low, high = (format(end, how.replace("+", "")) for end in value["ci95"])
        return f"{value['mean']:{how}} [{low}, {high}]"
    return format(value, how) if isinstance(value, float) else str(value)
