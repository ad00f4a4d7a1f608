"""Memory of a server that trains one comparison after another: before, at its peak and at rest.

    python -m bench.memory [--updates N] [--write FILE]

One process with a run manager, as the dashboard has it, without pages and viewers. Memory is what the system says the process holds
(resident set), so that what the allocator keeps for later counts too.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import threading
import time
from pathlib import Path

import psutil
import torch

from core.engine.cost import estimate
from core.runs.manager import RunManager
from core.settings.scenarios import SCENARIOS

COURSE = ("collapse", "addition", "ladder", "addition", "collapse")
SAMPLE_SECONDS = 0.02
REST_SECONDS = 5.0  # the reaper and the threads have done what they do after a run
MEGABYTE = 1e6


class Peak:
    """The largest resident set of this process while it is open, from a thread that looks every SAMPLE_SECONDS."""

    def __enter__(self) -> Peak:
        self._process, self._done, self.nbytes = psutil.Process(), threading.Event(), 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self.nbytes = max(self.nbytes, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def resident() -> float:
    """MB."""
    return psutil.Process().memory_info().rss / MEGABYTE


def train_one(manager: RunManager, name: str, updates: int | None) -> dict:
    """Numbers of one comparison, in MB."""
    runs = SCENARIOS[name].runs(updates=updates)
    row = {"scenario": name, "before": resident(), "estimate": estimate(runs).nbytes / MEGABYTE}
    begun = time.perf_counter()
    with Peak() as peak:
        made = manager.start(runs, owner="bench", scenario=name)
        manager.wait(made)
        manager.results(made)
    row |= {"peak": peak.nbytes / MEGABYTE, "seconds": time.perf_counter() - begun}
    failed = [f"{label}: {run.error}" for label, run in manager.view(made).runs.items() if run.error]
    if failed:
        raise RuntimeError("; ".join(failed))
    time.sleep(REST_SECONDS)
    gc.collect()
    return row | {"rest": resident(), "states": manager.checkpoints.memory_nbytes / MEGABYTE}


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of a server that trains one comparison after another.")
    parser.add_argument("--updates", type=int, default=None, help="per algorithm (default: each scenario's)")
    parser.add_argument("--write", type=Path, default=None, help="keep the numbers in this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    manager = RunManager(grace_seconds=None)
    print("scenario      before    peak    rest   of which states   seconds  (MB)")
    rows = []
    for name in COURSE:
        rows.append(row := train_one(manager, name, options.updates))
        print(
            f"{name:12}{row['before']:8.0f}{row['peak']:8.0f}{row['rest']:8.0f}{row['states']:18.0f}{row['seconds']:10.0f}",
            flush=True,
        )
    print(f"more at rest after the last than after the first: {rows[-1]['rest'] - rows[0]['rest']:.0f} MB")
    manager.shutdown()
    if options.write is not None:
        about = {
            "updates": options.updates,
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        }
        rounded = [{k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
        options.write.write_text(json.dumps(about | {"comparisons": rounded}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
