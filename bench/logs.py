"""How fast logs are read and watched: 100 MB of JSON lines, the same as console and CSV, 10,000 steps of 60 columns, a watched file.

    python bench/logs.py [--megabytes 100]

Aims: 100 MB of JSON lines within 20 s and 1 GB of memory; watching within 2 % of a core at one row a second.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.logs import Watcher, read_paths

STEPS, COLUMNS = 10_000, 60
NAMES = ("loss", "reward", "grad_norm", "entropy", "kl", "completions/mean_length", "reward_std", "learning_rate")


def rows(count: int, columns: int = COLUMNS) -> Iterator[dict[str, float]]:
    draw = random.Random(0).random
    names = [*NAMES, *(f"rewards/function_{i}/mean" for i in range(columns - len(NAMES)))]
    for step in range(1, count + 1):
        yield {"step": step, **{name: draw() for name in names}}


def written(path: Path, lines: Iterator[str], most: int) -> int:
    """Write lines until the file has `most` bytes; how many it has."""
    size = 0
    with path.open("w") as file:
        for line in lines:
            size += file.write(line + "\n")
            if size >= most:
                break
    return size


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """(seconds by the clock, seconds of the processor, result)."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - clock, time.process_time() - processor, result


def report(what: str, clock: float, processor: float, more: str) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{what:34} {clock:7.2f} s, {processor:7.2f} s of a core, peak {peak:5.2f} GB  {more}", flush=True)


def read_large(folder: Path, megabytes: int) -> None:
    many = 10**9
    texts: dict[str, Callable[[], Iterator[str]]] = {
        "JSON lines": lambda: (json.dumps(row) for row in rows(many)),
        "console": lambda: (str({k: v for k, v in row.items() if k != "step"}) for row in rows(many)),
        "verl's console": lambda: (
            f"step:{r['step']} - " + " - ".join(f"{k}:{v}" for k, v in r.items() if k != "step") for r in rows(many)
        ),
        "CSV": lambda: (",".join(map(str, row if place == 0 else row.values())) for place, row in enumerate(rows(many))),
        "text without metrics": lambda: (f"step by step {i} we {{'go': {i}}} on" for i in range(many)),
    }
    for name, lines in texts.items():
        path = folder / "log"
        size = written(path, lines(), megabytes * 10**6)
        clock, processor, reading = timed(lambda path=path: read_paths([path]))
        points = sum(run.training.points for run in reading.runs)
        report(f"{size / 1e6:.0f} MB of {name}", clock, processor, f"{points} numbers")


def read_usual(folder: Path) -> None:
    path = folder / "run.jsonl"
    written(path, (json.dumps(row) for row in rows(STEPS)), 10**10)
    clock, processor, reading = timed(lambda: read_paths([path]))
    report(f"{STEPS} steps of {COLUMNS} columns", clock, processor, "")
    clock, processor, _ = timed(reading.runs[0].history)
    report("  as a history", clock, processor, "")


def watch(folder: Path, polls: int = 100) -> None:
    """A row a second into a file of 10,000 rows, looked at twice a second; without waiting, so what counts is the processor's time."""
    path = folder / "run.jsonl"
    watcher = Watcher(folder)
    watcher.poll()
    for _ in range(10):
        watcher.poll()
    more = [json.dumps({**row, "step": STEPS + row["step"]}) + "\n" for row in rows(polls)]

    def polled() -> None:
        with path.open("a") as file:
            for line in more:
                file.write(line)
                file.flush()
                watcher.poll()
                watcher.poll()

    _, processor, _ = timed(polled)
    report(f"watched for {polls} s", processor, processor, f"{100 * processor / polls:.1f} % of a core")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        read_usual(folder)
        watch(folder)
        (folder / "run.jsonl").unlink()
        read_large(folder, options.megabytes)


if __name__ == "__main__":
    main()
