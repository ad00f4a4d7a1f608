"""What a board is sent: the payload, whose form stands in `pages.shared.common.live_board`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.analysis.history import History
from core.analysis.stats import MIN_SEEDS
from pages.shared.common import series
from pages.shared.common.live_board.charts import CHARTS, metrics_of, side_styles
from pages.shared.common.live_board.pace import Pace


@dataclass(frozen=True)
class BoardContents:
    """What a board shows: label -> history, growing or finished, and how it is looked at. `comparison` must change when other runs are shown
    under the same labels. Any other value may change from one message to the next; nodes stay. `costs` as for `series.tail`."""

    histories: Mapping[str, History]
    comparison: str
    xaxis: str = "update"
    smoothing: float = 0.0
    log: Sequence[str] = ()
    seeds: bool = False
    events: Sequence[dict] = ()
    badge: dict | None = None
    charts: Sequence[dict] = CHARTS
    sides: Sequence[dict] | None = None
    opens: bool = False
    costs: Mapping[str, Sequence[float]] | None = None

    @property
    def picture(self) -> str:
        return picture_of(self.comparison, self.histories, self.charts, self.seeds)


def message(shown: BoardContents, has: Mapping | None, pace: Pace, more: Mapping) -> bytes:
    """The payload for a browser that has {"picture", "last"} by its own word: what is new since then, or everything if it has another picture.
    Without points if it has not said what it has. `more` is added to it."""
    since = None if has is None else since_of(shown, has)
    full = has is not None and since is None
    payload = {
        "comparison": shown.comparison,
        "picture": shown.picture,
        "full": full,
        "settings": {"xaxis": shown.xaxis, "smoothing": shown.smoothing, "log": list(shown.log), "seeds": shown.seeds},
        "thresholds": {"entropy_nats": series.collapse_thresholds(shown.histories)},
        "events": list(shown.events),
        "opens": shown.opens,
        "badge": shown.badge,
        "points": None,
        **more,
    }
    if has is None:
        return _encoded(payload)
    if full:
        told = note(shown.histories) + (" · click on a chart to look inside that update" if shown.opens else "")
        payload |= {"sides": list(shown.sides or side_styles(shown.histories)), "charts": list(shown.charts), "note": told}
    shortest = min(map(len, shown.histories.values()), default=0)
    while True:
        levels = {label: max(series.level_for(len(history)), pace.level) for label, history in shown.histories.items()}
        payload["points"] = series.tail(
            shown.histories,
            since or series.beginnings(shown.histories),
            metrics_of(shown.charts),
            seeds=shown.seeds,
            levels=levels,
            costs=shown.costs,
        )
        data = _encoded(payload)
        if full or pace.admits(len(data), shortest):
            return data


def since_of(shown: BoardContents, has: Mapping) -> dict[str, int] | None:
    """Label -> the update behind which the browser has nothing; None if everything is due."""
    last, histories = has["last"], shown.histories
    if has["picture"] != shown.picture or last.keys() != histories.keys():
        return None
    return {label: min(update, histories[label].last_update) for label, update in last.items()}


def picture_of(comparison: str, labels: Iterable[str], charts: Iterable[dict], seeds: bool) -> str:
    """A stamp of what a snapshot holds and a tail adds to."""
    parts = (comparison, *labels, *(chart["name"] for chart in charts), seeds)
    return f"{zlib.crc32(json.dumps(parts).encode()):08x}"


def note(histories: Mapping[str, History]) -> str:
    """What the lines and the band are. A side of fewer than MIN_SEEDS seeds has no band, and none is claimed for it."""
    counts = sorted({len(history.seeds) for history in histories.values()}) or [1]
    many = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    if counts[-1] == 1:
        return "each line is one run: no band"
    if counts[-1] < MIN_SEEDS:
        return f"mean over {many} seeds · no band: an interval needs at least {MIN_SEEDS}"
    where = f", where there are at least {MIN_SEEDS} seeds" if counts[0] < MIN_SEEDS else ""
    return f"mean over {many} seeds · band: 95 % interval of the mean{where}"


def _encoded(payload: dict) -> bytes:
    """Bytes, because Streamlit searches dicts for data frames and writes a space behind every comma."""
    return json.dumps(payload, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
