"""The live board: one component, six charts, a short tail of new points per tick.

Call `live_board` inside a fragment that runs every half second; on each call it sends what is new since the call before the last (at most
32 updates twice). The browser keeps the points. If it misses some (a lost tick, a page that was left and opened again), it sets the trigger
`resync`, the fragment runs at once, and everything is sent. Zoom, hidden sides and hover live in the browser and survive every tick.

The payload, UTF-8 JSON:

    comparison   text; another one begins a new picture (zoom forgotten, nodes kept)
    full         true: `sides`, `charts`, `note` are present and `points` holds everything
    settings     {"xaxis": "update" | "rollout" | "samples" | "wall_seconds", "smoothing": 0 … 0.99, "log": [metric, …], "seeds": bool}
    sides        [{"label", "color", "color_dark", "dash"}], a Plotly dash
    charts       [{"name", "kind": "line" | "groups", "title", "unit", "caption", "bounds": [low, high]?, "range": [low, high]?}]
                 a line's name is its metric; bounds limit the band, range fixes the axis
    note         one line beside the legend: how many seeds, what the band is
    points       label -> points, see `pages.shared.series.tail`; `after` is what tells a gap
    thresholds   metric -> [{"value", "label", "side": label | null}]
    events       [{"side", "update", "text", "metric": metric | absent = every line chart}]
    badge        {"state": "live" | "paused" | "done" | "stopped" | "failed" | …, "text"} or null

Drawn in the browser: the mean over seeds, its 95 % interval (Student's t) as a band, single seeds on demand; smoothing is a debiased
exponential moving average over updates, of mean and band, over the raw line; on the rollout and samples axes the updates of one rollout are
averaged into one point; more than 1500 points of a line are drawn as the smallest and largest of each bucket. Samples are means over seeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache

import streamlit as st

from core.history import History
from pages.shared import series
from pages.shared.live_board.assets import install, version
from pages.shared.live_board.charts import CHARTS, metrics_of, side_styles

# Few and short: this is sent with every tick. The second path is for pages whose address ends in a slash.
LOADER = """const from = (up) => import(new URL(up + "app/static/live_board.js?v=VERSION", document.baseURI).href);
const board = from("./").catch(() => from("../"));
export default async (component) => (await board).render(component);
"""


OVERLAP = 32  # updates that a tail repeats at most: one lost tick of a run of usual speed is no gap, a fast run is not sent twice


def live_board(
    histories: Mapping[str, History],
    *,
    key: str,
    comparison: str,
    xaxis: str = "update",
    smoothing: float = 0.0,
    log: Sequence[str] = (),
    seeds: bool = False,
    events: Sequence[dict] = (),
    badge: dict | None = None,
    charts: Sequence[dict] = CHARTS,
    sides: Sequence[dict] | None = None,
) -> None:
    """Draw `histories` (label -> history, growing or finished). `comparison` must change when other runs are shown under the same
    labels. Any other argument may change between calls; nodes stay."""
    install_once()
    last, before = _sent(key, comparison, histories, charts, seeds)
    full = last is None
    names = metrics_of(charts)
    points = series.snapshot(histories, names, seeds=seeds) if full else series.tail(histories, before, names, seeds=seeds)
    payload = {
        "comparison": comparison,
        "full": full,
        "settings": {"xaxis": xaxis, "smoothing": smoothing, "log": list(log), "seeds": seeds},
        "points": points,
        "thresholds": {"entropy_nats": series.collapse_thresholds(histories)},
        "events": list(events),
        "badge": badge,
    }
    if full:
        payload |= {"sides": list(sides or side_styles(histories)), "charts": list(charts), "note": note(histories)}
    now = series.last_updates(points)
    _remember(key, comparison, histories, charts, seeds, now, now if full else last)
    # Bytes, because Streamlit searches dicts for data frames and writes a space behind every comma.
    data = json.dumps(payload, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
    component(version())(key=key, data=data, width="stretch", height="content", on_resync_change=lambda: None)


def note(histories: Mapping[str, History]) -> str:
    """What the lines and the band are."""
    counts = {len(history.seeds) for history in histories.values()}
    if counts <= {1}:
        return "one seed: no band"
    many = str(counts.pop()) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return f"mean over {many} seeds · band: 95 % interval of the mean"


@cache
def component(stamp: str):
    """The mounted component, registered once for each version of its files."""
    return st.components.v2.component(
        "dapo_lab_live_board",
        html='<div class="live-board"></div>',
        js=LOADER.replace("VERSION", stamp),
        isolate_styles=False,  # Plotly puts its styles into the document's head
    )


@cache
def install_once() -> None:
    install()


def _sent(key: str, comparison: str, histories: Mapping[str, History], charts: Sequence[dict], seeds: bool):
    """(up to which update each side was sent at the last call, behind which the next tail begins): (None, None) if everything is due."""
    memory = st.session_state.get(f"{key}:sent")
    answer = st.session_state.get(key)
    if memory is None or (answer and answer.get("resync")) or memory["what"] != _what(comparison, histories, charts, seeds):
        return None, None
    last, before = memory["last"], memory["before"]
    return last, {label: max(before[label], last[label] - OVERLAP) for label in last}


def _remember(key, comparison, histories, charts, seeds, last: dict, before: dict) -> None:
    st.session_state[f"{key}:sent"] = {"what": _what(comparison, histories, charts, seeds), "last": last, "before": before}


def _what(comparison: str, histories: Mapping[str, History], charts: Sequence[dict], seeds: bool) -> tuple:
    return comparison, tuple(histories), tuple(chart["name"] for chart in charts), seeds
