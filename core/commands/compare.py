"""`python -m core compare --scenario NAME --out DIR`: run a scenario's algorithms side by side."""

from __future__ import annotations

import argparse

from core.commands.running import add_run_options, resolve, train_and_report
from core.settings.scenarios import find_scenario

NAME = "compare"
HELP = "run a scenario and write metrics.csv, config.json, summary.json, report.md and charts.html"
add_options = add_run_options


def run(options: argparse.Namespace, command: str) -> int:
    scenario = find_scenario(options.scenario)
    return train_and_report(scenario, resolve(scenario, options), options.out, command)
