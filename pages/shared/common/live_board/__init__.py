"""The live board: one component, six charts, a short tail of new points per tick.

Call `live_board` inside a fragment that runs every half second or so; on each call it sends what is new (few updates twice, so that one lost
tick is no gap). The browser keeps the points. If it misses some, it sets the trigger `resync`, the fragment runs at once and sends what is
missing: {"picture", "last": label -> update}; everything, if the browser has another picture (a page that was left and opened again, or a
snapshot that was lost). Zoom, hidden sides and hover live in the browser and survive every tick.

Neither the browser's memory nor the traffic grows with a run. A run of more than 3000 updates is thinned: a row stands for 1, 2, 4, …
updates (`pages.shared.common.series`), and the browser merges what it has when the next size is due. A run that is too fast for the budget of
`pace` is thinned earlier. Spikes stay: behind the line, which is then the mean of each row, the smallest and largest updates are drawn.

The payload, UTF-8 JSON:

    comparison   text; another one begins a new picture (zoom forgotten, nodes kept)
    picture      text; what the points belong to: another one is needed for other runs, charts, or single seeds. It comes with a snapshot
    full         true: a snapshot: `sides`, `charts`, `note` are present and `points` holds everything
    settings     {"xaxis": "update" | "rollout" | "samples" | "wall_seconds" | "token_cost" | "share",
                  "smoothing": 0 … 0.99, "log": [metric, …], "seeds": bool}
    sides        [{"label", "color", "color_dark", "dash"}], a Plotly dash
    charts       [{"name", "kind": "line" | "groups", "title", "unit", "caption", "bounds": [low, high]?, "range": [low, high]?}]
                 a line's name is its metric; bounds limit the band, range fixes the axis
    note         one line beside the legend: how many seeds, what the band is
    points       label -> points, see `pages.shared.common.series.tail`; they replace what is behind `after`, and there is a gap if
                 that is unknown
    thresholds   metric -> [{"value", "label", "side": label | null}]
    events       [{"side", "update", "text", "metric": metric | absent = every line chart}]
    opens        true: a click on a chart, or Enter, sets the trigger `inspect`: {"comparison", "side", "update"}
    badge        {"state": "live" | "paused" | "done" | "stopped" | "failed" | …, "text"} or null

Drawn in the browser, by uPlot (browser/): the mean over seeds, its 95 % interval (Student's t) as a band, single seeds on demand; smoothing
is a debiased exponential moving average over updates, of mean and band, over the raw line; on the rollout and samples axes the updates of one
rollout are averaged into one point; of more points than there are pixels, the smallest and largest of every few are drawn. Samples are means
over seeds. A spike in the first updates does not rule the scale of a chart: it is named in words. A chart in sight is drawn when new points
have come; one out of sight, or of a hidden tab, is not.

Increments are sent, and not a picture of each chart anew: two sides of seven metrics with mean, interval and extremes are 56 numbers per
column of a picture, so that 10 kB a tick hold about 30 columns as JSON and 90 as 16-bit numbers, which a zoom could not refine, and no
single seeds.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import streamlit as st

from core.analysis.history import History
from core.analysis.stats import MIN_SEEDS
from pages.shared.common import series
from pages.shared.common.live_board.assets import board_version, install
from pages.shared.common.live_board.charts import CHARTS, metrics_of, side_styles
from pages.shared.common.live_board.pace import Pace
from pages.shared.common.state import BOARD_ANSWER, BOARD_SENT

# Few and short: this is sent with every tick. The second path is for pages whose address ends in a slash.
LOADER = """const from = (up) => import(new URL(up + "app/static/live_board.js?v=VERSION", document.baseURI).href);
const board = from("./").catch(() => from("../"));
export default async (component) => (await board).render(component);
"""


FEW_CHARTS = 2  # one row
OVERLAP = 32  # updates: a tick of at most so many is repeated with the next one; a fast run is not sent twice


@dataclass
class Sent:
    """What a session's browser should have, by the update of each side."""

    picture: str  # if this changes, everything is sent
    last: dict[str, int]
    before: dict[str, int]  # at the call before
    pace: Pace = field(default_factory=Pace)


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
    opens: bool = False,
    costs: Mapping[str, Sequence[float]] | None = None,
) -> dict | None:
    """Draw `histories` (label -> history, growing or finished); `costs` as for `series.tail`. `comparison` must change when other runs are
    shown under the same labels. Any other argument may change between calls; nodes stay. With `opens` a click on a chart is returned once,
    as {"side", "update"}."""
    install_once()
    picture = picture_of(comparison, histories, charts, seeds)
    sent: Sent | None = BOARD_SENT(key).get()
    known = sent is not None and sent.picture == picture
    pace = sent.pace if known else Pace()
    since = _since(sent, BOARD_ANSWER(key).get()) if known else None
    payload = {
        "comparison": comparison,
        "picture": picture,
        "full": since is None,
        "settings": {"xaxis": xaxis, "smoothing": smoothing, "log": list(log), "seeds": seeds},
        "thresholds": {"entropy_nats": series.collapse_thresholds(histories)},
        "events": list(events),
        "opens": opens,
        "badge": badge,
    }
    if since is None:
        told = note(histories) + (" · click on a chart to look inside that update" if opens else "")
        payload |= {"sides": list(sides or side_styles(histories)), "charts": list(charts), "note": told}
    shortest = min(map(len, histories.values()), default=0)
    while True:
        levels = {label: max(series.level_for(len(history)), pace.level) for label, history in histories.items()}
        payload["points"] = series.tail(
            histories, since or series.beginnings(histories), metrics_of(charts), seeds=seeds, levels=levels, costs=costs
        )
        data = _encoded(payload)
        if since is None or pace.admits(len(data), shortest):
            break
    now = series.last_updates(payload["points"])
    BOARD_SENT(key).set(Sent(picture, now, now if since is None else sent.last, pace))
    answer = component(board_version(), tall=len(charts) > FEW_CHARTS)(
        key=key, data=data, width="stretch", height="content", on_resync_change=lambda: None, on_inspect_change=lambda: None
    )
    clicked = answer.get("inspect")
    return {"side": clicked["side"], "update": clicked["update"]} if clicked and clicked["comparison"] == comparison else None


