"""`python -m core factorial --scenario NAME --out DIR`: every combination of DAPO's four techniques, main effects and interactions."""

from __future__ import annotations

import argparse
import sys

import torch

from core.analysis.export import open_directory, write_files
from core.commands import EXIT_FAILED, EXIT_INTERRUPTED
from core.commands.running import add_study_options, exit_code, run_with_progress, start_of, tell_failed
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
    add_study_options(parser, SCENARIO)


def run(options: argparse.Namespace, command: str) -> int:
    scenario = find_scenario(options.scenario)
    runs = apply_overrides(factorial_runs(scenario, **start_of(options)), options.settings)
    open_directory(options.out)
    torch.set_num_threads(1)  # one core per run: they train at the same time
    results, interrupted = run_with_progress(runs)
    tell_failed(results)
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
    return exit_code(results, interrupted)
