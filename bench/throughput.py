"""How fast the engine trains: `python bench/throughput.py [--out bench/throughput.json] [--quick]`. See bench/README.md."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import re
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import trl_reference
from bench.cases import CASES, PERIOD, TASKS, periods, run_config, seconds_of
from bench.stages import STAGES, stage_shares
from core.engine.policies.base_model import base_parameters, imitate
from core.engine.tasks import make_task
from core.settings.run import RunConfig

REPLICAS = (1, 4, 16, 64)
SHIPPED_REPLICAS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("throughput.json"))
    parser.add_argument(
        "--quick", action="store_true", help="few rollouts and one repeat: a check that it runs, not a measurement"
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="torch threads (default 1: what batching gains, not what cores add)"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    base_parameters(make_task(TASKS["arithmetic"]))  # built or read once, outside of what is timed
    result = {
        "machine": machine(args.threads),
        "quick": args.quick,
        "peak_rss_megabytes": measure_memory(rollouts=2 if args.quick else 11, threads=args.threads),
        "base_model_seconds": None if args.quick else measure_base_model(),
        "throughput": measure_throughput(count=1 if args.quick else 3),
        "batching_ratio": measure_batching(rollouts=2 if args.quick else 15, repeats=1 if args.quick else 3),
        "stage_shares": measure_stages(rollouts=1 + (PERIOD if args.quick else 4 * PERIOD)),
        "trl": measure_trl(rollouts=1 if args.quick else 20, repeats=1 if args.quick else 3),
    }
    args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nwritten to {args.out}")


def machine(threads: int) -> dict[str, object]:
    """What the numbers depend on."""
    return {
        "cores": os.cpu_count(),
        "threads": threads,
        "processor": _processor(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load_average_at_start": os.getloadavg()[0],
    }


def measure_base_model() -> float:
    """Seconds to build the arithmetic task's base model, once."""
    started = time.perf_counter()
    imitate(make_task(TASKS["arithmetic"]))
    seconds = time.perf_counter() - started
    print(f"\nbase model built in {seconds:.1f} s", flush=True)
    return seconds


def measure_throughput(count: int) -> list[dict[str, object]]:
    """Completions and updates per second for every task, algorithm and R: the median of `count` periods of rollouts."""
    print(f"\n{'task':12}{'algorithm':11}{'R':>4}{'completions/s':>16}{'updates/s':>12}{'seed updates/s':>16}")
    rows = []
    for task, algorithm in CASES:
        for replicas in REPLICAS:
            measured = list(periods(run_config(task, algorithm, replicas=replicas, rollouts=1 + PERIOD * count)))
            completions = statistics.median(made / seconds for seconds, made, _ in measured)
            updates = statistics.median(updates / seconds for seconds, _, updates in measured)
            rows.append(
                {
                    "task": task,
                    "algorithm": algorithm,
                    "replicas": replicas,
                    "completions_per_second": completions,
                    "updates_per_second": updates,
                }
            )
            print(f"{task:12}{algorithm:11}{replicas:4}{completions:16,.0f}{updates:12.1f}{updates * replicas:16.1f}", flush=True)
    return rows


def measure_batching(rollouts: int, repeats: int) -> list[dict[str, object]]:
    """Time of 16 runs of one seed in sequence ÷ time of one run of 16 seeds, interleaved."""
    print(f"\n{'task':12}{'algorithm':11}{'16 alone ÷ 16 together':>24}{'min - max':>16}")
    rows = []
    for task, algorithm in CASES:
        seconds_of(run_config(task, algorithm, replicas=SHIPPED_REPLICAS, rollouts=1))
        ratios = []
        for _ in range(repeats):
            alone = sum(seconds_of(run_config(task, algorithm, replicas=1, rollouts=rollouts, first_seed=s)) for s in range(16))
            ratios.append(alone / seconds_of(run_config(task, algorithm, replicas=16, rollouts=rollouts)))
        rows.append({"task": task, "algorithm": algorithm, **_spread(ratios)})
        print(f"{task:12}{algorithm:11}{_median(ratios):24.2f}{min(ratios):9.2f} - {max(ratios):.2f}", flush=True)
    return rows


def measure_stages(rollouts: int) -> list[dict[str, object]]:
    """Share of the time per stage at the shipped size."""
    print(f"\n{'share of time, R = 16':23}" + "".join(f"{stage:>20}" for stage in STAGES))
    rows = []
    for task, algorithm in CASES:
        shares = stage_shares(run_config(task, algorithm, replicas=SHIPPED_REPLICAS, rollouts=rollouts))
        rows.append({"task": task, "algorithm": algorithm, "replicas": SHIPPED_REPLICAS, "shares": shares})
        print(f"{task:12}{algorithm:11}" + "".join(f"{shares[stage]:20.1%}" for stage in STAGES), flush=True)
    return rows


def measure_memory(rollouts: int, threads: int) -> list[dict[str, object]]:
    """Peak memory of a fresh process that trains one shipped-size run, the interpreter and torch included."""
    print(f"\n{'task':12}{'algorithm':11}{'peak RSS, MB':>14}")
    rows = []
    for task, algorithm in CASES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peak = pool.apply(_peak_of, (run_config(task, algorithm, replicas=SHIPPED_REPLICAS, rollouts=rollouts), threads))
        rows.append({"task": task, "algorithm": algorithm, "replicas": SHIPPED_REPLICAS, "megabytes": peak})
        print(f"{task:12}{algorithm:11}{peak:14.0f}", flush=True)
    return rows


def measure_trl(rollouts: int, repeats: int) -> dict[str, object] | None:
    """Completions per second of this engine ÷ those of TRL, interleaved; None where TRL is not installed."""
    if not trl_reference.available():
        print("\ntrl is not installed here: no comparison")
        return None
    task = replace(TASKS["arithmetic"], imitation_steps=0)  # random weights, as TRL's model has
    rates: dict[str, list[float]] = {"trl": [], "one_seed": [], "sixteen_seeds": []}
    for _ in range(repeats):
        rates["trl"].append(trl_reference.completions_per_second(_as_trl(task, 1), make_task(task), rollouts))
        for name, replicas in (("one_seed", 1), ("sixteen_seeds", SHIPPED_REPLICAS)):
            rates[name] += [made / seconds for seconds, made, _ in periods(_as_trl(task, replicas))]
    print(f"\n{'completions per second':26}{'median':>10}{'÷ TRL':>8}")
    for name, values in rates.items():
        print(f"{name:26}{_median(values):10,.0f}{_median(values) / _median(rates['trl']):8.1f}")
    return {
        "versions": trl_reference.versions(),
        "completions_per_second": {name: _spread(values) for name, values in rates.items()},
        "ratio_one_seed": _median(rates["one_seed"]) / _median(rates["trl"]),
        "ratio_sixteen_seeds": _median(rates["sixteen_seeds"]) / _median(rates["trl"]),
    }


def _as_trl(task, replicas: int) -> RunConfig:
    """One period of GRPO. Our side evaluates once in it; TRL's does not evaluate at all."""
    return replace(run_config("arithmetic", "GRPO", replicas=replicas, rollouts=1 + PERIOD), task=task)


def _peak_of(config: RunConfig, threads: int) -> float:
    """Megabytes. The kernel's high-water mark of this process image, which, unlike ru_maxrss, forgets the parent."""
    torch.set_num_threads(threads)
    seconds_of(config)
    try:
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def _processor() -> str:
    try:
        return re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):
        return platform.processor()


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": _median(values), "min": min(values), "max": max(values)}


if __name__ == "__main__":
    main()
