"""What the commands that train share: options that describe runs, a progress bar, files and findings."""

from __future__ import annotations

import argparse
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from core.analysis.export import comparison_files, open_directory, write_files
from core.analysis.findings import findings
from core.analysis.result import RunResult, Status
from core.analysis.summary import summarise
from core.commands import EXIT_FAILED, EXIT_INTERRUPTED
from core.commands.progress import ProgressBar
from core.engine.cost import check
from core.runs.foreground import run_all
from core.settings.fields import ConfigError, short
from core.settings.numbers import read_number
from core.settings.overrides import apply_overrides
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import DEFAULT
from core.settings.sides import own_sides, parse_sides, side_runs
from core.settings.start import BUDGETS, START

REFRESH_STEPS = 16  # steps of preparation between two writes to the terminal


def add_run_options(parser: argparse.ArgumentParser) -> None:
    add_setting_options(parser)
    parser.add_argument("--out", required=True, type=Path, help="directory for the results")


def add_setting_options(parser: argparse.ArgumentParser) -> None:
    """The options that describe the runs; not where the results are written."""
    parser.add_argument("--scenario", default=DEFAULT, help=f"a name that `list` shows (default: {DEFAULT})")
    parser.add_argument(
        "--sides",
        default=None,
        metavar="LABEL[:BASE],…",
        help="which algorithms, for example GRPO,DAPO,Mine:DAPO (default: the scenario's)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a setting: task.FIELD, algorithm.FIELD, LABEL.FIELD or a field of the run; may be repeated",
    )
    add_start_options(parser)


def add_study_options(parser: argparse.ArgumentParser, scenario: str) -> None:
    """The options of a study that chooses the algorithms itself; `scenario` is its usual one."""
    parser.add_argument("--scenario", default=scenario, help=f"whose task and settings (default: {scenario})")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help="change a setting, as for compare"
    )
    add_start_options(parser)
    parser.add_argument("--out", required=True, type=Path, help="directory for the results")


def add_start_options(parser: argparse.ArgumentParser) -> None:
    """The options that all sides share: updates, seeds, first seed."""
    for option, text in {
        "--seeds": "number of seeds, trained at once",
        "--first-seed": "the first of them",
        "--updates": "optimiser updates per algorithm",
    }.items():
        parser.add_argument(option, default=None, help=text)
    parser.add_argument(
        "--budget",
        default=None,
        metavar="KIND=NUMBER",
        help="how long each seed trains: samples=120000 until it generated so many completions, or updates=480, the same as --updates",
    )


def start_of(options: argparse.Namespace) -> dict[str, int | None]:
    """These options as keyword arguments of `Scenario.runs`; None for those not given. ConfigError if the length of a run is given twice."""
    start = {
        name: whole_number(option, getattr(options, option[2:].replace("-", "_")))
        for name, option in START.items()
        if name != "samples"
    }
    start["samples"] = None
    if options.budget is not None:
        kind, _, text = options.budget.partition("=")
        if kind.strip() not in BUDGETS:
            raise ConfigError(
                f"--budget must be updates=NUMBER or samples=NUMBER, got {short(repr(options.budget))}; for example --budget samples=120000"
            )
        if start["updates"] is not None:
            raise ConfigError(
                f"--updates and --budget must not both be given, got {start['updates']} and {options.budget}; leave one out"
            )
        start[kind.strip()] = whole_number("--budget", text.strip())
    return start


def resolve(scenario: Scenario, options: argparse.Namespace) -> dict[str, RunConfig]:
    """The scenario's runs with everything that the options say. ConfigError before anything is written."""
    runs = side_runs(
        scenario,
        own_sides(scenario) if options.sides is None else parse_sides(scenario, options.sides),
        **start_of(options),
    )
    return apply_overrides(runs, options.settings)


def whole_number(name: str, text: str | None) -> int | None:
    """The whole number given for an option; None if it is not given. ConfigError if it is not a whole number."""
    return None if text is None else read_number(name, text)


def train_and_report(scenario: Scenario, runs: dict[str, RunConfig], out: Path, command: str) -> int:
    """Train, write the files of the comparison to `out`, print the findings; the exit code. ConfigError if the machine has not the memory."""
    check(runs)
    open_directory(out)
    torch.set_num_threads(1)  # one core per algorithm: they run at the same time
    results, interrupted = run_with_progress(runs)
    summary = summarise(scenario.name, results)
    files = comparison_files(scenario.name, results, summary, command)
    write_files(out, files)
    for sentence in findings(summary):
        print("-", sentence.replace("**", ""))
    print(f"Written to {out}: {', '.join(files)}")
    return exit_code(results, interrupted)


def tell_failed(results: dict[str, RunResult]) -> None:
    for label, result in results.items():
        if result.status is Status.FAILED:
            print(f"error: {label} failed: {result.error}", file=sys.stderr)


def exit_code(results: dict[str, RunResult], interrupted: bool) -> int:
    """Of a command whose files are written."""
    if interrupted:
        print("Interrupted: the files hold what was measured until then.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_FAILED if any(r.status is Status.FAILED for r in results.values()) else 0


def run_with_progress(runs: dict[str, RunConfig]) -> tuple[dict[str, RunResult], bool]:
    """Train with one bar for all updates. Ctrl-C stops every run at its next update; the second value says so."""
    stop = threading.Event()
    done = {label: run.fork.update if run.fork else 0 for label, run in runs.items()}
    interrupted = False
    totals = {label: run.most_updates - done[label] for label, run in runs.items()}
    start = dict(done)
    with ProgressBar(total=sum(totals.values()), unit="update", smoothing=0.05) as bar, ThreadPoolExecutor(1) as pool:

        def on_progress(label: str, stage: str, count: int, total: int) -> None:
            bar.set_postfix_str(f"{label}: {stage} {count}/{total}", refresh=False)
            if stage == "training":
                totals[label] = total - start[label]  # an estimate while the budget is samples
                bar.total = sum(totals.values())
                bar.update(count - done[label])
                done[label] = count
            elif count % REFRESH_STEPS == 0:
                bar.redraw()

        future = pool.submit(run_all, runs, should_stop=stop.is_set, on_progress=on_progress)
        while True:
            try:
                return future.result(), interrupted
            except KeyboardInterrupt:
                interrupted = True
                stop.set()
