"""How fast logs are read and watched: 100 MB of JSON lines, the same as console and CSV, 10,000 steps of 60 columns, a watched file.

    python -m bench.logs [--megabytes 100] [--write bench/logs.md]

Aims: 100 MB of JSON lines within 20 s and 1 GB of memory; watching within 2 % of a core at one row a second;
any text within 2 s per MB. Each line is measured in a process of its own, whose peak of memory holds Python and the packages too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from bench.server import machine
from core.logs import Watcher, read_paths, read_text

STEPS, COLUMNS = 10_000, 60
POLLS = 100
MOST_SECONDS, MOST_GIGABYTES, MOST_OF_A_CORE, MOST_PER_MEGABYTE = 20, 1.0, 0.02, 2
NAMES = ("loss", "reward", "grad_norm", "entropy", "kl", "completions/mean_length", "reward_std", "learning_rate")
HEAD = "| what | seconds | seconds of a core | peak, GB | |\n| --- | ---: | ---: | ---: | --- |"

Measured = tuple[str, float, float, float, str]  # what, seconds by the clock and of the processor, peak in GB, more


def rows(count: int, columns: int = COLUMNS) -> Iterator[dict[str, float]]:
    draw = random.Random(0).random
    names = [*NAMES, *(f"rewards/function_{i}/mean" for i in range(columns - len(NAMES)))]
    for step in range(1, count + 1):
        yield {"step": step, **{name: draw() for name in names}}


MANY = 10**9
TEXTS: dict[str, Callable[[], Iterator[str]]] = {
    "JSON lines": lambda: (json.dumps(row) for row in rows(MANY)),
    "console": lambda: (str({k: v for k, v in row.items() if k != "step"}) for row in rows(MANY)),
    "verl's console": lambda: (
        f"step:{r['step']} - " + " - ".join(f"{k}:{v}" for k, v in r.items() if k != "step") for r in rows(MANY)
    ),
    "CSV": lambda: (",".join(map(str, row if place == 0 else row.values())) for place, row in enumerate(rows(MANY))),
    "text without metrics": lambda: (f"step by step {i} we {{'go': {i}}} on" for i in range(MANY)),
}


# Beginnings without ends and ends without beginnings, of every format that is text: repeated, they are hard to read.
HARD = (
    "step:1 - ", "step:1 - a:", " - a:1", "step:1 - a:1 - b:2\n", "{'", "{'loss': ", "{'loss': 0.1, ", "{'loss': 0.1}\n", "{'loss': 0.1} ",
    "Step 1\n│ a │ 1 │\n", "│ a │ 1 │\n", "│ ", "Step 3 | a: 1 | ", "step 1 a=1 ", "step 1 loss 1 ", "step 1 loss ",
    "iter 3 loss: 1, reward: 2\n", "| a | 1 ", "| a |\n|---|\n",
    "|:-", "|---|---|\n", "x|y\n", "<td>", "<td>1</td>", "<table><tr>", "<table>", "&#1;", "<", "a,1\n", "step,reward\n1,2\n", "1\t2\n",
    '{"step": 1}\n', '{"a": [', "[{", '[{"a": 1},', '{"log_history": [{', "\x1b[36m", "\r", "(a pid=1) ", "a  b\n1  2\n", " ", "\n", "'",
    "3/100 [00:10<05:00, 3.1s/it, loss=0.1, ", "3/100 [", "=== Step 3/100 ===\n  - a: 1\n", "  - loss: 1\n", "=", "#\n", "# a,b\n",
    '{"log": "step:1 - a:1"}\n', "Step Training Loss reward\n1 0.1 0.2\n", "1 0.1 0.2\n", "[[1,2,3],", '{"a": {"0": 1}, ',
    "np.float64(", "0", "é", "zero_advantage=3 Detected 1/2 rollouts (",
)  # fmt: skip


def repeated(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[:size]


def written(path: Path, lines: Iterator[str], most: int) -> int:
    """Write lines until the file has `most` bytes; how many it has."""
    size = 0
    with path.open("w") as file:
        for line in lines:
            size += file.write(line + "\n")
            if size >= most:
                break
    return size


def timed(what: str, work: Callable[[], object], tell: Callable[[object], str]) -> Measured:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    seconds, of_a_core = time.perf_counter() - clock, time.process_time() - processor
    return what, seconds, of_a_core, peak_gigabytes(), tell(result)


def peak_gigabytes() -> float:
    """Of this process alone: getrusage also counts what the process was before it became this program."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1e6


