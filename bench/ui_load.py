"""The slowdown of training by viewers: updates per second with 0, 1 and 4 of them, interleaved, in one server."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from bench.server import Process, child_server
from bench.ui_browser import app, visit
from tests.browser.conftest import ROOT

VIEWERS = (1, 4)
RUN = "scenario=collapse&updates=30000"  # as many as the run manager holds of 16 seeds of two sides
SETTLE_SECONDS = 1.5


def measure_viewers(browser: Browser, *, cycles: Mapping[str, int], seconds: float) -> dict:
    """Share of the training speed that is left, for viewers that cost the machine nothing but what the server does for them, and
    for pages in a Chromium that trains for the same cores."""
    kinds = {"protocol": _protocol_viewers, "chromium": lambda address, query: _chromium_viewers(browser, address, query)}
    with app() as (address, folder):
        speeds = Speeds(folder)
        return {kind: _measure(address, speeds, make, cycles=cycles[kind], seconds=seconds) for kind, make in kinds.items()}


def _measure(address: str, speeds: Speeds, make: Callable, *, cycles: int, seconds: float) -> dict:
    alone: list[list[Period]] = []
    watched: dict[int, list[Period]] = {count: [] for count in VIEWERS}
    for _ in range(cycles):
        with _run(address, speeds) as comparison, make(address, f"comparison={comparison}") as viewers:
            alone.append([_period(speeds, viewers, 0, seconds)])
            for count in VIEWERS:
                watched[count].append(_period(speeds, viewers, count, seconds))
                alone[-1].append(_period(speeds, viewers, 0, seconds))
        print("  " + "  ".join(f"{p.speed:.0f}" for p in (*alone[-1], *(w[-1] for w in watched.values()))), flush=True)
    result = {"updates_per_second_alone": _spread([period.speed for cycle in alone for period in cycle])}
    for name in ("speed", "per_cpu"):
        result[name] = {
            "noise": _ratios(name, [(before, middle, after) for before, middle, after in alone]),
            **{
                str(count): _ratios(name, [(cycle[i], found[k], cycle[i + 1]) for k, cycle in enumerate(alone)])
                for i, (count, found) in enumerate(watched.items())
            },
        }
    result["cpu_seconds_per_board"] = {
        str(count): _spread([_cost(*cycle[i : i + 2], found[k]) for k, cycle in enumerate(alone)])
        for i, (count, found) in enumerate(watched.items())
    }
    result["boards_per_second"] = {str(n): statistics.median(p.boards for p in found) for n, found in watched.items()}
    return result


@dataclass(frozen=True)
class Period:
    """What was measured while the number of viewers stayed the same."""

    speed: float  # updates per second of all sides
    per_cpu: float  # updates per second of the server's processor time
    cpu: float  # seconds of the server's processor time per second
    boards: float  # per second, that reached the viewers


def _cost(before: Period, after: Period, watched: Period) -> float:
    """Seconds of processor time per board sent: what the server used beyond what its updates cost with nobody watching."""
    updates = watched.cpu * watched.per_cpu
    return (watched.cpu - updates * (1 / before.per_cpu + 1 / after.per_cpu) / 2) / watched.boards


def _ratios(name: str, triples: list[tuple[Period, Period, Period]]) -> dict[str, float]:
    """A period ÷ the mean of the one before and the one after."""
    before, middle, after = ([getattr(period, name) for period in column] for column in zip(*triples, strict=True))
    return _spread([2 * m / (b + a) for b, m, a in zip(before, middle, after, strict=True)])


def _period(speeds: Speeds, viewers: Callable[[int], int], count: int, seconds: float) -> Period:
    viewers(count)
    time.sleep(SETTLE_SECONDS)
    viewers(count)
    cpu, first, began = speeds.processor_seconds(), speeds.read(), time.monotonic()
    time.sleep(seconds)
    boards, took, last, cpu = viewers(count), time.monotonic() - began, speeds.read(), speeds.processor_seconds() - cpu
    made = {run: last[run][0] - number for run, (number, _) in first.items()}
    if min(made.values()) < 10:
        raise RuntimeError("a run ended, or hardly moved, while it was measured; use a longer one or a quieter machine")
    speed = sum(made[run] / (last[run][1] - clock) for run, (_, clock) in first.items())
    return Period(speed, sum(made.values()) / cpu, cpu / took, boards / took)


class Speeds:
    """How far the runs of the newest comparison are, read from the server's history without asking the server, and what the server
    has used of the processors."""

    def __init__(self, folder: Path):
        self._file = folder / "runs.sqlite"
        self.processor_seconds = Process(child_server()).processor_seconds

    def comparison(self) -> str | None:
        with suppress(sqlite3.OperationalError):  # it does not exist yet
            return next(
                (row[0] for row in self._ask("SELECT id FROM comparisons ORDER BY created DESC, rowid DESC LIMIT 1")), None
            )
        return None

    def read(self) -> dict[int, tuple[int, float]]:
        """Run -> (updates, seconds of its own clock at that update)."""
        runs = [row[0] for row in self._ask("SELECT id FROM runs WHERE comparison = ?", self.comparison())]
        last = "SELECT number, wall_seconds FROM steps WHERE run = ? ORDER BY number DESC LIMIT 1"
        return {run: next(iter(self._ask(last, run)), (0, 0.0)) for run in runs}

    def _ask(self, sql: str, *parameters) -> list[tuple]:
        connection = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()


@contextmanager
def _run(address: str, speeds: Speeds) -> Iterator[str]:
    """A comparison that trains until the block ends."""
    before = speeds.comparison()
    with _protocol_viewers(address, f"{RUN}&run=1") as viewers:
        viewers(1)
        while (found := speeds.comparison()) in (None, before) or min((n for n, _ in speeds.read().values()), default=0) < 50:
            time.sleep(0.2)
    try:
        yield found
    finally:
        with _protocol_viewers(address, f"comparison={found}") as viewers:
            viewers(1)
            viewers("stop")
            time.sleep(1.0)


@contextmanager
def _protocol_viewers(address: str, query: str) -> Iterator[Callable]:
    """A function that says how many viewers there are from now on, and returns how many boards they were sent since it was last called.
    They run in a process of the lowest priority."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.ui_viewer", address, query],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(19),
    )  # fmt: skip

    def hold(wanted: int | str) -> int:
        process.stdin.write(f"{wanted}\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the viewers ended with {process.wait()}")
        return json.loads(answer).get("boards", 0)

    try:
        yield hold
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _chromium_viewers(browser: Browser, address: str, query: str) -> Iterator[Callable]:
    """The same with pages of Chromium."""
    with ExitStack() as everything:
        pages: list[tuple] = []
        seen = 0

        def hold(wanted: int) -> int:
            nonlocal seen
            while len(pages) > wanted:
                pages.pop()[1].close()
            while len(pages) < wanted:
                context = everything.enter_context(ExitStack())
                pages.append((context.enter_context(visit(browser, address, query)), context))
            drawn = sum(page.evaluate("document.querySelector('.live-board').liveBoard.stats.tails") for page, _ in pages)
            new, seen = max(drawn - seen, 0), drawn
            return new

        yield hold


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}
