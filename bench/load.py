"""A shared server under load: `python -m bench.load [--quick]`. Writes bench/load.json and the sections
"load" and "memory" of docs/reliability.md; about ten minutes.

Visitors are real Streamlit sessions over the websocket, all in this process; the server is `streamlit run app.py`, hosted. It needs the
development requirements, Linux, and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from bench.load_parts import GRACE_SECONDS, alone, crowd, leaving, memory
from bench.reliability import write
from bench.server import hosted, machine

FILE = Path(__file__).with_name("load.json")
VISITORS, RUNNERS, ALONE_SECONDS = 30, 10, 60.0
QUICK = (6, 3, 10.0)
# What a bar is about -> (its words, the value, what it must be at most).
BARS: dict[str, tuple[str, Callable[[dict], float], float]] = {
    "results": ("parts of results missing or unlike the same settings trained again", lambda r: len(r["crowd"]["result_faults"]), 0),
    "positions": ("queue positions that were not true, or grew", lambda r: len(r["crowd"]["position_faults"]), 0),
    "order": ("comparisons that started before their turn", lambda r: len(r["crowd"]["order_faults"]), 0),
    "privacy": ("names of others, or of their runs, that a visitor received", lambda r: len(r["crowd"]["leaks"]), 0),
    "errors": ("errors that a page showed", lambda r: len(r["crowd"]["errors"]), 0),
    "interactions": ("seconds an interaction takes, 95th percentile", lambda r: r["crowd"]["interactions"]["p95"], 1.0),
    "leaving": ("seconds until the last run ends after all have left", lambda r: r["leaving"]["seconds"], GRACE_SECONDS + 5),
    "idle": ("MB of the idle server (RSS)", lambda r: r["memory"]["idle"]["rss"], 500.0),
    "two comparisons": ("MB of the server with two default comparisons (RSS, most)", lambda r: r["memory"]["two_comparisons"]["rss"], 900.0),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few visitors: checks that it runs; nothing is written")
    args = parser.parse_args()
    visitors, runners, seconds = QUICK if args.quick else (VISITORS, RUNNERS, ALONE_SECONDS)
    results: dict = {"machine": machine()}
    with hosted() as server:
        results["memory"] = _told("memory", asyncio.run(memory(server)))
    with hosted() as server:
        results["alone"] = _told("alone", asyncio.run(alone(server, seconds)))
        results["crowd"] = _told("crowd", asyncio.run(crowd(server, visitors, runners)))
        results["leaving"] = _told("leaving", asyncio.run(leaving(server)))
        if "Traceback" in server.log():
            results["crowd"]["errors"].append(server.log()[-2000:])
    results["bars"] = bars(results)
    for bar in results["bars"]:
        print(f"{'holds ' if bar['holds'] else 'MISSED'}  {bar['value']:8.2f}, at most {bar['most']:g}: {bar['words']}")
    if not args.quick:
        FILE.write_text(json.dumps(results, indent=1) + "\n")
        write()


def bars(results: dict) -> list[dict]:
    """What is promised, and whether it was kept."""
    values = {name: value(results) for name, (_, value, _) in BARS.items()}
    return [
        {"name": name, "words": words, "value": values[name], "most": most, "holds": values[name] <= most}
        for name, (words, _, most) in BARS.items()
    ]


def _told(part: str, result: dict) -> dict:
    print(f"{part}: {json.dumps(result, indent=1)}", flush=True)
    return result


if __name__ == "__main__":
    main()
