"""Files of a comparison: metrics.csv, config.json, summary.json, report.md, charts.html. All or none are replaced."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import tempfile
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.analysis.cost import token_cost, token_costs
from core.analysis.csv_files import csv_text
from core.analysis.report import report_markdown
from core.analysis.result import RunResult
from core.analysis.stats import MIN_SEEDS
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from core.settings.serial import config_dict

if TYPE_CHECKING:
    import pandas as pd


def run_id(label: str, config: RunConfig) -> str:
    """A short name that is the same for the same label and configuration."""
    text = json.dumps(config_dict(config), sort_keys=True)
    slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "run"  # never a leading minus: a spreadsheet would calculate
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def versions() -> dict[str, str]:
    """What the numbers depend on besides the settings."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__, "pandas": version("pandas")}


def metrics_csv(results: dict[str, RunResult]) -> str:
    """All runs as one tidy table; an unmeasured cell is empty."""
    import pandas as pd  # takes 0.2 s, see core.analysis.history

    costs = token_costs(results)
    frames = [run_frame(label, result, costs[label]) for label, result in results.items()]
    return csv_text(pd.concat(frames, ignore_index=True))


def run_frame(label: str, result: RunResult, cost: np.ndarray | None = None) -> pd.DataFrame:
    """The rows of a run, each with the name of the settings that it was trained with: they may have been changed in its course. `cost`
    (U, R) is that of each row (default: since the run began)."""
    if cost is None:
        cost = token_cost(result.history, result.config)
    frame = result.history.frame(run_id=run_id(label, result.config), algorithm=label, token_cost=cost)
    for before, after in reversed(list(pairwise(result.stages))):
        frame.loc[frame["update"] <= after.fork.update, "run_id"] = run_id(label, before)
    return frame


def config_json(scenario: str, results: dict[str, RunResult], command: str) -> str:
    content = {
        "scenario": scenario,
        "command": command,
        "versions": versions(),
        "runs": {label: {"run_id": run_id(label, r.config), **config_dict(r.config)} for label, r in results.items()},
    }
    return json.dumps(content, indent=2) + "\n"


def comparison_files(scenario: str, results: dict[str, RunResult], summary: dict, command: str) -> dict[str, str]:
    """Name -> content of the files that describe a comparison; `summary` is that of `core.analysis.summary.summarise`. A scenario that is no
    longer known is reported under its bare name."""
    known = SCENARIOS.get(scenario)
    words = (known.title, known.look_for, known.afterwards) if known else (scenario, "", "")
    return {
        "metrics.csv": metrics_csv(results),
        "config.json": config_json(scenario, results, command),
        "summary.json": json.dumps(summary, indent=2, allow_nan=False) + "\n",
        "report.md": report_markdown(*words, summary, results),
        "charts.html": charts_html(*words[:2], results, command),
    }


def charts_html(title: str, look_for: str, results: dict[str, RunResult], command: str) -> str:
    """All charts and settings as one page that needs nothing else, see `core.analysis.charts.page`."""
    from core.analysis.charts import all_charts  # Plotly takes 0.25 s, which a process that draws nothing does without
    from core.analysis.charts.page import charts_page

    seeds = next(iter(results.values())).config.seeds
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    about = (
        f"Lines and bars are means over {len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({seeds[0]} to {seeds[-1]}). {_bands(len(seeds))}",
        f"Made by: {command}, with {known}.",
    )
    settings = {label: config_dict(result.config) for label, result in results.items()}
    return charts_page(title, look_for, all_charts(results), settings, about)


def _bands(seeds: int) -> str:
    if seeds < MIN_SEEDS:
        return f"They have no intervals, which need at least {MIN_SEEDS} seeds."
    return "Bands and whiskers are 95 % intervals of these means, by Student's t."


def open_directory(path: Path) -> None:
    """Make sure that files can be written to `path`, creating it. ConfigError if not; an existing directory is left as it is."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ConfigError(
            f"out must be a directory that can be written to, got {str(path)!r} ({error.strerror}); choose another directory"
        ) from None


def write_files(path: Path, files: dict[str, str]) -> None:
    """Write every file beside its place, then move all into place, so that an interruption leaves no mixture."""
    parts = []
    for name, content in files.items():
        part = path / f".{name}.part"
        part.write_text(content, encoding="utf-8")
        parts.append((part, path / name))
    for part, final in parts:
        os.replace(part, final)
