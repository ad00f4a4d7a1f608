"""The parts of bench/load.py: one visitor, many visitors, what remains after all have left, and memory. Each takes a server and returns
figures."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager

from bench.load_checks import fair_order, leaks, order_faults, position_faults, result_faults, summary, wait_of
from bench.server import Process, Server
from bench.visitor import Diary, Tab, until_over, wander
from core.analysis.history import History
from core.analysis.result import RunResult
from core.engine.trainer import train
from core.runs.threads import limit_torch_threads
from core.settings.links import from_query

FIRST_SEED = 1000
RESULT_SECONDS = 600.0  # to wait for a result at most
GRACE_SECONDS = 150.0  # core.runs.manager
LONG_RUN = "scenario=addition&updates=4000"  # goes on for longer than the grace period


async def alone(server: Server, seconds: float) -> dict:
    """One visitor, whose run keeps the server training: the baseline for many visitors."""
    await _visit_and_leave(server, Diary())  # imports everything
    me, opens, results = Diary(), Diary(), []
    rng = random.Random(0)
    for _ in range(5):
        await _visit_and_leave(server, opens)
    tab = Tab(server.stream, me)
    await tab.open()
    began = time.monotonic()
    async with _busy(server) as busy:
        while time.monotonic() - began < seconds:
            pressed = time.monotonic()
            await tab.press("Run")
            await _wander_until_over(tab, rng, (0.5, 2.0))
            results.append(time.monotonic() - pressed)
    await tab.leave()
    return _figures([me], [opens]) | {"result_seconds": summary(results)} | busy


async def crowd(server: Server, visitors: int, runners: int) -> dict:
    """`visitors` open the page within some seconds, `runners` of them press Run within a second, the first of them in three tabs."""
    rng = random.Random(1)
    diaries = [Diary() for _ in range(visitors)]
    owners = [diaries[0]] * 2 + diaries[:runners]  # an owner of three comparisons delays only their own
    tabs = [Tab(server.stream, d, f"first_seed={FIRST_SEED + i}") for i, d in enumerate(owners)]
    async with _busy(server) as busy:
        for diary in diaries[runners:]:
            tabs.append(Tab(server.stream, diary))
            await asyncio.sleep(0.2)
        await asyncio.gather(*(tab.open() for tab in tabs))
        idle = [asyncio.create_task(wander(tab, rng, (2.0, 8.0))) for tab in tabs[len(owners) :]]
        ran = await _run_all(tabs[: len(owners)], rng)
        await _end(idle)
    for tab in tabs:
        await tab.leave()
    comparisons = [tab.comparison for tab in tabs[: len(owners)]]
    return (
        _figures(diaries, diaries)
        | busy
        | {"visitors": visitors, "runners": runners, "comparisons": len(comparisons)}
        | _judged(diaries, owners, comparisons, server.arrivals(), ran.pop("settled"))
        | ran
    )


async def _run_all(tabs: Sequence[Tab], rng: random.Random) -> dict:
    """Press Run in all tabs within a second, and go on looking until all have their result."""
    seconds = []

    async def run(tab: Tab, delay: float) -> None:
        await asyncio.sleep(delay)
        pressed = time.monotonic()
        await tab.press("Run")
        await _wander_until_over(
            tab, rng, (2.0, 8.0), pages=False
        )  # a visitor who waits for a result stays on the page that will show it
        seconds.append(time.monotonic() - pressed)

    began = time.monotonic()
    tasks = [asyncio.create_task(run(tab, i / len(tabs))) for i, tab in enumerate(tabs)]
    while not all(tab.comparison or task.done() for tab, task in zip(tabs, tasks, strict=True)):
        await asyncio.sleep(0.05)
    settled = time.monotonic()
    await asyncio.gather(*tasks)
    return {"result_seconds": summary(seconds), "all_results_seconds": time.monotonic() - began, "settled": settled}


def _judged(diaries: list[Diary], owners: list[Diary], comparisons: list[str], arrivals: list[str], settled: float) -> dict:
    """The faults in what the visitors were shown, as lists of sentences; empty if there is none."""
    whose = dict(zip(comparisons, owners, strict=True))
    waits = {c: wait_of(diary.cookie, c, diary.of(c)) for c, diary in whose.items()}
    order = fair_order([(whose[c].cookie, c) for c in arrivals if c in whose])
    wrong = []
    for i, comparison in enumerate(comparisons):
        wrong += result_faults(whose[comparison].of(comparison), _trained_again(FIRST_SEED + i))
    return {
        "positions_told": sum(len(wait.positions) for wait in waits.values()),
        "order_faults": order_faults(waits, order),
        "position_faults": position_faults(waits, order, sides=2, settled=settled + 1.0),
        "result_faults": wrong,
        "leaks": leaks(diaries, {c: diary.cookie for c, diary in whose.items()}),
        "refused_tails": sum(diary.counts["refused"] for diary in diaries),
        "ends_lost": sum(diary.counts["ends_lost"] for diary in diaries),
        "messages": sum(len(diary.received) for diary in diaries),
        "errors": [error for diary in diaries for error in diary.errors],
    }


def _trained_again(first_seed: int) -> dict[str, RunResult]:
    limit_torch_threads()  # as the server does: sums in another order are other sums
    results = {}
    for label, config in from_query({"first_seed": str(first_seed)}).runs.items():
        results[label] = RunResult(config, History(config.seeds))
        for record in train(config):
            results[label].history.append(record)
    return results


async def leaving(server: Server) -> dict:
    """One run is paused, one trains, one waits, and everybody leaves: seconds until all runs have ended."""
    tabs = [Tab(server.stream, Diary(), query) for query in ("updates=6000", LONG_RUN, LONG_RUN)]
    for tab, button in zip(tabs, ("Pause", "", ""), strict=True):
        await tab.open()
        await tab.press("Run")
        if button:
            await asyncio.sleep(3.0)
            await tab.press(button)
    await asyncio.sleep(3.0)
    before, runs = server.thread_kinds(), server.unfinished()
    await asyncio.gather(*(tab.leave() for tab in tabs))
    began = time.monotonic()
    while server.unfinished() and time.monotonic() - began < 2 * GRACE_SECONDS:
        await asyncio.sleep(0.5)
    return {
        "grace_seconds": GRACE_SECONDS,
        "seconds": time.monotonic() - began,
        "unfinished_before": runs,
        "threads_before": before,
        "threads_after": server.thread_kinds(),
    }


async def memory(server: Server) -> dict:
    """Megabytes of a fresh server: idle after the first visit, at most while two default comparisons train, and when they are done."""
    await _visit_and_leave(server, Diary())
    await asyncio.sleep(5.0)
    found = {"idle": server.memory()}
    tabs = [Tab(server.stream, Diary(), f"first_seed={FIRST_SEED + i}") for i in range(2)]
    readings = []

    async def sample() -> None:
        while True:
            readings.append(server.memory())
            await asyncio.sleep(0.2)

    sampling = asyncio.create_task(sample())
    await asyncio.gather(*(tab.open() for tab in tabs))
    await asyncio.gather(*(tab.press("Run") for tab in tabs))
    await asyncio.gather(*(until_over(tab, tab.comparison, RESULT_SECONDS) for tab in tabs))
    await asyncio.sleep(3.0)  # the findings are written, garbage is collected
    await _end([sampling])
    found["two_comparisons"] = {name: max(r[name] for r in readings) for name in readings[0]}
    found["done"] = server.memory()
    for tab in tabs:
        await tab.leave()
    return found


async def _visit_and_leave(server: Server, diary: Diary) -> None:
    tab = Tab(server.stream, diary)
    await tab.open()
    await asyncio.sleep(0.5)
    await tab.leave()


async def _wander_until_over(tab: Tab, rng: random.Random, think: tuple[float, float], *, pages: bool = True) -> None:
    """Use the page until the run that it shows is over."""
    result = asyncio.create_task(until_over(tab, tab.comparison, RESULT_SECONDS))
    moving = asyncio.create_task(wander(tab, rng, think, pages=pages))
    await asyncio.wait([result, moving], return_when=asyncio.FIRST_COMPLETED)
    await _end([moving])
    await result


async def _end(tasks: list[asyncio.Task]) -> None:
    """Cancel them. What made one of them end before is raised."""
    broken = [task for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in broken:
        task.result()


@asynccontextmanager
async def _busy(server: Server):
    """A dict that at the end holds the processor seconds per second of the server and of the visitors, and the server's memory."""
    out: dict = {}
    me, began = Process("self"), time.monotonic()
    before = server.processor_seconds(), me.processor_seconds()
    yield out
    took = time.monotonic() - began
    after = server.processor_seconds(), me.processor_seconds()
    out |= dict(
        zip(("server_cores", "visitors_cores"), ((a - b) / took for a, b in zip(after, before, strict=True)), strict=True)
    )
    out |= {"seconds": took, "memory": server.memory(), "threads": server.thread_kinds()}


def _figures(diaries: Sequence[Diary], opened: Sequence[Diary]) -> dict:
    """How long visitors waited for the server."""
    acts = [act for diary in diaries for act in diary.acts]
    kinds = sorted({kind for kind, _ in acts if kind != "open"})
    return {
        "open": summary([s for diary in opened for kind, s in diary.acts if kind == "open"]),
        "interactions": summary([s for kind, s in acts if kind != "open"]),
        "by_kind": {kind: summary([s for k, s in acts if k == kind]) for kind in kinds},
        "ticks": summary([s for diary in diaries for s in diary.ticks]),
    }
