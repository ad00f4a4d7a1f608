"""`python -m core logs PATH…`: read other trainers' logs and tell what they hold; `--csv` or `--json` writes it in the Lab's names."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from core.commands import EXIT_BAD_INPUT
from core.logs import HOME, LogRun, Reading, read_paths
from core.logs.export import lab_csv
from core.logs.take import EVALUATIONS
from core.settings.fields import ConfigError

NAME = "logs"
HELP = "read logs of TRL, verl, OpenRLHF, W&B, TensorBoard and others, and tell what they hold in the Lab's names"
PART = 10  # a tenth of a run: its beginning and its end


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    out = parser.add_mutually_exclusive_group()
    out.add_argument("--json", default=None, type=Path, metavar="FILE", help="write runs, metrics and sentences to FILE")
    out.add_argument(
        "--csv", default=None, type=Path, metavar="FILE", help="write all runs as one table in the Lab's columns to FILE"
    )


def run(options: argparse.Namespace, command: str) -> int:
    """Exit code 0 if at least one run was read, 2 if none was."""
    reading = read_paths(options.paths, HOME)
    for found in reading.runs:
        print(described(found))
    for sentence in reading.notes:
        print("-", sentence)
    if not reading.runs:
        print("error: no run was read", file=sys.stderr)
        return EXIT_BAD_INPUT
    if options.json is not None:
        _write("--json", options.json, json.dumps(reading_values(reading), indent=1, allow_nan=False) + "\n")
    if options.csv is not None:
        _write("--csv", options.csv, lab_csv(reading))
    return 0


def described(found: LogRun) -> str:
    """A run as text: where it is from, its metrics from beginning to end, and what must be known to read them."""
    steps = f"steps {found.steps[0]} to {found.steps[-1]}" if len(found.steps) else "no training rows"
    lines = [
        f"{found.name}: {found.format}, {found.framework.name} ({found.framework.sure}), {len(found.steps)} rows, {steps}; "
        f"a step is one {found.step_unit}"
    ]
    for metric in found.metrics:
        first, last = ends(found.series(metric))
        column = found.column_of(metric) or "computed"
        lines.append(f"    {metric:30} {_short(first):>10} → {_short(last):<10} {column}")
    others = [c for c in found.columns if c not in found.taken]
    lines.append(f"    {len(others)} other columns" + (f": {', '.join(others[:6])}, …" if others else ""))
    lines += [f"  - {note}" for note in found.notes]
    return "\n".join(lines)


def ends(values: np.ndarray) -> tuple[float | None, float | None]:
    """Mean of the first and of the last tenth of what was measured and is finite, None if nothing is."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None, None
    part = max(1, len(finite) // PART)
    return float(finite[:part].mean()), float(finite[-part:].mean())


def reading_values(reading: Reading) -> dict:
    """Everything as JSON; NaN and infinity, which JSON lacks, are null: `not_finite` counts them."""
    return {"runs": [_run_values(found) for found in reading.runs], "notes": [str(note) for note in reading.notes]}


def _run_values(found: LogRun) -> dict:
    metrics = {}
    for metric in found.metrics:
        values, column = found.series(metric), found.column_of(metric)
        logged = found.evaluation if column in found.evaluation.columns else found.training
        metrics[metric] = {
            "column": column,
            "conversion": found.taken[column].conversion if column else "computed",
            "note": found.note(metric),
            "steps": (found.evaluation if metric in EVALUATIONS else found.training).steps.tolist(),
            "values": _finite(values),
            "not_finite": int((~np.isfinite(logged.columns[column].values)).sum()) if column else 0,
        }
    return {
        "name": found.name,
        "file": found.file,
        "format": found.format,
        "framework": {"name": found.framework.name, "sure": found.framework.sure, "because": list(found.framework.because)},
        "step_unit": found.step_unit,
        "step_column": found.step_key or None,
        "steps": found.steps.tolist(),
        "metrics": metrics,
        "columns": {name: _finite(found.values(name)) for name in found.columns},
        "evaluation": {
            "steps": found.evaluation.steps.tolist(),
            "columns": {name: _finite(found.evaluation.values(name)) for name in found.evaluation.columns},
        },
        "summary": {name: value if np.isfinite(value) else None for name, value in found.summary.items()},
        "notes": [str(note) for note in found.notes],
    }


def _finite(values: np.ndarray) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _write(option: str, path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{option} must be a file that can be written, got {str(path)!r}: {error.strerror}; choose another"
        ) from None
