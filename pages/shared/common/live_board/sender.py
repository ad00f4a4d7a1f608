"""One board's messages: those that the page's script sends, and those that the browser fetches by itself."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response

from core.runs.manager import UnknownComparison
from core.runs.store.store import StoreError
from pages.shared.common.live_board.pace import Pace
from pages.shared.common.live_board.payload import BoardContents, message

PATH = "board"
NOTHING = {"picture": "", "last": {}}


@dataclass(frozen=True)
class Moment:
    """What a board shows now; when to look again, None = nothing will come; and a mark that changes when what stands around the board is out
    of date."""

    shown: BoardContents
    seconds: float | None = None
    mark: Hashable = None


Source = Callable[[], Moment]  # not of Streamlit's: it is called outside a run of the script


class Sender:
    """What one board of one tab shows, and at which pace it is sent. A tab keeps it, and with the tab it ends. Thread-safe."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)
        self._look: Source | None = None
        self._mark: Hashable = None
        self._picture, self._pace = "", Pace()
        self._order = 0
        self._lock = threading.Lock()
        _senders[self.token] = self

    def send(self, look: Source, asked: Mapping | None) -> tuple[BoardContents, bytes]:
        """What is shown, and the message of a run of the script, which draws what stands around the board, too. From now on the browser may
        call `look`. A new picture is sent whole; of another the browser fetches what it lacks, unless it has `asked` for that."""
        with self._lock:
            moment = look()
            self._look, self._mark = look, moment.mark
            new = moment.shown.picture != self._picture
            return moment.shown, self._message(moment, NOTHING if new else asked)

    def answer(self, asked: Mapping) -> bytes | None:
        """The message for a browser that has this; None if there is nothing to be fetched."""
        with self._lock:
            return None if self._look is None else self._message(self._look(), asked)

    def _message(self, moment: Moment, has: Mapping | None) -> bytes:
        if moment.shown.picture != self._picture:
            self._picture, self._pace = moment.shown.picture, Pace()
        self._order += 1
        fetch = {"path": f"{PATH}/{self.token}", "seconds": 0 if has is None else moment.seconds}
        more = {"order": self._order, "fetch": fetch, "stale": moment.mark != self._mark}
        return message(moment.shown, has, self._pace, more)


_senders: WeakValueDictionary[str, Sender] = WeakValueDictionary()


def answer(request: Request) -> Response:
    """GET PATH/token?has={"picture", "last"}. 404 for a tab that has gone, 503 when its history cannot be read now."""
    sender = _senders.get(request.path_params["token"])
    try:
        asked = json.loads(request.query_params["has"])
        asked = {"picture": str(asked["picture"]), "last": {str(label): int(last) for label, last in asked["last"].items()}}
    except (KeyError, TypeError, ValueError, AttributeError):
        return Response('has must be {"picture": text, "last": {label: update}}', 400)
    try:
        data = None if sender is None else sender.answer(asked)
    except (UnknownComparison, LookupError, StoreError):
        return Response(status_code=503)  # the page's script, which is then asked, says why
    if data is None:
        return Response(status_code=404)
    return Response(data, media_type="application/json", headers={"cache-control": "no-store"})
