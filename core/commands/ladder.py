"""`python -m core ladder --order ours --out DIR`: techniques added to GRPO one by one, or taken from DAPO, with paired differences."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from core.analysis.export import open_directory, write_files
from core.analysis.result import Status
from core.commands import EXIT_FAILED, EXIT_INTERRUPTED
from core.commands.running import add_start_options, run_with_progress, start_of
from core.ladder import ORDERS, ladder_runs, ladder_table
from core.ladder.files import ladder_files
from core.ladder.report import sentences
from core.ladder.rungs import SCENARIO, find_order
from core.settings.overrides import apply_overrides
from core.settings.scenarios import find_scenario

NAME = "ladder"
HELP = "add DAPO's techniques to GRPO one by one, or take each away, and write ladder.csv, ladder.json, ladder.md, charts and metrics"
EVERY = "all"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--order", default="ours", help=f"{', '.join(ORDERS)}, or {EVERY}: each algorithm is trained once (default: ours)"
    )
    parser.add_argument("--scenario", default=SCENARIO, help=f"whose task and settings (default: {SCENARIO})")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help="change a setting, as for compare"
    )
    add_start_options(parser)
    parser.add_argument("--out", required=True, type=Path, help="directory for the results")


def run(options: argparse.Namespace, command: str) -> int:
    scenario = find_scenario(options.scenario)
    orders = list(ORDERS) if options.order == EVERY else [options.order]
    for order in orders:
        find_order(order)
    runs = ladder_runs(scenario, orders, **start_of(options))
    runs = apply_overrides(runs, options.settings)
    open_directory(options.out)
    torch.set_num_threads(1)  # one core per run: they train at the same time
    results, interrupted = run_with_progress(runs)
    tables = [ladder_table(order, scenario, results) for order in orders]
    files = ladder_files(scenario.name, tables, results, command)
    write_files(options.out, files)
    for table in tables:
        for sentence in sentences(table, "updates"):
            print("-", sentence.replace("**", ""))
    for label, result in results.items():
        if result.status is Status.FAILED:
            print(f"error: {label} failed: {result.error}", file=sys.stderr)
    print(f"Written to {options.out}: {', '.join(files)}")
    if interrupted:
        print("Interrupted: the files hold what was measured until then.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_FAILED if any(r.status is Status.FAILED for r in results.values()) else 0
