"""What a visible board costs its browser: a part of bench/ui.py, read from Chromium's own counters.

Times are of the page's main thread in its own processor time, so that a busy machine does not change them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Page

from bench.ui_browser import BOARD, DRAWN, VIEWPORT, app, live, rest
from bench.ui_browser import statistics as counters
from pages.shared.common.live import FIRST_SECONDS

# So many updates that it trains for as long as it is watched, on a machine that has nothing else to do.
SCENARIO = "scenario=addition&updates=10000"
TIMES = {"TaskDuration": "all", "ScriptDuration": "scripting", "LayoutDuration": "layout", "RecalcStyleDuration": "style"}


def measure_watching(browser: Browser, *, seconds: float, repeats: int) -> dict:
    """While `addition` trains: shares of a core, milliseconds per tick, draws of a hidden tab; and what a cold load takes."""
    with app() as (address, _):
        loads = [_load(browser, address) for _ in range(repeats)]
        with live(browser, address, SCENARIO, after=8) as page:
            first = _while(page, min(seconds, FIRST_SECONDS / 2))
            rest(page, min(seconds, FIRST_SECONDS))  # from here on a tick is slower
            seen = _while(page, seconds)
            with hidden(page):
                unseen = _while(page, seconds / 4)
    return {
        "visible, first seconds": first,
        "visible": seen,
        "hidden": unseen,
        "load": {name: statistics.median(load[name] for load in loads) for name in loads[0]},
    }


def _while(page: Page, seconds: float) -> dict:
    with processor(page) as session:
        before, first, began = _times(session), counters(page), time.monotonic()
        rest(page, seconds)
        took, last, after = time.monotonic() - began, counters(page), _times(session)
    ticks = last["tails"] - first["tails"]
    used = {name: after[name] - before[name] for name in after}
    return {
        "share_of_a_core": {name: value / took for name, value in used.items()},
        "ticks_per_second": ticks / took,
        "milliseconds_per_tick": {name: 1000 * value / max(ticks, 1) for name, value in used.items()},
        "draws_per_tick": (last["draws"] - first["draws"]) / max(ticks, 1),
    }


def _load(browser: Browser, address: str) -> dict[str, float]:
    """A first visit with an empty cache, until the page has come to rest."""
    context = browser.new_context(viewport=VIEWPORT)
    try:
        page = context.new_page()
        arrived: list[int] = []
        with processor(page) as session:
            session.on("Network.loadingFinished", lambda event: arrived.append(event["encodedDataLength"]))
            session.send("Network.enable")
            began = time.monotonic()
            page.goto(address)
            page.wait_for_function(DRAWN, polling="raf")
            first = time.monotonic() - began
            page.wait_for_load_state("networkidle")
            rest(page, 2.0)  # what comes after the first picture belongs to the load
            times = _times(session)
        return {"first_chart_seconds": first, "processor_seconds": times["all"], "megabytes": sum(arrived) / 1e6}
    finally:
        context.close()


@contextmanager
def processor(page: Page) -> Iterator[CDPSession]:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    try:
        yield session
    finally:
        session.detach()


def _times(session: CDPSession) -> dict[str, float]:
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return {ours: found[theirs] for theirs, ours in TIMES.items()}


@contextmanager
def hidden(page: Page) -> Iterator[None]:
    """The page believes that its tab is in the background: a headless browser never puts one there."""
    tell = "(state) => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });"
    tell += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(tell, "hidden")
    try:
        yield
    finally:
        page.evaluate(tell, "visible")


__all__ = ["BOARD", "measure_watching"]
