"""A script of the app by itself, on a page whose clock the test turns."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Page


def alone(page: Page, script: Path, html: str) -> Page:
    """`page` with nothing but `html`; the module is `window.script`, and time passes with `page.clock.run_for` and not otherwise."""
    page.clock.install(time=0)
    page.clock.pause_at(1)  # s; a clock that is only installed goes on by itself
    page.set_content(html)
    source = base64.b64encode(script.read_bytes()).decode()
    page.evaluate("async (source) => { window.script = await import(`data:text/javascript;base64,${source}`); }", source)
    return page
