"""A script of the app by itself, on a page whose clock the test turns."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page


def alone(new_page: Callable[..., Page], script: Path, html: str) -> Page:
    """A page with nothing but `html`; the module is `window.script`, and time passes with `page.clock.run_for` and not otherwise. It stands
    still for every page of a context: this one is alone there, too."""
    page = new_page(apart=True)
    page.clock.install(time=0)
    page.clock.pause_at(1)  # s; a clock that is only installed goes on by itself
    page.set_content(html)
    source = base64.b64encode(script.read_bytes()).decode()
    page.evaluate("async (source) => { window.script = await import(`data:text/javascript;base64,${source}`); }", source)
    return page
