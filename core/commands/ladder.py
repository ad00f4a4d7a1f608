"""`python -m core ladder --order ours --out DIR`: techniques added to GRPO one by one, or taken from DAPO, with paired differences."""

from __future__ import annotations

import argparse

import torch

from core.analysis.export import open_directory, write_files
from core.commands.running import add_study_options, exit_code, run_with_progress, start_of, tell_failed
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
    add_study_options(parser, SCENARIO)


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
    tell_failed(results)
    print(f"Written to {options.out}: {', '.join(files)}")
    return exit_code(results, interrupted)
