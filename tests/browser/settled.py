"""Waiting for what a page does, in place of waiting for a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

APP = "document.querySelector('[data-testid=stApp]')"
IDLE = f"{APP}.dataset.testScriptState === 'notRunning'"
# What fades or slides is at its end at once, and nothing has begun to move instead; what turns for ever goes on.
STILL = """(() => {
    const ends = ({ playState, effect }) => playState === "running" && effect.getComputedTiming().endTime < Infinity;
    const moving = document.getAnimations().filter(ends);
    moving.forEach((animation) => animation.finish());
    return moving.length === 0;
})()"""


def settled(page: Page) -> None:
    """Wait until the page's script has run, its charts are drawn and nothing moves any more."""
    page.wait_for_function(f"{IDLE} && {STILL}")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(f"{IDLE} && {STILL}")


def focused(page: Page, wanted: Locator) -> None:
    """Wait until `wanted` has the focus."""
    wanted.wait_for()
    page.wait_for_function("(node) => node === document.activeElement", arg=wanted.element_handle())


def press_to_unfold(page: Page, summary: Locator) -> None:
    """What unfolds is of no height for a moment before it stands still: a press would go to what lies behind it."""
    summary.click()
    settled(page)


def unfold(page: Page, within: str) -> None:
    """Open everything that is folded away in the part `within`, and in what is drawn then. Not with the mouse: it waits until what opens has
    stopped to move, a second each."""
    folded = f"{within} details:not([open]):not(.lb-menu) > summary"
    while page.evaluate("(folded) => [...document.querySelectorAll(folded)].map((node) => node.click()).length", folded):
        settled(page)


@contextmanager
def script_run(page: Page, seconds: float = 60) -> Iterator[None]:
    """What is done in the block makes the page's script, or a part of it, run; wait until the server has said that it has ended. What the
    page shows of that is no measure: a short run begins and ends between two drawings. TimeoutError if there was none."""
    ended: list[str] = []

    def received(frame: bytes | str) -> None:
        if isinstance(frame, bytes) and ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished":
            ended.append("")

    for socket in page.sockets:
        socket.on("framereceived", received)
    try:
        yield
        until = time.monotonic() + seconds
        while not ended:
            if time.monotonic() > until:
                raise TimeoutError("the page's script has not run")
            page.evaluate("() => new Promise(requestAnimationFrame)")  # lets frames arrive
    finally:
        for socket in page.sockets:
            socket.remove_listener("framereceived", received)
    settled(page)
