"""Speed, traffic and memory of the dashboard: `python -m bench.ui [watching] [first-point] [traffic] [viewers] [heap] [--minutes 10]`. See
bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.marked import replace_section
from bench.ui_load import measure_viewers
from bench.ui_parts import measure_first_point, measure_heap, measure_traffic
from bench.ui_report import section
from bench.ui_watching import measure_watching
from tests.browser.conftest import MEASURED, launch

HERE = Path(__file__).parent
CYCLES = {"protocol": 12, "chromium": 4}
PARTS = ("watching", "first-point", "traffic", "viewers", "heap")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--minutes", type=float, default=10.0, help="of live updates for heap")
    parser.add_argument("--quick", action="store_true", help="few and short: checks that it runs; nothing is written")
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    results = {}
    with sync_playwright() as playwright:
        for part in args.parts or PARTS:
            print(f"{part} …", flush=True)
            browser = launch(playwright, *MEASURED)
            results[part] = {"machine": machine(), **measure(part, browser, args.minutes, args.quick)}
            browser.close()
            print(json.dumps({k: v for k, v in results[part].items() if k not in ("readings", "machine")}, indent=1), flush=True)
    if not args.quick:
        write(results)


def measure(part: str, browser, minutes: float, quick: bool) -> dict:
    if part == "watching":
        return measure_watching(browser, seconds=4 if quick else 30, repeats=1 if quick else 5)
    if part == "first-point":
        return measure_first_point(browser, repeats=1 if quick else 5)
    if part == "traffic":
        return measure_traffic(browser, seconds=6 if quick else 30)
    if part == "viewers":
        return measure_viewers(browser, cycles={"protocol": 1, "chromium": 1} if quick else CYCLES, seconds=4 if quick else 6)
    return measure_heap(browser, minutes=0.5 if quick else minutes, every=10 if quick else 30)


def machine() -> dict:
    """What the numbers depend on."""
    names = ("streamlit", "plotly", "torch", "playwright")
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average_at_start": os.getloadavg()[0],
        **{name: version(name) for name in names},
    }


def write(results: dict, folder: Path = HERE) -> None:
    """Put the parts that were measured into ui.json, beside those measured earlier, and tell all of them in README.md."""
    file, readme = folder / "ui.json", folder / "README.md"
    known = json.loads(file.read_text()) if file.exists() else {}
    known = {part: (known | results)[part] for part in PARTS if part in known | results}
    file.write_text(json.dumps(known, indent=1) + "\n")
    readme.write_text(replace_section(readme.read_text(), "ui", section(known)))
    print(f"written to {file} and {readme}")


if __name__ == "__main__":
    main()
