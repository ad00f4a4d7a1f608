"""How fast sweeps are: `python -m bench.sweep [--updates 64] [--only PART …] [--out bench/sweep.json]`; writes bench/sweep.md from it.

A map of 12 x 8 cells (learning rate x ε_high of the scenario of the shipped maps, two sides, 16 seeds) on one and two processes and on Ray,
merged and one by one; what a shard costs besides training; how soon the coarse map is there; and what follows for 100 and 1,000 cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from core.data.maps import SCENARIO
from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS
from core.sweep.executor import Executor
from core.sweep.executor.processes import Processes
from core.sweep.executor.ray import LOCAL, Ray
from core.sweep.grid import Grid, make_grid
from core.sweep.plan import Plan, Shard
from core.sweep.run import Sweep
from core.sweep.store import SweepStore
from core.sweep.unit import Unit, unit_of
from core.sweep.work import train_texts, train_units

X, Y = "learning_rate=1e-3:1e-1:log12", "algorithm.eps_high=0.1:0.8:lin8"
COARSE = ("learning_rate=1e-3:1e-1:log6", "algorithm.eps_high=0.1:0.8:lin4")
SEEDS, FIRST_SEED, WHOLE = 16, 1000, 480
MERGED_CELLS, MERGED_UPDATES = 4, 96
CORES = (2, 16, 100, 1000)
MAPS = ("1 process", "1 process, one by one", "2 processes", "Ray, 2 cores")


def grid_of(updates: int, specs: tuple[str, str] = (X, Y)) -> Grid:
    scenario = SCENARIOS[SCENARIO]
    return make_grid(scenario, scenario.runs(updates=updates, replicas=SEEDS, first_seed=FIRST_SEED), list(specs))


def measure_map(make: Callable[[], Executor], updates: int, *, merge: bool = True) -> dict:
    """Wall seconds from the first shard to the last result, on workers that have been started before."""
    grid = grid_of(updates)
    with tempfile.TemporaryDirectory() as folder, make() as executor:
        began = time.perf_counter()
        start_workers(executor, grid)
        started = time.perf_counter() - began
        sweep = Sweep(grid, SweepStore(Path(folder) / "results.sqlite"), merge=merge)
        began, load = time.perf_counter(), os.getloadavg()[0]
        progress = sweep.run(executor)
        seconds = time.perf_counter() - began
        sweep.store.close()
        found = {
            "workers": executor.workers,
            "seconds": seconds,
            "cells_per_second": progress.total / seconds,
            "runs": progress.runs,
            "worker_seconds": progress.worker_seconds,
            "start_seconds": started,
            "load_average": load,
            "failed": progress.failed,
        }
        print(executor.name, "merged" if merge else "one by one", found, flush=True)
    return found


def start_workers(executor: Executor, grid: Grid) -> None:
    """One tiny shard for every worker, so that all of them have imported torch."""
    tiny = grid_of(8, COARSE)
    shards = [Shard((unit_of(config, config.seeds[:1]),)) for config in list(tiny.configs.values())[: 2 * executor.workers]]
    for shard in shards:
        executor.submit(shard)
    done = 0
    while done < len(shards):
        done += len(executor.collect(1.0))


def measure_merging() -> dict:
    """Processor seconds of MERGED_CELLS cells as one run ÷ one by one, by seeds per cell and side. In this process, so that the load of
    the machine matters little."""
    torch.set_num_threads(1)
    out: dict = {}
    for label in ("GRPO", "DAPO"):
        for seeds in (1, 4, 16):
            grid = grid_of(MERGED_UPDATES)
            cells = [config for (_, side), config in grid.configs.items() if side == label][
                : MERGED_CELLS * 64 // max(seeds * 4, 1)
            ]
            units = [unit_of(config, config.seeds[:seeds]) for config in cells]
            together, apart = _processor_seconds(units, True), _processor_seconds(units, False)
            name = f"{label}, {seeds} seed{'s' if seeds > 1 else ''}"
            out[name] = {"cells": len(units), "together": together, "apart": apart, "gain": apart / together}
            print(name, out[name], flush=True)
    return out


def _processor_seconds(units: list[Unit], together: bool) -> float:
    began = time.process_time()
    for group in [units] if together else [[unit] for unit in units]:
        train_units(group)
    return time.process_time() - began


def measure_overhead(make: Callable[[], Executor], shards: int = 40) -> float:
    """Seconds per shard besides training, of one worker: to and from the executor, and into the store."""
    grid = grid_of(8)
    units = [unit_of(config, config.seeds[:1]) for config in list(grid.configs.values())[:shards]]
    with tempfile.TemporaryDirectory() as folder, make() as executor:
        start_workers(executor, grid)
        store = SweepStore(Path(folder) / "results.sqlite")
        began, trained, done = time.perf_counter(), 0.0, 0
        for unit in units:
            executor.submit(Shard((unit,)))
        while done < len(units):
            for outcome in executor.collect(1.0):
                store.add(zip(outcome.shard.units, outcome.shard.texts, outcome.numbers, strict=True), outcome.seconds)
                trained, done = trained + outcome.seconds, done + 1
        seconds = time.perf_counter() - began
        store.close()
        return max(seconds * executor.workers - trained, 0.0) / shards


def measure_driver(shards: int = 200) -> float:
    """Processor seconds per shard of the one program that plans, decodes and stores: what no further core makes faster."""
    grid = grid_of(8)
    plan, torch_threads = Plan(grid), torch.get_num_threads()
    first = plan.next(1000)
    numbers = train_texts(first.texts)
    torch.set_num_threads(torch_threads)
    with tempfile.TemporaryDirectory() as folder:
        store = SweepStore(Path(folder) / "results.sqlite")
        began, count = time.process_time(), 0
        while count < shards and (shard := plan.next(1000)) is not None:
            store.add(zip(shard.units, shard.texts, [numbers[0]] * len(shard.units), strict=True), 0.0)
            plan.add(store.known(shard.key))
            count += 1
        store.close()
        return (time.process_time() - began) / count


def measure_coarse() -> dict:
    """Seconds from nothing, workers included, until every cell of a 6 x 4 map of whole runs has its first seeds."""
    grid = grid_of(WHOLE, COARSE)
    with tempfile.TemporaryDirectory() as folder, Processes(2) as executor:
        sweep = Sweep(grid, SweepStore(Path(folder) / "results.sqlite"))
        began, load = time.perf_counter(), os.getloadavg()[0]
        sweep.run(executor, should_stop=lambda: len(sweep.plan.partly()) == len(grid.configs))
        seconds = time.perf_counter() - began
        sweep.store.close()
    print("coarse", seconds, flush=True)
    return {"seconds": seconds, "cells": len(grid.cells), "load_average": load}


def extrapolate(result: dict) -> list[dict]:
    """Seconds(n) = start + max(W / n, longest shard) + shards · driver: W are the worker seconds of the whole map, scaled from the updates
    that were measured to those of the scenario; a shard is at least one cell of one side with 12 seeds."""
    one = result["maps"]["1 process"]
    scale = WHOLE / result["updates"]
    work = one["worker_seconds"] * scale
    cells = 192
    longest = work / cells * 12 / 16 * 2  # a slow cell takes about twice the mean
    out = []
    for cores in CORES:
        shards = min(2 * cells, max(one["runs"], 3 * cores))
        seconds = one["start_seconds"] + max(work / cores, longest) + shards * result["driver_seconds"]
        out.append({"cores": cores, "shards": shards, "seconds": seconds, "cells_per_second": cells / seconds})
    return out


PARTS: dict[str, Callable[[int], object]] = {
    "1 process": lambda updates: measure_map(lambda: Processes(1), updates),
    "1 process, one by one": lambda updates: measure_map(lambda: Processes(1), updates, merge=False),
    "2 processes": lambda updates: measure_map(lambda: Processes(2), updates),
    "Ray, 2 cores": lambda updates: measure_map(lambda: Ray(LOCAL, 2), updates),
    "merging": lambda updates: measure_merging(),
    "overhead, process": lambda updates: measure_overhead(lambda: Processes(1)),
    "overhead, Ray": lambda updates: measure_overhead(lambda: Ray(LOCAL, 1)),
    "driver": lambda updates: measure_driver(),
    "coarse": lambda updates: measure_coarse(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=64, help="of each cell of the 12 x 8 map (default: 64)")
    parser.add_argument(
        "--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="measure these, and keep the others as they are"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("sweep.json"))
    options = parser.parse_args()
    known = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    result = known if known.get("updates") == options.updates else {"updates": options.updates, "maps": {}}
    result["machine"] = {"cores": os.cpu_count(), "python": platform.python_version(), "torch": torch.__version__}
    for name in options.only:
        try:
            found = PARTS[name](options.updates)
        except ConfigError as error:
            print(f"{name} was left out: {error}", flush=True)
            continue
        if name == "driver":
            result["driver_seconds"] = found
        elif name in MAPS:
            result["maps"][name] = found
        else:
            result[name] = found
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if "1 process" in result["maps"] and "driver_seconds" in result:
        result["extrapolated"] = extrapolate(result)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    options.out.with_suffix(".md").write_text(document(result), encoding="utf-8")


def document(result: dict) -> str:
    """bench/sweep.md."""
    maps, updates = result["maps"], result["updates"]
    lines = [
        "# How fast sweeps are",
        "",
        f"Written by `python -m bench.sweep`. A map of 12 × 8 cells of `{SCENARIO}`, learning rate × ε_high, GRPO and DAPO, {SEEDS} seeds, "
        f"{updates} updates per cell: 192 cells of a side. {result['machine']['cores']} cores, torch {result['machine']['torch']}. Seconds "
        "are of the wall, on workers that run already; the load is that of the machine when a part began, other programs included: with a "
        "load near or above the number of cores the parts are not comparable with each other.",
        "",
        "| on | cells per second | seconds | runs | processor seconds of the workers | start of the workers | load |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {m['cells_per_second']:.2f} | {m['seconds']:.0f} | {m['runs']} | "
        f"{_seconds(m['worker_seconds'])} | {m['start_seconds']:.1f} s | "
        f"{m['load_average']:.1f} |"
        for name, m in maps.items()
    ]
    lines += ["", *_targets(result)]
    if "merging" in result:
        lines += [
            "", "## Merging", "",
            f"Cells that differ in learning rate and ε alone train as one run. Processor seconds of {MERGED_UPDATES} updates, in one process:",
            "", "| side, seeds per cell | cells | together | one by one | gain |", "| --- | --- | --- | --- | --- |",
        ]  # fmt: skip
        lines += [
            f"| {name} | {m['cells']} | {m['together']:.2f} s | {m['apart']:.2f} s | {m['gain']:.2f} × |"
            for name, m in result["merging"].items()
        ]
        lines += [
            "",
            "The engine trains the seeds of a cell at once already. With 16 of them its loops are long enough that the processor, and not the "
            "overhead of a call, is what takes time, and merging can save little more; with few seeds per cell it saves most of it.",
        ]
    if "extrapolated" in result:
        lines += [
            "", "## More cores", "",
            f"Extrapolated to {WHOLE} updates, not measured. Model: seconds(n) = start of the workers + max(W ÷ n, longest shard) + "
            f"shards × driver, with W the worker seconds of one process, the longest shard twice the mean of 12 seeds of a cell, and the "
            f"driver's {1000 * result['driver_seconds']:.1f} ms per shard, which no further core makes faster.",
            "", "| cores | shards | seconds | cells per second |", "| --- | --- | --- | --- |",
        ]  # fmt: skip
        lines += [
            f"| {m['cores']:,} | {m['shards']} | {m['seconds']:.0f} | {m['cells_per_second']:.2f} |"
            for m in result["extrapolated"]
        ]
        lines += [
            "",
            "Beyond about 400 cores a map of this size has no work for them: every core has one shard. Larger maps, or GPTs, do.",
        ]
    return "\n".join(lines) + "\n"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _targets(result: dict) -> list[str]:
    maps, out = result["maps"], []
    rates = {name: found["cells_per_second"] for name, found in maps.items()}
    if {"1 process", "1 process, one by one"} <= rates.keys():
        out.append(
            f"- Merged cells are {rates['1 process'] / rates['1 process, one by one']:.2f} times as fast as one by one (wanted: 3)."
        )
    if {"1 process", "2 processes"} <= rates.keys():
        out.append(f"- Two processes are {rates['2 processes'] / rates['1 process']:.2f} times as fast as one (wanted: 1.8).")
    if {"Ray, 2 cores", "2 processes"} <= rates.keys():
        out.append(
            f"- Ray on the same cores reaches {rates['Ray, 2 cores'] / rates['2 processes']:.0%} of processes (wanted: within 15 %)."
        )
    for name in ("process", "Ray"):
        if f"overhead, {name}" in result:
            out.append(f"- Besides training a shard costs {1000 * result[f'overhead, {name}']:.0f} ms on one {name} worker.")
    if "coarse" in result:
        found = result["coarse"]
        out.append(
            f"- The coarse map of {found['cells']} cells ({WHOLE} updates, its first four seeds) is there after {found['seconds']:.0f} s from "
            f"a cold start on two processes, at a load of {found['load_average']:.1f} (wanted: 20 s)."
        )
    return out


if __name__ == "__main__":
    main()
