"""Make the pictures of docs/: `python -m bench.screenshots`. Needs the development requirements and Chromium."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import ROOT, launch, serve

PICTURES = {
    "compare-light": {"viewport": {"width": 1440, "height": 1240}, "color_scheme": "light"},
    "compare-dark": {"viewport": {"width": 1440, "height": 1240}, "color_scheme": "dark"},
    "compare-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with serve(ROOT / "app.py", Path(folder), DAPO_LAB_DATA=folder) as address:
            for name, options in PICTURES.items():
                take(browser, address, ROOT / "docs" / f"{name}.png", options)
        browser.close()


def take(browser: Browser, address: str, path: Path, options: dict) -> None:
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".lb-plot .main-svg", timeout=60_000)
    page.wait_for_timeout(2500)  # fonts and the last redraw
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()
