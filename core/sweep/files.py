"""Files of a sweep: map.csv, map.json, map.md, map.html."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from core.analysis.csv_files import csv_text
from core.analysis.export import versions
from core.settings.serial import config_dict
from core.sweep.map import SweepMap, measure_words
from core.sweep.run import Progress
from core.sweep.sentences import findings

if TYPE_CHECKING:
    from core.analysis.charts.chart import Chart

COLUMNS = ("side", "seeds", "diverged_update", "measure", "mean", "low", "high")


def map_files(found: SweepMap, measure: str, progress: Progress, command: str) -> dict[str, str]:
    """Name -> content."""
    return {
        "map.csv": map_csv(found),
        "map.json": map_json(found, progress, command),
        "map.md": map_markdown(found, progress, command),
        "map.html": map_html(found, measure, command),
    }


def map_csv(found: SweepMap) -> str:
    """One row per cell, side (or difference) and measure; an unmeasured cell is empty."""
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    return csv_text(pd.DataFrame(found.rows, columns=[*(axis.name for axis in found.grid.axes), *COLUMNS]))


def map_json(found: SweepMap, progress: Progress, command: str) -> str:
    grid = found.grid
    content = {
        "scenario": grid.scenario.name,
        "command": command,
        "versions": versions(),
        "axes": [{"setting": axis.name, "values": list(axis.texts)} for axis in grid.axes],
        "seeds": [grid.seeds[0], len(grid.seeds)],
        "sides": {label: config_dict(run) for label, run in grid.runs.items()},
        "progress": asdict(progress) | {"rate": progress.rate},
        "findings": {_plane_name(found, at) or "map": findings(found, at) for at in planes(found)},
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def map_markdown(found: SweepMap, progress: Progress, command: str) -> str:
    grid = found.grid
    x, y = grid.axes[:2]
    seeds = grid.seeds
    lines = [
        f"# {grid.scenario.title}: {x.words} × {y.words}",
        "",
        f"{progress.cells} of {progress.total} cells and sides, seeds {seeds[0]} to {seeds[-1]}. A cell has collapsed where half or more of "
        "its seeds have. In brackets: 95 % intervals, of means by Student's t, of shares by Wilson's formula.",
        "",
    ]
    for at in planes(found):
        if name := _plane_name(found, at):
            lines += [f"## {name}", ""]
        lines += [f"- {sentence}" for sentence in findings(found, at)] + [""]
    return "\n".join([*lines, f"Made by `{command}`.", ""])


def map_html(found: SweepMap, measure: str, command: str) -> str:
    from core.analysis.charts.page import charts_page  # Plotly takes 0.25 s, see core.analysis.export

    charts: list[Chart] = []
    for at in planes(found):
        charts += map_charts(found, measure, at)
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    told = [sentence.replace("**", "") for at in planes(found) for sentence in findings(found, at)]
    settings = {label: config_dict(run) for label, run in found.grid.runs.items()}
    title = f"{found.grid.scenario.title}: {measure_words(measure)}"
    return charts_page(title, found.grid.scenario.look_for, charts, settings, (*told, f"Made by: {command}, with {known}."))


def map_charts(found: SweepMap, measure: str, at: int | None, *, dark: bool = False) -> list[Chart]:
    """Every side, then every difference."""
    from core.sweep.charts import difference_chart, map_chart  # Plotly takes 0.25 s, see core.analysis.export

    charts = [map_chart(found, label, measure, at, dark=dark) for label in found.labels]
    return charts + [difference_chart(found, ours, theirs, measure, at, dark=dark) for ours, theirs in found.pairs]


def planes(found: SweepMap) -> list[int | None]:
    """The positions on the third axis; [None] without one."""
    return list(range(found.grid.shape[2])) if len(found.grid.shape) > 2 else [None]


def _plane_name(found: SweepMap, at: int | None) -> str:
    if at is None:
        return ""
    axis = found.grid.axes[2]
    return f"{axis.words} {axis.texts[at]}"
