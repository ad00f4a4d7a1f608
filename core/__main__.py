"""The command line: `python -m core list` and `python -m core compare --scenario NAME --out DIR`."""

from __future__ import annotations

import argparse
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from tqdm import tqdm

from core.compare import RunResult, run_all
from core.config import RunConfig
from core.export import comparison_files, open_directory, write_files
from core.fields import ConfigError
from core.overrides import apply_overrides
from core.report import findings
from core.scenarios import SCENARIOS, Scenario, find_scenario
from core.sides import own_sides, parse_sides, side_runs
from core.summary import summarise

EXIT_BAD_INPUT, EXIT_FAILED, EXIT_INTERRUPTED = 2, 1, 130


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 a run failed, 2 bad input (nothing written), 130 interrupted (what was measured is written)."""
    options = _parser().parse_args(arguments)
    try:
        return _list() if options.command == "list" else _compare(options, sys.argv[1:] if arguments is None else arguments)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Train GRPO and DAPO side by side, without the dashboard."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the scenarios")
    compare = commands.add_parser("compare", help="run a scenario and write metrics.csv, config.json, summary.json and report.md")
    compare.add_argument("--scenario", default="collapse", help="a name that `list` shows (default: collapse)")
    compare.add_argument(
        "--sides",
        default=None,
        metavar="LABEL[:BASE],…",
        help="which algorithms, for example GRPO,DAPO,Mine:DAPO (default: the scenario's)",
    )
    compare.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a setting: task.FIELD, algorithm.FIELD, LABEL.FIELD or a field of the run; may be repeated",
    )
    compare.add_argument("--seeds", default=None, help="number of seeds, trained at once")
    compare.add_argument("--first-seed", default=None, help="the first of them")
    compare.add_argument("--updates", default=None, help="optimiser updates per algorithm")
    compare.add_argument("--out", required=True, type=Path, help="directory for the results")
    return parser


def _list() -> int:
    for name, scenario in SCENARIOS.items():
        print(f"{name:24} {scenario.title}\n{'':24} {scenario.look_for}\n")
    return 0


def _compare(options: argparse.Namespace, arguments: list[str]) -> int:
    scenario = find_scenario(options.scenario)
    runs = _resolve(scenario, options)
    open_directory(options.out)
    torch.set_num_threads(1)  # one core per algorithm: they run at the same time
    results, interrupted = _run_with_progress(runs)
    summary = summarise(scenario.name, results)
    write_files(options.out, comparison_files(scenario.name, results, summary, "python -m core " + " ".join(arguments)))
    for sentence in findings(summary):
        print("-", sentence.replace("**", ""))
    print(f"Written to {options.out}: metrics.csv, config.json, summary.json, report.md")
    if interrupted:
        print("Interrupted: the files hold what was measured until then.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_FAILED if any(r.status == "failed" for r in results.values()) else 0


def _resolve(scenario: Scenario, options: argparse.Namespace) -> dict[str, RunConfig]:
    """The scenario's runs with everything the command line says. ConfigError before anything is written."""
    runs = side_runs(
        scenario,
        own_sides(scenario) if options.sides is None else parse_sides(scenario, options.sides),
        updates=_whole_number("--updates", options.updates),
        replicas=_whole_number("--seeds", options.seeds),
        first_seed=_whole_number("--first-seed", options.first_seed),
    )
    return apply_overrides(runs, options.settings)


def _whole_number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{name} must be a whole number, got {text!r}; write a whole number") from None


def _run_with_progress(runs: dict[str, RunConfig]) -> tuple[dict[str, RunResult], bool]:
    """Train with one bar for all updates. Ctrl-C stops every run at its next update; the second value says so."""
    stop = threading.Event()
    done: dict[str, int] = {}
    interrupted = False
    with tqdm(total=sum(r.updates for r in runs.values()), unit="update", smoothing=0.05) as bar, ThreadPoolExecutor(1) as pool:

        def on_progress(label: str, stage: str, count: int, total: int) -> None:
            bar.set_postfix_str(f"{label}: {stage} {count}/{total}", refresh=False)
            if stage == "training":
                bar.update(count - done.get(label, 0))
                done[label] = count
            else:
                bar.refresh()

        future = pool.submit(run_all, runs, should_stop=stop.is_set, on_progress=on_progress)
        while True:
            try:
                return future.result(), interrupted
            except KeyboardInterrupt:
                interrupted = True
                stop.set()


if __name__ == "__main__":
    sys.exit(main())
