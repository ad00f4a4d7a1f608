"""A step as plain text and as plain values, for the command line."""

from __future__ import annotations

import math

import pandas as pd

from core.analysis.export import versions
from core.inspection.differences import batch_difference, difference
from core.inspection.sentences import group_sentence, rounds, summary
from core.inspection.step import Step
from core.inspection.tables import completions_table, entropy_by_position, groups_table, side_by_side, tokens_table
from core.inspection.treatment import Treatment
from core.settings.serial import config_dict

Other = tuple[str, Treatment]  # the label of another algorithm, and its treatment of the step
DIGITS = 4


def step_text(step: Step, treated: Treatment, label: str, *, checked: str = "") -> str:
    """The whole step: sentences, then one row per generated group. `checked` is a sentence about the stored run."""
    table = groups_table(step, treated)
    for name in ("slot", "clipped"):  # whole numbers, or missing
        table[name] = ["" if math.isnan(value) else str(int(value)) for value in table[name]]
    return "\n".join([summary(step, treated, label), checked, *rounds(step, treated), "", _text(table)]).replace("\n\n\n", "\n\n")


def group_text(step: Step, treated: Treatment, label: str, number: int, completion: int | None, other: Other | None) -> str:
    """Group `number` opened: completions, the tokens of one of them (default: the one with most of the gradient), the other algorithm."""
    table = completions_table(step, treated, number)
    parts = [group_sentence(step, treated, number), _text(table)]
    if step.groups[number - 1].slot is not None:
        chosen = completion or int(table["share"].argmax()) + 1
        parts += [
            f"Tokens of completion {chosen}:",
            _text(tokens_table(step, treated, number, chosen).drop(columns="completion")),
        ]
    if other is not None:
        name, through = other
        names = (label, f"{name} (other)" if name == label else name)
        parts.append(f"{batch_difference(step, treated, through, names)} {difference(step, treated, through, number, names)}")
        if step.groups[number - 1].slot is not None:
            parts.append(_text(side_by_side(step, treated, through, number, names).reset_index()))
    return "\n\n".join(parts)


def _text(table: pd.DataFrame) -> str:
    return table.to_string(index=False, na_rep="", float_format=lambda value: f"{value:.{DIGITS}g}")


def step_values(step: Step, treated: Treatment, label: str, other: Other | None = None) -> dict:
    """Every number of the step, ready for JSON; what is unknown is None. With `other`, also its treatment of each group."""
    values = {
        "run": label,
        "seed": step.seed,
        "update": step.update,
        "rollout": step.record.rollout,
        "config": config_dict(step.config),
        "versions": versions(),
        "metrics": {name: float(value[0]) for name, value in step.record.metrics.items()},
        "summary": summary(step, treated, label),
        "rounds": rounds(step, treated),
        "entropy_by_position": entropy_by_position(step)[0].tolist(),
        "groups": [_group(step, treated, int(row["group"]), row) for row in _rows(groups_table(step, treated))],
    }
    if other is not None:
        name, through = other
        groups = [_group(step, through, int(row["group"]), row) for row in _rows(groups_table(step, through))]
        for group in groups:
            group["difference"] = difference(step, treated, through, group["group"], (label, name))
        values["against"] = {"algorithm": name, "loss": through.loss, "groups": groups}
        values["against"]["batch"] = batch_difference(step, treated, through, (label, name))
    return _known(values | {"loss": treated.loss})


def _group(step: Step, treated: Treatment, number: int, row: dict) -> dict:
    completions = _rows(completions_table(step, treated, number))
    tokens = _rows(tokens_table(step, treated, number))
    for completion in completions:
        completion["token_table"] = [t for t in tokens if t["completion"] == completion["completion"]]
    return row | {"completions": completions}


def _rows(table: pd.DataFrame) -> list[dict]:
    return [{k: v.item() if hasattr(v, "item") else v for k, v in row.items()} for row in table.to_dict("records")]


def _known(value):
    """NaN and infinity, which JSON does not have, become None."""
    if isinstance(value, dict):
        return {k: _known(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_known(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
