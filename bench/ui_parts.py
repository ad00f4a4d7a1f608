"""The parts of bench/ui.py that look at one page: the first point, the traffic, and what the browser holds."""

from __future__ import annotations

import math
import statistics
import time

from playwright.sync_api import Browser, Page
from scipy.special import stdtrit

from bench.ui_browser import BOARD, Heap, Meter, app, live, rest, updates, visit
from bench.ui_browser import statistics as counters

WINDOW_SECONDS = 5.0
TRAFFIC = {
    "collapse": "scenario=collapse&updates=30000",
    "addition": "scenario=addition&updates=10000",
    "collapse, one seed (fast)": "scenario=collapse&updates=400000&replicas=1",
}
# So many updates that it goes on for the whole time, and as many seeds as the run manager then holds: two.
LONG_RUN = "scenario=collapse&updates=250000&replicas=2"

# In the page: when Run was clicked, when the request left, when the board had a point of the new run, when a chart showed it.
STOPWATCH = """
(() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (window.bench?.clicked && !window.bench.sent) window.bench.sent = performance.now();
    return send.call(this, data);
  };
  const look = () => {
    const board = BOARD;
    const points = board && board.comparison !== bench.before && [...board.store.values()].some((side) => side.last > 0);
    if (points) bench.arrived ??= board.arrived - performance.timeOrigin;
    const shown = points && [...board.charts.values()].some(({ spec, u, near }) =>
      near && spec.kind === "line" && !board.dirty.has(spec.name) && u?.data[0].length);
    if (shown) bench.drawn = performance.now();
    else requestAnimationFrame(look);
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("button")?.innerText.includes("Run")) return;
    window.bench = { clicked: performance.now(), before: BOARD?.comparison };
    look();
  }, true);
})();
""".replace("BOARD", BOARD)


def measure_first_point(browser: Browser, *, repeats: int) -> dict:
    """Seconds from the click on Run to its first point on the screen: in servers that have just started, and in one that has run."""
    cold = []
    for _ in range(repeats):
        with app() as (address, _):
            cold.append(_first_point(browser, address))
    with app() as (address, _):
        _first_point(browser, address)
        warm = [_first_point(browser, address) for _ in range(repeats)]
    return {"cold": _stages(cold), "warm": _stages(warm)}


def _first_point(browser: Browser, address: str) -> dict[str, float]:
    with visit(browser, address, script=STOPWATCH) as page:
        page.wait_for_timeout(500)
        page.get_by_role("button", name="Run: GRPO against DAPO").click()
        page.wait_for_function("window.bench?.drawn")
        times = page.evaluate("window.bench")
        if stop := page.get_by_role("button", name="Stop").all():
            stop[0].click()
        page.get_by_role("button", name="Run again").wait_for()
        page.wait_for_timeout(500)
    return {name: times[name] / 1000 for name in ("clicked", "sent", "arrived", "drawn")}


def _stages(runs: list[dict[str, float]]) -> dict:
    """The whole, and its parts: `request` until the browser has sent the click, `server` until points are back, `draw` until they show."""
    pairs = {
        "total": ("clicked", "drawn"),
        "request": ("clicked", "sent"),
        "server": ("sent", "arrived"),
        "draw": ("arrived", "drawn"),
    }
    return {name: spread([run[end] - run[begin] for run in runs]) for name, (begin, end) in pairs.items()}


def measure_traffic(browser: Browser, *, seconds: float) -> dict:
    """Bytes per second over the websocket from the moment that a run is on the screen."""
    out = {}
    with app() as (address, _):
        for name, query in TRAFFIC.items():
            with live(browser, address, query) as page:
                meter, first, began = Meter(page), updates(page), time.monotonic()
                rest(page, seconds)
                took, last = time.monotonic() - began, updates(page)
                meter.close()
                out[name] = {
                    "mean_kilobytes_per_second": sum(size for _, size in meter.frames) / took / 1000,
                    "most_kilobytes_per_second": most(meter.frames, WINDOW_SECONDS) / 1000,
                    "messages_per_second": len(meter.frames) / took,
                    "updates_per_second": {label: (last[label] - first[label]) / took for label in last},
                    "board": counters(page),
                }
    return out


