"""The files of a factorial: what `python -m core factorial` writes, and what the page's zip holds."""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.analysis.export import config_json, metrics_csv
from core.analysis.result import RunResult
from core.analysis.summary import clean
from core.ladder.factorial.numbers import cell_rows, effect_rows, factorial_markdown, seed_rows, table_csv, table_dict
from core.ladder.factorial.table import FactorialTable
from core.ladder.table import COUNTS
from core.settings.serial import config_dict


def factorial_json(table: FactorialTable) -> str:
    return json.dumps(clean(table_dict(table)), indent=2, allow_nan=False) + "\n"


def factorial_files(table: FactorialTable, results: Mapping[str, RunResult], command: str) -> dict[str, str]:
    """Name -> content."""
    from core.analysis.charts.page import charts_page  # Plotly takes 0.25 s, see core.analysis.export
    from core.ladder.factorial.chart import effects_chart

    title = f"Factorial of the four techniques: {table.scenario}"
    look_for = "Which technique changes the score by itself, and which two bring more, or less, together than one by one?"
    settings = {label: config_dict(result.config) for label, result in results.items()}
    charts = [effects_chart(table, count) for count in COUNTS]
    return {
        "effects.csv": table_csv(effect_rows(table)),
        "cells.csv": table_csv(cell_rows(table)),
        "seeds.csv": table_csv(seed_rows(table)),
        "factorial.json": factorial_json(table),
        "factorial.md": factorial_markdown(title, table),
        "charts.html": charts_page(title, look_for, charts, settings, (f"Made by: {command}.",)),
        "metrics.csv": metrics_csv(results),
        "config.json": config_json(table.scenario, results, command),
    }
