"""How long a log takes to the screen of *Your run*: 10,000 steps of 60 columns, dropped, pasted and read from a path, in a real browser.

    python -m bench.your_run [--repeats 5] [--quick]

Aim: from the click, the drop or the key that pastes to the first drawn board within 2 s. Writes the section "Your run" of bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.marked import replace_section
from bench.server import Process, child_server, machine
from bench.ui_browser import BOARD, VIEWPORT, app
from tests.browser.conftest import MEASURED, launch

README = Path(__file__).parent / "README.md"
STEPS, COLUMNS, AIM_SECONDS = 10_000, 60, 2.0
# What TRL logs in a GRPO training, and then rewards of many functions, which the Lab does not know.
NAMES = (
    "loss", "grad_norm", "learning_rate", "reward", "reward_std", "frac_reward_zero_std", "kl", "entropy", "clip_ratio/low_mean",
    "clip_ratio/low_min", "clip_ratio/high_mean", "clip_ratio/high_max", "clip_ratio/region_mean", "completions/mean_length",
    "completions/min_length", "completions/max_length", "completions/clipped_ratio", "num_tokens", "step_time",
)  # fmt: skip
# The board has every step of its one run, and each chart in sight has been drawn with it.
DRAWN = (
    f"(b => b && [...b.store.values()].some(s => s.last === STEPS) && b.stats.draws > 0 && b.dirty.size < b.charts.size)({BOARD})"
)


def log(steps: int) -> str:
    """JSON lines as Python writes them: every number with all of its digits."""
    draw = random.Random(0).random
    names = [*NAMES, *(f"rewards/function_{i}/mean" for i in range(COLUMNS - len(NAMES)))]
    return "".join(json.dumps({"step": step, **{name: draw() for name in names}}) + "\n" for step in range(1, steps + 1))


def paste(page: Page, file: Path) -> Callable[[], None]:
    page.get_by_role("tab", name="Paste text").click()
    field = page.locator("textarea").first
    field.wait_for()
    page.evaluate("(text) => navigator.clipboard.writeText(text)", file.read_text())
    field.focus()
    return lambda: page.keyboard.press("Control+V")


def drop(page: Page, file: Path) -> Callable[[], None]:
    return lambda: page.set_input_files("input[type=file]", file)


def path(page: Page, file: Path) -> Callable[[], None]:
    page.get_by_role("tab", name="Watch or read a path").click()
    page.get_by_placeholder("/data/outputs/run-17").fill(str(file))
    return page.get_by_role("button", name="Read once").click


WAYS = {"pasted": paste, "dropped": drop, "read from a path": path}


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(viewport=VIEWPORT, permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address}/your_run")
        page.wait_for_selector("[data-testid=stFileUploader]")
        page.wait_for_load_state("networkidle")
        yield page


def once(browser: Browser, address: str, server: Process, file: Path, steps: int, way: Callable) -> tuple[float, float]:
    """(seconds until the first board, seconds of the server's processor time until then)."""
    with opened(browser, address) as page:
        go = way(page, file)
        began, spent = time.perf_counter(), server.processor_seconds()
        go()
        page.wait_for_function(DRAWN.replace("STEPS", str(steps)))
        return time.perf_counter() - began, server.processor_seconds() - spent


def measure(browser: Browser, steps: int, repeats: int) -> dict:
    with tempfile.TemporaryDirectory() as name, app() as (address, _):
        file = Path(name) / "run.jsonl"
        server = Process(child_server())
        ways = {}
        file.write_text(log(steps))
        about = {"steps": steps, "megabytes": file.stat().st_size / 1e6}
        for words, way in WAYS.items():
            once(browser, address, server, file, steps, way)  # modules are imported, scripts are compiled
            found = [once(browser, address, server, file, steps, way) for _ in range(repeats)]
            ways[words] = about | {"seconds": [took for took, _ in found], "server": [spent for _, spent in found]}
            print(words, ways[words], flush=True)
        return ways


def section(ways: dict, about: dict) -> str:
    lines = [
        f"`python -m bench.your_run`: logs of {COLUMNS} columns, from the click, the drop or the pasting key to the first board in Chromium; "
        f"a server that has read one before. The aim is {AIM_SECONDS:.0f} s. Load average at the start "
        f"{about['load_average_at_start']:.1f} on {about['cores']} cores.",
        "",
        "| | steps | MB of JSON lines | median, s | least – greatest | processor of the server, s |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for words, way in ways.items():
        seconds = way["seconds"]
        lines.append(
            f"| {words} | {way['steps']:,} | {way['megabytes']:.0f} | {statistics.median(seconds):.2f} "
            f"| {min(seconds):.2f} – {max(seconds):.2f} | {statistics.median(way['server']):.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="once, 1,000 steps: checks that it runs; nothing is written")
    options = parser.parse_args()
    steps, repeats = (1000, 1) if options.quick else (STEPS, options.repeats)
    about = machine()
    with sync_playwright() as playwright:
        browser = launch(playwright, *MEASURED)
        text = section(measure(browser, steps, repeats), about)
        browser.close()
    print(text)
    if not options.quick:
        README.write_text(replace_section(README.read_text(), "your-run", text))


if __name__ == "__main__":
    main()
