"""`python -m core sweep --x learning_rate=1e-4:3e-2:log12 --y algorithm.eps_high=0.1,0.2,0.4 --out DIR`: a map of two or three settings."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path

from core.analysis.export import open_directory, write_files
from core.commands import EXIT_FAILED, EXIT_INTERRUPTED
from core.commands.progress import ProgressBar
from core.commands.running import add_setting_options, resolve, whole_number
from core.engine.cost import check
from core.settings.fields import ConfigError, short
from core.settings.scenarios import find_scenario
from core.sweep.executor import Executor, ExecutorLost
from core.sweep.executor.processes import Processes
from core.sweep.executor.ray import Ray
from core.sweep.files import map_files, planes
from core.sweep.grid import Grid, make_grid
from core.sweep.map import SweepMap
from core.sweep.measured import COLLAPSED, MEASURES
from core.sweep.run import Progress, Sweep
from core.sweep.sentences import findings
from core.sweep.store import SweepStore, SweepStoreError

NAME = "sweep"
HELP = "train a grid of two or three settings on processes or on Ray, and write map.csv, map.json, map.md and map.html"
STORE = "results.sqlite"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_setting_options(parser)
    for option, need in (("--x", True), ("--y", True), ("--z", False)):
        parser.add_argument(
            option,
            required=need,
            metavar="SETTING=VALUES",
            help="SETTING=LOW:HIGH:logN, LOW:HIGH:linN, or values with commas between",
        )
    parser.add_argument(
        "--show", default=COLLAPSED, help=f"what map.html shows, one of {', '.join(MEASURES)} (default: {COLLAPSED})"
    )
    parser.add_argument("--workers", default=None, help="processes on this machine (default: one per core)")
    parser.add_argument(
        "--ray", default=None, metavar="ADDRESS", help="train on a Ray cluster instead: auto, HOST:PORT, ray://HOST:PORT, local"
    )
    parser.add_argument(
        "--out", required=True, type=Path, help=f"directory for the results; {STORE} in it is where a sweep goes on"
    )


def run(options: argparse.Namespace, command: str) -> int:
    scenario = find_scenario(options.scenario)
    if options.show not in MEASURES:
        raise ConfigError(f"--show must be one of {', '.join(MEASURES)}, got {short(repr(options.show))}; choose one of these")
    specs = [spec for spec in (options.x, options.y, options.z) if spec is not None]
    grid = make_grid(scenario, resolve(scenario, options), specs)
    workers = whole_number("--workers", options.workers)
    check(
        {f"{label} at {', '.join(grid.texts(cell))}": config for (cell, label), config in grid.configs.items()}, at_once=workers
    )
    try:
        with Ray(options.ray, workers) if options.ray else Processes(workers) as executor:
            open_directory(options.out)
            with closing(SweepStore(options.out / STORE)) as store:
                sweep = Sweep(grid, store)
                progress, interrupted = _with_bar(sweep, executor)
                found = SweepMap(grid, sweep.plan.partly())
    except (SweepStoreError, ExecutorLost) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILED
    files = map_files(found, options.show, progress, command)
    write_files(options.out, files)
    _tell(grid, found, progress)
    print(f"Written to {options.out}: {', '.join(files)}")
    if interrupted:
        print(
            f"Interrupted: {progress.cells} of {progress.total} cells are kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return EXIT_INTERRUPTED
    return EXIT_FAILED if progress.failed else 0


def _with_bar(sweep: Sweep, executor: Executor) -> tuple[Progress, bool]:
    """Run with a bar of cells. Ctrl-C gives up what is being trained and keeps the rest; the second value says so."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    first = sweep.progress
    if first.found:
        print(f"{first.found} of {first.total} cells are known already.", file=sys.stderr)
    told = 0
    with ProgressBar(total=first.total, initial=first.cells, unit="cell", smoothing=0.1) as bar:

        def show(progress: Progress) -> None:
            nonlocal told
            bar.set_postfix_str(f"{progress.replicas} of {progress.replicas_total} seeds, on {executor.name}", refresh=False)
            bar.update(progress.cells - bar.n)
            bar.redraw()
            for trouble in progress.troubles[told:]:
                bar.write(trouble, file=sys.stderr)
            told = len(progress.troubles)

        try:
            signal.signal(signal.SIGINT, lambda *_: stop.set())
            progress = sweep.run(executor, should_stop=stop.is_set, on_progress=show)
        finally:
            signal.signal(signal.SIGINT, before)
    return progress, stop.is_set()


def _tell(grid: Grid, found: SweepMap, progress: Progress) -> None:
    for at in planes(found):
        if at is not None:
            print(f"{grid.axes[2].words} {grid.axes[2].texts[at]}:")
        for sentence in findings(found, at):
            print("-", sentence.replace("**", "").replace("\\", ""))
    if progress.runs:
        print(
            f"{progress.replicas} seeds of cells were trained as {progress.runs} runs of up to several cells each, "
            f"in {progress.seconds:.0f} s ({progress.worker_seconds:.0f} s of processors)."
        )
