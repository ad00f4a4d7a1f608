"""The time that keeping checkpoints for the step inspector and for rescues adds to a run: time with checkpoints ÷ time without, in
interleaved pairs.

python -m bench.recording              about two minutes; prints a table
python -m bench.recording --repeats 3  fewer pairs
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import torch

from core.engine.checkpoints import Checkpoints
from core.engine.trainer import train
from core.settings.run import RunConfig
from core.settings.scenarios import find_scenario

CASES = {"collapse": {}, "addition": {"updates": 120}}  # scenario -> counts; the GPT's updates are slow


def seconds(config: RunConfig, checkpoints: Checkpoints | None) -> float:
    """Wall time of the whole run."""
    began = time.perf_counter()
    for _ in train(config, checkpoints=checkpoints):
        pass
    return time.perf_counter() - began


def ratios(config: RunConfig, repeats: int) -> list[float]:
    """With ÷ without, one pair after another; which goes first alternates."""
    seconds(config, None)  # warm up: the base model is built, caches are full
    found = []
    for turn in range(repeats):
        times = {}
        for kept in (True, False) if turn % 2 else (False, True):
            times[kept] = seconds(config, Checkpoints() if kept else None)
        found.append(times[True] / times[False])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="pairs of each case")
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    print("| scenario | side | time with ÷ without, median | least – greatest |\n| --- | --- | --: | --: |")
    for scenario, counts in CASES.items():
        for label, config in find_scenario(scenario).runs(**counts).items():
            found = ratios(config, repeats)
            print(f"| {scenario} | {label} | {statistics.median(found):.3f} | {min(found):.3f} – {max(found):.3f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