def picture_of(comparison: str, labels: Iterable[str], charts: Iterable[dict], seeds: bool) -> str:
    """A stamp of what a snapshot holds and a tail adds to."""
    parts = (comparison, *labels, *(chart["name"] for chart in charts), seeds)
    return f"{zlib.crc32(json.dumps(parts).encode()):08x}"


def _since(sent: Sent, answer) -> dict[str, int] | None:
    """Label -> the update behind which the next tail begins; None if everything is due. `answer` is what the browser said."""
    asked = answer.get("resync") if answer else None
    if asked is None:
        return {label: sent.before[label] if last - sent.before[label] <= OVERLAP else last for label, last in sent.last.items()}
    has = asked.get("last") or {}
    if asked.get("picture") != sent.picture or has.keys() != sent.last.keys():
        return None
    return {label: min(int(has[label]), last) for label, last in sent.last.items()}


def _encoded(payload: dict) -> bytes:
    """Bytes, because Streamlit searches dicts for data frames and writes a space behind every comma."""
    return json.dumps(payload, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def note(histories: Mapping[str, History]) -> str:
    """What the lines and the band are."""
    counts = {len(history.seeds) for history in histories.values()}
    if max(counts, default=1) < MIN_SEEDS:
        return f"fewer than {MIN_SEEDS} seeds: no band"
    many = str(counts.pop()) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return f"mean over {many} seeds · band: 95 % interval of the mean"


@cache
def component(stamp: str, *, tall: bool):
    """The mounted component, registered once for each version of its files. A `tall` one holds the place of its charts while their script is
    on its way: what stands below must not pass over the screen, which would have it drawn (`pages.shared.common.sight`)."""
    return st.components.v2.component(
        f"dapo_lab_live_board{'_tall' if tall else ''}",
        html=f'<div class="live-board" style="min-height: {100 if tall else 0}vh"></div>',
        js=LOADER.replace("VERSION", stamp),
        isolate_styles=False,  # its style sheet is one for the whole document
    )


@cache
def install_once() -> None:
    install()
