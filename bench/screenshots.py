"""Takes the screenshots of docs/. Needs the development requirements and Chromium.

python -m bench.screenshots                 all of them (about two minutes)
python -m bench.screenshots inspect runs    some of them
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import MEASURED, ROOT, TOUR_SEEN, launch, serve

WIDE, PHONE = {"width": 1440, "height": 1240}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Picture:
    """One state of one page. `ready` is a selector that is there when it can be taken."""

    path: str = "/"
    scheme: str = "light"
    viewport: dict = field(default_factory=lambda: WIDE)
    ready: str = ".lb-plot canvas"
    press: tuple[str, ...] = ()  # names of buttons, one after the other
    wait_for: str = ""  # text
    top: str = ""  # the heading that the picture begins with; that of the page without it


PICTURES = {
    "compare-light": Picture(),
    "compare-dark": Picture(scheme="dark"),
    "compare-phone": Picture(viewport=PHONE),
    "compare-paused": Picture("/?scenario=collapse&updates=4000&replicas=4&run=1", press=("Pause",), wait_for="Resume"),
    "compare-done": Picture("/?scenario=collapse&run=1", wait_for="Findings", top="Findings"),
    "inspect": Picture("/inspect_step?run=DAPO&seed=0&update=200", ready="[data-testid=stMain] .js-plotly-plot"),
    "inspect-group": Picture(
        "/inspect_step?run=DAPO&seed=0&update=200", ready="[data-testid=stMain] .js-plotly-plot", top="Group"
    ),
    "ladder": Picture("/ladder", ready="[data-testid=stMain] .js-plotly-plot"),
    "learn-clip-higher": Picture("/clip_higher", ready="[data-testid=stMain] svg"),
    "learn-phone": Picture("/dynamic_sampling", scheme="dark", viewport=PHONE, ready="[data-testid=stMain] svg"),
    "runs": Picture("/runs", ready="[data-testid=stDataFrame]"),  # last: it shows what was run for the others
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], help="pictures (default: all)")
    wanted = parser.parse_args().names or PICTURES
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright, *MEASURED)
        with serve(ROOT / "app.py", Path(folder), DAPO_LAB_DATA=folder) as address:
            cookies = browser.new_context().cookies()
            for name in wanted:
                cookies = take(browser, address, ROOT / "docs" / f"{name}.png", PICTURES[name], cookies)
        browser.close()
    return 0


def take(browser: Browser, address: str, path: Path, picture: Picture, cookies: list) -> list:
    """Take it as the visitor whom `cookies` name, so that the runs of one picture are there in the next; the cookies afterwards."""
    context = browser.new_context(viewport=picture.viewport, color_scheme=picture.scheme)
    context.add_cookies(cookies)
    context.add_init_script(TOUR_SEEN)
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(address + picture.path)
    page.wait_for_selector(picture.ready)
    for name in picture.press:
        page.wait_for_timeout(2500)  # something to look at
        page.get_by_role("button", name=name).click()
    if picture.wait_for:
        page.get_by_text(picture.wait_for, exact=True).first.wait_for()
    page.wait_for_timeout(2500)  # fonts and the last redraw
    if picture.top:
        heading = page.get_by_role("heading", name=picture.top).first
        heading.evaluate("(node) => node.scrollIntoView({ block: 'start' })")
        page.wait_for_timeout(1500)  # what was out of sight is drawn
    page.screenshot(path=path)
    cookies = context.cookies()
    context.close()
    return cookies


if __name__ == "__main__":
    sys.exit(main())
