"""The files of a ladder: what `python -m core ladder` writes, and what the page's zip holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from core.analysis.export import config_json, metrics_csv
from core.analysis.result import RunResult
from core.analysis.summary import clean
from core.ladder.numbers import ladder_markdown, table_csv, table_dict
from core.ladder.published import PUBLISHED
from core.ladder.table import COUNTS, LadderTable
from core.settings.serial import config_dict


def ladder_json(tables: Sequence[LadderTable]) -> str:
    return json.dumps(clean(table_dict(tables)), indent=2, allow_nan=False) + "\n"


def ladder_files(scenario: str, tables: Sequence[LadderTable], results: Mapping[str, RunResult], command: str) -> dict[str, str]:
    """Name -> content."""
    from core.analysis.charts.page import charts_page  # Plotly takes 0.25 s, see core.analysis.export
    from core.ladder.charts import ladder_chart, published_chart

    title = f"Ablation ladder: {scenario}"
    charts = [ladder_chart(table, count) for table in tables for count in COUNTS] + [published_chart(p) for p in PUBLISHED]
    about = (f"Made by: {command}.", *(f"{p.name}: {p.source}, {p.link}" for p in PUBLISHED))
    look_for = (
        "Which step carries the weight, at equal updates and at equal samples generated, and does it in the published ladders?"
    )
    settings = {label: config_dict(result.config) for label, result in results.items()}
    return {
        "ladder.csv": table_csv(tables),
        "ladder.json": ladder_json(tables),
        "ladder.md": ladder_markdown(title, tables),
        "charts.html": charts_page(title, look_for, charts, settings, about),
        "metrics.csv": metrics_csv(results),
        "config.json": config_json(scenario, results, command),
    }
