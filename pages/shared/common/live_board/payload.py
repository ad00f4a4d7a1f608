"""What a board is sent: the payload, whose form stands in `pages.shared.common.live_board`, and what the browser then has."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.analysis.history import History
from core.analysis.stats import MIN_SEEDS
from pages.shared.common import series
from pages.shared.common.live_board.charts import CHARTS, metrics_of, side_styles
from pages.shared.common.live_board.pace import Pace

OVERLAP = 32  # updates: a tick of at most so many is repeated with the next one; a fast run is not sent twice


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


@dataclass
class Sent:
    """What a session's browser should have, by the update of each side."""

    picture: str  # if this changes, everything is sent
    last: dict[str, int]
    before: dict[str, int]  # at the message before
    pace: Pace = field(default_factory=Pace)


def message(shown: BoardContents, sent: Sent | None, asked: Mapping | None, more: Mapping) -> tuple[bytes, Sent]:
    """(payload, what the browser has then). `asked` is what the browser has by its own word, {"picture", "last"}, if it said so; `more` is
    added to the payload."""
    known = sent is not None and sent.picture == shown.picture
    pace = sent.pace if known else Pace()
    since = since_of(sent, asked) if known else None
    payload = {
        "comparison": shown.comparison,
        "picture": shown.picture,
        "full": since is None,
        "settings": {"xaxis": shown.xaxis, "smoothing": shown.smoothing, "log": list(shown.log), "seeds": shown.seeds},
        "thresholds": {"entropy_nats": series.collapse_thresholds(shown.histories)},
        "events": list(shown.events),
        "opens": shown.opens,
        "badge": shown.badge,
        **more,
    }
    if since is None:
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
        if since is None or pace.admits(len(data), shortest):
            break
    now = series.last_updates(payload["points"])
    return data, Sent(shown.picture, now, now if since is None else sent.last, pace)


def picture_of(comparison: str, labels: Iterable[str], charts: Iterable[dict], seeds: bool) -> str:
    """A stamp of what a snapshot holds and a tail adds to."""
    parts = (comparison, *labels, *(chart["name"] for chart in charts), seeds)
    return f"{zlib.crc32(json.dumps(parts).encode()):08x}"


def since_of(sent: Sent, asked: Mapping | None) -> dict[str, int] | None:
    """Label -> the update behind which the next tail begins; None if everything is due."""
    if asked is None:
        return {label: sent.before[label] if last - sent.before[label] <= OVERLAP else last for label, last in sent.last.items()}
    has = asked.get("last") or {}
    if asked.get("picture") != sent.picture or has.keys() != sent.last.keys():
        return None
    return {label: min(int(has[label]), last) for label, last in sent.last.items()}


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
