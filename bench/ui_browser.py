"""A real server and a real Chromium for bench/ui.py: pages of the app, and what can be read from them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from playwright.sync_api import Browser, Page

from tests.browser.conftest import ROOT, serve

BOARD = "document.querySelector('.live-board')?.liveBoard"
DRAWN = f"{BOARD}?.stats.draws >= 1"  # the first chart is on the screen
VIEWPORT = {"width": 1440, "height": 1300}  # all six charts on the screen


@contextmanager
def app() -> Iterator[tuple[str, Path]]:
    """(address of a fresh server, folder of its data), until the block ends."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with serve(ROOT / "app.py", folder, DAPO_LAB_DATA=name) as address:
            yield address, folder


@contextmanager
def visit(browser: Browser, address: str, query: str = "", script: str = "") -> Iterator[Page]:
    """A page of its own browser context whose board has been drawn. `script` runs before anything of the page does."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.set_default_timeout(60_000)
    if script:
        page.add_init_script(script)
    page.goto(f"{address}/?{query}")
    page.wait_for_selector(".lb-plot canvas")
    page.wait_for_function(f"{BOARD}?.dirty.size === 0")
    try:
        yield page
    finally:
        context.close()


@contextmanager
def live(browser: Browser, address: str, query: str, after: int = 20) -> Iterator[Page]:
    """A page on a comparison that it has started itself, once every side has `after` updates; stopped at the end."""
    with visit(browser, address, f"{query}&run=1") as page:
        wait_for_updates(page, after)
        try:
            yield page
        finally:
            page.get_by_role("button", name="Stop").click()
            page.get_by_role("button", name="Run again").wait_for()


def wait_for_updates(page: Page, count: int) -> None:
    page.wait_for_function(
        f"(b => b?.comparison !== 'shipped' && b?.store.size && [...b.store.values()].every(side => side.last >= {count}))({BOARD})"
    )


def updates(page: Page) -> dict[str, int]:
    """Label -> the last update that the board has."""
    return page.evaluate(f"Object.fromEntries([...{BOARD}.store].map(([label, side]) => [label, side.last]))")


def statistics(page: Page) -> dict[str, int]:
    """The board's own counters: draws, snapshots, tails, refused."""
    return page.evaluate(f"({{...{BOARD}.stats}})")


class Meter:
    """Bytes that arrive over the page's websocket, and by the board's own requests as they travel: `frames` is [(seconds of Chromium's clock,
    bytes)]."""

    def __init__(self, page: Page):
        self.frames: list[tuple[float, int]] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on("Network.webSocketFrameReceived", self._count)
        self._session.on("Network.loadingFinished", lambda e: self.frames.append((e["timestamp"], int(e["encodedDataLength"]))))
        self._session.send("Network.enable")

    def _count(self, event: dict) -> None:
        response = event["response"]
        text = response["payloadData"]
        binary = response["opcode"] == 2  # given as base64
        size = len(text) * 3 // 4 - text.count("=") if binary else len(text.encode())
        self.frames.append((event["timestamp"], size))

    def close(self) -> None:
        self._session.detach()


class Heap:
    """What the page holds after a garbage collection."""

    NAMES: ClassVar = {"JSHeapUsedSize": "heap_bytes", "Nodes": "nodes", "JSEventListeners": "listeners"}

    def __init__(self, page: Page):
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def read(self) -> dict[str, int]:
        """The least of three collections: what is being drawn while one of them looks is not held for long."""
        readings = []
        for _ in range(3):
            self._session.send("HeapProfiler.collectGarbage")
            metrics = self._session.send("Performance.getMetrics")["metrics"]
            readings.append({self.NAMES[m["name"]]: int(m["value"]) for m in metrics if m["name"] in self.NAMES})
            self._page.wait_for_timeout(150)
        return min(readings, key=lambda reading: reading["heap_bytes"])


def rest(page: Page, seconds: float) -> None:
    """Wait, and let the page's events come in."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        page.wait_for_timeout(1000 * min(left, 1.0))
