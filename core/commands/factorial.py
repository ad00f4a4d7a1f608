"""`python -m core factorial --scenario NAME --out DIR`: every combination of DAPO's four techniques, main effects and interactions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from core.analysis.export import open_directory, write_files
from core.analysis.result import Status
from core.commands import EXIT_FAILED, EXIT_INTERRUPTED
from core.commands.running import add_start_options, run_with_progress, start_of
from core.ladder.factorial import factorial_runs, factorial_table
from core.ladder.factorial.cells import SCENARIO
from core.ladder.factorial.files import factorial_files
from core.ladder.factorial.sentences import sentences
from core.ladder.table import COUNTS
from core.settings.overrides import apply_overrides
from core.settings.scenarios import find_scenario

NAME = "factorial"
HELP = "train all 16 combinations of DAPO's four techniques, and write effects.csv, cells.csv, seeds.csv, factorial.json and .md, charts"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", default=SCENARIO, help=f"whose task and settings (default: {SCENARIO})")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help="change a setting, as for compare"
    )
    add_start_options(parser)
    parser.add_argument("--out", required=True, type=Path, help="directory for the results")


def run(options: argparse.Namespace, command: str) -> int:
    scenario = find_scenario(options.scenario)
    runs = apply_overrides(factorial_runs(scenario, **start_of(options)), options.settings)
    open_directory(options.out)
    torch.set_num_threads(1)  # one core per run: they train at the same time
    results, interrupted = run_with_progress(runs)
    for label, result in results.items():
        if result.status is Status.FAILED:
            print(f"error: {label} failed: {result.error}", file=sys.stderr)
    if not any(result.history.trained for result in results.values()):
        print("Nothing was measured, and nothing was written.", file=sys.stderr)
        return EXIT_INTERRUPTED if interrupted else EXIT_FAILED
    table = factorial_table(scenario, results)
    files = factorial_files(table, results, command)
    write_files(options.out, files)
    for count in COUNTS:
        for sentence in sentences(table, count):
            print("-", sentence.replace("**", ""))
    print(f"Written to {options.out}: {', '.join(files)}")
    if interrupted:
        print("Interrupted: the files hold what was measured until then.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_FAILED if any(r.status is Status.FAILED for r in results.values()) else 0
