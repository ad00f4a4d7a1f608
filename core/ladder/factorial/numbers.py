"""The factorial in numbers, as CSV, as plain values and as Markdown: the same in files and on the page."""

from __future__ import annotations

from core.analysis.csv_files import csv_text
from core.analysis.result import Status
from core.analysis.tables import about_intervals, number
from core.analysis.verdict import verdict
from core.ladder.factorial.sentences import sentences, where
from core.ladder.factorial.table import FactorialTable
from core.ladder.numbers import spread, told
from core.ladder.report import VERDICTS, told_step
from core.ladder.table import COUNTS
from core.settings.techniques import DAPO_TECHNIQUES


def cell_rows(table: FactorialTable) -> list[dict]:
    """One flat row per cell, as cells.csv has it."""
    out = []
    for row in table.rows:
        flat: dict = {"algorithm": row.cell.label} | dict(zip(DAPO_TECHNIQUES, row.cell.on, strict=True)) | {"status": row.status}
        for count in COUNTS:
            flat |= spread(f"score_equal_{count}", row.score(count)) | {f"score_equal_{count}_iqm": row.middle(count)}
        flat |= spread("collapsed_share", row.collapsed) | spread("solved_share", row.solved)
        out.append(flat | {"updates": row.updates, "samples_generated": row.samples})
    return out


def effect_rows(table: FactorialTable) -> list[dict]:
    """One flat row per effect and budget, as effects.csv has it; [] while a cell is missing."""
    return [
        {"techniques": effect.name, "order": len(effect.techniques), "equal": count}
        | spread("effect", effect.value)
        | {"verdict": VERDICTS[verdict(effect.value)]}
        for count in COUNTS
        for effect in table.effects(count).values()
    ]


def seed_rows(table: FactorialTable) -> list[dict]:
    """One flat row per cell and seed, as seeds.csv has it: the effects can be computed from it."""
    return [
        {"algorithm": row.cell.label, "seed": seed} | {f"score_equal_{count}": float(row.scores[count][at]) for count in COUNTS}
        for row in table.rows
        for at, seed in enumerate(table.seeds)
    ]


def table_csv(rows: list[dict]) -> str:
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    return csv_text(pd.DataFrame(rows)) if rows else ""


def table_dict(table: FactorialTable) -> dict:
    """The content of factorial.json, but for NaN: see `core.analysis.summary.clean`."""
    return {
        "scenario": table.scenario,
        "score": table.score_name,
        "seeds": list(table.seeds),
        "length": table.length,
        "compared_at": dict(table.at),
        "techniques": list(DAPO_TECHNIQUES),
        "coding": "-1/2 off, +1/2 on: see core/ladder/factorial/effects.py",
        "cells": cell_rows(table),
        "effects": effect_rows(table),
        "missing": [cell.label for cell in table.missing],
        "findings": {count: sentences(table, count) for count in COUNTS},
    }


def effects_markdown(table: FactorialTable) -> str:
    """A line per main effect and pair, at both budgets; '' while a cell is missing."""
    found = {count: table.effects(count) for count in COUNTS}
    if not all(found.values()):
        return ""
    head = ["effect", *(where(table, count) for count in COUNTS)]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for techniques, effect in found[COUNTS[0]].items():
        if len(techniques) <= 2:
            values = [found[count][techniques].value for count in COUNTS]
            lines.append("| " + " | ".join([effect.name, *(f"{told_step(v)}: {VERDICTS[verdict(v)]}" for v in values)]) + " |")
    return "\n".join(lines) + "\n"


def cells_markdown(table: FactorialTable) -> str:
    """A line per cell: its techniques, scores with intervals and interquartile means, and the seeds that collapsed."""
    short = ["clip", "token", "sampling", "overlong"]
    head = [
        *short, *(f"{table.score_name} {where(table, count)} [95 %], interquartile mean" for count in COUNTS), "seeds collapsed [95 %]",
        "seeds solved [95 %]",
    ]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for row in table.rows:
        cut = "" if row.status is Status.DONE else f" ({row.status})"
        cells = [
            *("✓" if on else "·" for on in row.cell.on),
            *(f"{told(row.score(count))}, {number(row.middle(count))}{cut}" for count in COUNTS),
            told(row.collapsed),
            told(row.solved),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def seeds_markdown(table: FactorialTable, count: str) -> str:
    """Every seed's score in every cell: a line per cell."""
    lines = ["| " + " | ".join(["seed", *map(str, table.seeds)]) + " |", "| --- " * (len(table.seeds) + 1) + "|"]
    lines += [f"| {row.cell.label} | " + " | ".join(f"{v:.2f}" for v in row.scores[count]) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"


def factorial_markdown(title: str, table: FactorialTable) -> str:
    """factorial.md: the sentences and tables, and how the effects are defined."""
    seeds = table.seeds
    parts = [
        f"# {title}",
        f"{table.length} in each of 16 cells, {len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({seeds[0]} to {seeds[-1]}). "
        + about_intervals(len(seeds)),
    ]
    for count in COUNTS:
        parts += [f"## {where(table, count).capitalize()}", "\n".join(f"- {text}" for text in sentences(table, count))]
    parts += ["## Effects", effects_markdown(table), "## Cells", cells_markdown(table)]
    for count in COUNTS:
        parts += [f"## Every seed, {where(table, count)}", seeds_markdown(table, count)]
    parts += ["## How to read this", ABOUT]
    return "\n\n".join(part for part in parts if part) + "\n"


ABOUT = (
    "A main effect is the mean score of the eight cells with a technique minus that of the eight without it. An interaction of two is what "
    "one brings where the other is on minus what it brings where it is off. Both are computed for each seed, and their intervals are those "
    "of the mean over seeds by Student's t. The interquartile mean leaves out the lowest and the highest quarter of the seeds; the shares "
    "have Wilson intervals."
)
