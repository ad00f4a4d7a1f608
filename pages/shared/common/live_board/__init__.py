"""The live board: one component, six charts, what is new per tick.

The browser fetches its points by itself, over plain HTTP from this server (sender.py): it says what it has and gets what is new, so that
nothing can be missing in between, and no script runs. A tick that is a run of the script has Streamlit draw its page anew for each of six
messages, which costs the browser more than all the charts. The script's own message holds the points of a picture that is new; later ones
hold what else is shown, and the browser fetches at once. Where a proxy does not let the address through it sets the trigger `resync`,
{"picture", "last": label -> update}, whereupon the script runs and answers in the same way. Zoom, hidden sides and hover live in the browser
and survive every tick.

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
    points       label -> points, see `pages.shared.common.series.tail`; they replace what is behind `after`. null: to be fetched
    thresholds   metric -> [{"value", "label": '' = a line without words, "side": label | null}]
    events       [{"side", "update", "text", "metric": metric | absent = every line chart}]
    opens        true: a click on a chart, or Enter, sets the trigger `inspect`: {"comparison", "side", "update"}
    badge        {"state": "live" | "paused" | "done" | "stopped" | "failed" | …, "text"} or null
    order        rises with every message to this browser: what comes later by one way may have been made earlier than what came by the other
    fetch        {"path": of the address, "seconds": until the next time | null = nothing will come}
    stale        true: what stands around the board is out of date; the browser sets the trigger `resync`, and the script runs

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

from functools import cache

import streamlit as st

from pages.shared.common.live_board.assets import board_version, install
from pages.shared.common.live_board.sender import Sender, Source
from pages.shared.common.state import BOARD_ANSWER, BOARD_SENDER

# Few and short: this is sent with every tick. The second path is for pages whose address ends in a slash.
LOADER = """const from = (up) => import(new URL(up + "app/static/live_board.js?v=VERSION", document.baseURI).href);
const board = from("./").catch(() => from("../"));
export default async (component) => (await board).render(component);
"""


FEW_CHARTS = 2  # one row


def live_board(look: Source, *, key: str) -> dict | None:
    """Draw what `look` sees now, and have the browser fetch what it sees from then on. `look` must not use Streamlit's session. Where the
    board `opens`, a click on a chart is returned once, as {"side", "update"}."""
    install_once()
    asked = (BOARD_ANSWER(key).get() or {}).get("resync")
    shown, data = BOARD_SENDER(key).made(Sender).send(look, asked)
    answer = component(board_version(), tall=len(shown.charts) > FEW_CHARTS)(
        key=key, data=data, width="stretch", height="content", on_resync_change=lambda: None, on_inspect_change=lambda: None
    )
    clicked = answer.get("inspect")
    return (
        {"side": clicked["side"], "update": clicked["update"]} if clicked and clicked["comparison"] == shown.comparison else None
    )


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