def read_large(path: Path, kind: str, size: int) -> Measured:
    what = f"{size / 1e6:.0f} MB of {kind}"
    return timed(what, lambda: read_paths([path]), lambda r: f"{sum(run.training.points for run in r.runs):,} numbers")


def read_usual(path: Path) -> Measured:
    what = f"{STEPS:,} steps of {COLUMNS} columns, as a history"
    return timed(what, lambda: read_paths([path]).runs[0].history(), lambda history: "")


def read_hard() -> Measured:
    """A megabyte of each; told is the slowest."""
    texts = {piece: repeated(piece, 10**6) for piece in HARD}
    found = [timed(repr(piece), lambda text=text: read_text(text), lambda reading: "") for piece, text in texts.items()]
    piece, clock, processor, peak, _ = max(found, key=lambda entry: entry[2])
    return f"1 MB of the hardest of {len(HARD)} broken texts", clock, processor, peak, f"`{piece}` again and again"


def watch(path: Path) -> Measured:
    """A row a second into a file of 10,000 rows, looked at twice a second; without waiting, so what counts is the processor's time."""
    watcher = Watcher(path.parent)
    for _ in range(11):
        watcher.poll()
    more = [json.dumps({**row, "step": STEPS + row["step"]}) + "\n" for row in rows(POLLS)]

    def polled() -> None:
        with path.open("a") as file:
            for line in more:
                file.write(line)
                file.flush()
                watcher.poll()
                watcher.poll()

    what, _, processor, peak, _ = timed("", polled, lambda result: "")
    what = f"watched for {POLLS} s, a row each second"
    return what, POLLS, processor, peak, f"{processor / POLLS:.1%} of a core"


def alone(work: Callable[..., Measured], *arguments: object) -> Measured:
    """In a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def measured(megabytes: int) -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "run.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows(STEPS)))
        yield alone(read_usual, path)
        yield alone(watch, path)
        yield alone(read_hard)
        path.unlink()
        for kind, lines in TEXTS.items():
            size = written(path, lines(), megabytes * 10**6)
            yield alone(read_large, path, kind, size)


def line(found: Measured) -> str:
    what, clock, processor, peak, more = found
    return f"| {what} | {clock:.2f} | {processor:.2f} | {peak:.2f} | {more} |"


def verdict(found: list[Measured]) -> str:
    lines = next(entry for entry in found if entry[0].endswith("JSON lines"))
    watched = next(entry for entry in found if entry[0].startswith("watched"))
    hard = next(entry for entry in found if "hardest" in entry[0])
    met = {True: "met", False: "missed"}
    return (
        f"{lines[0]} within {MOST_SECONDS} s: {met[lines[1] <= MOST_SECONDS]}; within {MOST_GIGABYTES:.0f} GB: "
        f"{met[lines[3] <= MOST_GIGABYTES]}; watching within {MOST_OF_A_CORE:.0%} of a core: "
        f"{met[watched[2] <= MOST_OF_A_CORE * watched[1]]}; any text within {MOST_PER_MEGABYTE} s of a core per MB: "
        f"{met[hard[2] <= MOST_PER_MEGABYTE]}."
    )


def document(found: list[Measured]) -> str:
    told = {name.replace("_", " "): f"{value:.1f}" if isinstance(value, float) else value for name, value in machine().items()}
    about = ", ".join(f"{name} {value}" for name, value in told.items())
    table = "\n".join([HEAD, *map(line, found)])
    return (
        "# How fast logs are read and watched\n\n"
        f"Written by `python -m bench.logs --write bench/logs.md` on {date.today()} ({about}). Each line in a process of its own; the peak "
        "holds Python and the packages.\nOther work of the machine counts in the seconds by the clock and not in those of a core.\n\n"
        f"{table}\n\n{verdict(found)}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--write", type=Path, help="the document to write")
    options = parser.parse_args()
    found = []
    for entry in measured(options.megabytes):
        found.append(entry)
        print(line(entry), flush=True)
    print(verdict(found))
    if options.write:
        options.write.write_text(document(found))


if __name__ == "__main__":
    main()