def most(frames: list[tuple[float, int]], window: float) -> float:
    """The most bytes per second in any stretch of `window` seconds."""
    best = total = begin = 0
    for clock, size in frames:
        total += size
        while frames[begin][0] <= clock - window:
            total -= frames[begin][1]
            begin += 1
        best = max(best, total)
    return best / window


def measure_heap(browser: Browser, *, minutes: float, every: float = 30.0) -> dict:
    """What the page holds over a long run, after a collection every `every` seconds; and whether a chart's node was ever replaced."""
    with app() as (address, _), live(browser, address, LONG_RUN) as page:
        nodes = _mark_plots(page)
        heap, began, readings = Heap(page), time.monotonic(), []
        first = updates(page)
        while True:
            reading = {"seconds": time.monotonic() - began} | heap.read() | {"updates": max(updates(page).values())}
            readings.append(reading)
            print(
                f"  {reading['seconds']:6.0f} s  {reading['heap_bytes'] / 1e6:6.2f} MB  {reading['updates']:8,d} updates",
                flush=True,
            )
            if reading["seconds"] >= 60 * minutes:
                break
            rest(page, min(every, 60 * minutes - reading["seconds"]))
            if readings[-1]["updates"] >= 250_000:
                raise RuntimeError("the run ended before the time was over; make LONG_RUN longer")
        half = [r for r in readings if r["seconds"] >= 30 * minutes]
        took = readings[-1]["seconds"]
        last = updates(page)
        return {
            "minutes": took / 60,
            "updates_per_second": {label: (last[label] - first[label]) / took for label in last},
            "slope_per_minute_over_second_half": {name: slope(half, name) for name in Heap.NAMES.values()},
            "readings": readings,
            "plots": {"at_start": nodes, **page.evaluate("window.benchPlots()")},
            "board": counters(page),
        }


def _mark_plots(page: Page) -> int:
    """Mark every plot's node, and watch for plots that come or go."""
    return page.evaluate("""() => {
      const plots = () => [...document.querySelectorAll(".live-board canvas")];
      const changes = { added: 0, removed: 0 };
      const count = (nodes) => [...nodes].reduce(
        (sum, node) => sum + (node.matches?.(".live-board canvas") ?? false) + (node.querySelectorAll?.(".live-board canvas").length ?? 0), 0);
      plots().forEach((node) => (node.benchMark = true));
      new MutationObserver((records) => {
        for (const { addedNodes, removedNodes } of records) {
          changes.added += count(addedNodes);
          changes.removed += count(removedNodes);
        }
      }).observe(document.body, { childList: true, subtree: true });
      window.benchPlots = () => ({ at_end: plots().length, same: plots().filter((node) => node.benchMark).length, ...changes });
      return plots().length;
    }""")


def slope(readings: list[dict], name: str) -> dict[str, float]:
    """Least-squares slope per minute with its 95 % interval (Student's t, as if the readings were independent)."""
    xs, ys = [r["seconds"] / 60 for r in readings], [r[name] for r in readings]
    count = len(xs)
    middle, mean = statistics.fmean(xs), statistics.fmean(ys)
    spread_x = sum((x - middle) ** 2 for x in xs)
    rate = sum((x - middle) * (y - mean) for x, y in zip(xs, ys, strict=True)) / spread_x if spread_x else math.nan
    if count < 3:
        return {"slope": rate, "low": math.nan, "high": math.nan, "mean": mean}
    rest_ = sum((y - mean - rate * (x - middle)) ** 2 for x, y in zip(xs, ys, strict=True)) / (count - 2)
    reach = stdtrit(count - 2, 0.975) * math.sqrt(rest_ / spread_x)
    return {"slope": rate, "low": rate - reach, "high": rate + reach, "mean": mean}


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "worst": max(values), "all": values}
