"""One server for a long time: `python -m bench.soak [--minutes 20] [--quick]`. Visitors come, run, reload, leave and come back; every ten
seconds the server's memory, threads, open files and database are read. Writes bench/soak.json and the section "soak" of
docs/reliability.md.

A shared server deletes what was started 72 hours ago, and then SQLite uses the space again. A soak is shorter, so the same deletion is
asked for every half minute with KEPT_SECONDS in place of the 72 hours: a database that grows in spite of it has a leak.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from pathlib import Path

from bench.reliability import FIGURES, write
from bench.server import DATABASE, Server, hosted, machine
from bench.ui_parts import slope
from bench.visitor import Diary, Tab, until_over
from core.runs.store.store import Store

FILE = Path(__file__).with_name("soak.json")
VISITORS = 6  # at a time
READ_SECONDS, PURGE_SECONDS, KEPT_SECONDS = 10.0, 30.0, 180.0
PATIENCE_SECONDS = 300.0
LEVEL_SHARE = 0.002  # per minute, of the mean: less growth than this over the second half is level, whatever the interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--quick", action="store_true", help="two minutes: checks that it runs; nothing is written")
    args = parser.parse_args()
    with hosted() as server:
        result = {"machine": machine(), **asyncio.run(soak(server, 2.0 if args.quick else args.minutes))}
    print(json.dumps({name: value for name, value in result.items() if name != "readings"}, indent=1))
    if not args.quick:
        FILE.write_text(json.dumps(result, indent=1) + "\n")
        write()


async def soak(server: Server, minutes: float) -> dict:
    rng, counts, errors = random.Random(0), Counter(), []
    began, readings = time.monotonic(), []
    people = [asyncio.create_task(_come_and_go(server, random.Random(rng.random()), counts, errors)) for _ in range(VISITORS)]
    purging = asyncio.create_task(_purge(server))
    while (seconds := time.monotonic() - began) < 60 * minutes:
        readings.append({"seconds": seconds, "runs_started": counts["runs"]} | reading(server))
        print("  ".join(f"{name} {value:.5g}" for name, value in readings[-1].items() if not isinstance(value, dict)), flush=True)
        await asyncio.sleep(READ_SECONDS)
        _raise_first([*people, purging])
    for task in (*people, purging):
        task.cancel()
    await asyncio.gather(*people, purging, return_exceptions=True)
    half = [r for r in readings if r["seconds"] >= 30 * minutes]
    return {
        "minutes": minutes,
        "visitors_at_a_time": VISITORS,
        "kept_seconds": KEPT_SECONDS,
        "did": dict(counts),
        "errors": errors,
        "tracebacks": server.log().count("Traceback"),
        "second_half": {name: judged(half, name) for name in FIGURES},
        "readings": readings,
    }


def reading(server: Server) -> dict:
    return {
        **server.memory(),
        "threads": server.threads(),
        "files": server.files(),
        "database": server.database_bytes() / 1e6,
        "kinds": server.thread_kinds(),
    }


def judged(readings: list[dict], name: str) -> dict:
    """The slope per minute with its 95 % interval, and whether the figure is level: the interval holds 0, it falls, or what it grows in a
    minute is next to nothing."""
    found = slope(readings, name)
    return found | {"level": not found["low"] > 0 or found["slope"] < LEVEL_SHARE * abs(found["mean"])}


async def _come_and_go(server: Server, rng: random.Random, counts: Counter, errors: list[str]) -> None:
    """One visitor after the other."""
    while True:
        diary = Diary()
        counts["visitors"] += 1
        tab = Tab(server.stream, diary, f"updates={rng.choice((100, 200, 480))}", keep=False)
        await tab.open()
        await asyncio.sleep(rng.uniform(1, 5))
        await tab.press("Run")
        counts["runs"] += 1
        how = rng.choice(("stays", "reloads", "leaves", "pauses and leaves"))
        counts[how] += 1
        tab = await _go_on(server, tab, how, rng)
        await tab.leave()
        errors += diary.errors


async def _go_on(server: Server, tab: Tab, how: str, rng: random.Random) -> Tab:
    """What somebody does who has pressed Run; the tab that they have in the end."""
    comparison = tab.comparison
    await asyncio.sleep(rng.uniform(1, 5))
    if how == "reloads":
        await tab.leave()
        tab = Tab(server.stream, tab.diary, f"comparison={comparison}", keep=False)
        await tab.open()
    if how in ("stays", "reloads"):
        await until_over(tab, comparison, PATIENCE_SECONDS)
        await tab.go("runs")
        await tab.go("")
    elif how == "pauses and leaves" and tab.shows("Pause"):
        await tab.press("Pause")
    return tab


async def _purge(server: Server) -> None:
    """Delete what is old, as the server's reaper does with what is older."""
    store = await asyncio.to_thread(Store, server.folder / DATABASE)
    try:
        while True:
            await asyncio.sleep(PURGE_SECONDS)
            store.purge_finished(before=time.time() - KEPT_SECONDS)
    finally:
        store.close()


def _raise_first(tasks: list[asyncio.Task]) -> None:
    for task in tasks:
        if task.done():
            task.result()


if __name__ == "__main__":
    main()
