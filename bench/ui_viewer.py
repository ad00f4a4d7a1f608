"""Viewers without a browser: they speak Streamlit's protocol over the websocket, ask for a fragment's runs as its timer would, and fetch what
is new for the board as its script does.

`python -m bench.ui_viewer http://HOST:PORT QUERY` reads from each line of its input how many viewers to hold, or `stop` to press Stop in
the first one. It answers, once all have been sent a board, with a line of JSON: what was asked and received since the line before.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

# Streamlit's own protocol and the client that it depends on: no other requirement.
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

AGAIN_SECONDS = 1.5  # after a request that failed, as fetch.js waits
REQUESTS = ThreadPoolExecutor(64)  # each viewer may have one under way


class Viewer:
    """One open tab. `cookie` is what the browser has kept of this site."""

    def __init__(self, address: str, query: str, counts: Counter, cookie: str = ""):
        self.ready = asyncio.Event()  # it has been sent a board
        self._address, self._query, self._counts = address, query, counts
        self._headers = {"Cookie": cookie} if cookie else {}
        self._timers: dict[str, asyncio.Task] = {}  # fragment -> its timer
        self._page = ""
        self._buttons: dict[str, str] = {}  # label -> id
        self._socket: ClientConnection | None = None
        self._fetching: asyncio.Task | None = None
        self._order = 0  # of the last message of the board
        self._shown, self._last = "", {}  # what the board shows: the picture's name, and label -> its last update
        self.task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        options = {"subprotocols": ["streamlit"], "max_size": None, "compression": None, "additional_headers": self._headers}
        async with connect(self._address, **options) as socket:
            self._socket = socket
            try:
                await self.ask()
                async for data in socket:
                    self._counts["messages"] += 1
                    self._counts["bytes"] += len(data)
                    self._received(data)
            finally:
                self._stop_timers()
                if self._fetching:
                    self._fetching.cancel()

    def _received(self, data: bytes) -> None:
        self._read(ForwardMsg.FromString(data))

    def _read(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self._stop_timers()  # a run of the whole page arms those that it still wants
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string  # the address bar
        elif kind == "auto_rerun":
            timer = message.auto_rerun
            if timer.fragment_id not in self._timers:
                self._timers[timer.fragment_id] = asyncio.create_task(self._tick(timer.fragment_id, timer.interval))
        elif kind == "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                if element.bidi_component.bytes:
                    sent = json.loads(element.bidi_component.bytes)
                    self._arrived(sent, element.bidi_component.id, message.delta.fragment_id)
                self.ready.set()
            elif element.WhichOneof("type") == "button":
                self._buttons[element.button.label] = element.button.id

    def _arrived(self, payload: dict, board: str, fragment: str) -> None:
        """By one way or the other: what was made before what is here is ignored, as board.js does."""
        if payload["order"] > self._order:
            self._order = payload["order"]
            self._board(payload, board, fragment)

    def _board(self, payload: dict, board: str, fragment: str) -> None:
        """Take in what the board was sent, and look again when that is due."""
        if payload["points"] is not None:
            self._counts["boards"] += 1
            before = {} if payload["full"] else self._last
            self._shown = payload["picture"]
            self._last = {
                k: (p.get("update") or p.get("updates") or [before.get(k, -1)])[-1] for k, p in payload["points"].items()
            }
        if self._fetching and self._fetching is not asyncio.current_task():
            self._fetching.cancel()
        self._fetching = None
        if payload["fetch"]["seconds"] is not None:
            self._fetching = asyncio.create_task(self._fetch(payload["fetch"], board, fragment))

    async def _fetch(self, due: dict, board: str, fragment: str) -> None:
        await asyncio.sleep(due["seconds"])
        has = quote(json.dumps({"picture": self._shown, "last": self._last}))
        address = self._address.replace("ws", "http", 1).removesuffix("/_stcore/stream")
        get = lambda: urlopen(f"{address}/{due['path']}?has={has}").read()  # noqa: E731
        try:
            data = await asyncio.get_running_loop().run_in_executor(REQUESTS, get)
        except URLError:
            self._counts["refused"] += 1
            await asyncio.sleep(AGAIN_SECONDS)
            return await self.ask(fragment)  # the script says why
        self._counts["ticks"] += 1
        self._fetched(data)
        self._arrived(json.loads(data), board, fragment)

    def _fetched(self, data: bytes) -> None:
        self._counts["bytes"] += len(data)

    async def _tick(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.ask(fragment)
            self._counts["ticks"] += 1

    async def ask(self, fragment: str = "", press: str = "") -> None:
        """A run of the script, or of one fragment only; `press` is the label of a button."""
        await self._send(self._rerun(fragment, press))

    async def stop(self) -> None:
        """Press Stop. TimeoutError if half a minute goes by without the button, which may be drawn after the board."""
        async with asyncio.timeout(30):
            while "Stop" not in self._buttons:
                await asyncio.sleep(0.05)
        await self.ask(press="Stop")

    def _rerun(self, fragment: str = "", press: str = "") -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self._query
        state.page_script_hash, state.fragment_id, state.is_auto_rerun = self._page, fragment, bool(fragment)
        state.widget_states.SetInParent()
        if press:
            state.widget_states.widgets.add(id=self._buttons[press], trigger_value=True)
        return message

    async def _send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    def _stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()


async def serve(address: str, query: str) -> None:
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    counts: Counter = Counter()
    viewers: list[Viewer] = []
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if line == "stop":
            await viewers[0].stop()
        else:
            await hold(int(line), viewers, lambda: Viewer(stream, query, counts))
        print(json.dumps(counts), flush=True)
        counts.clear()


async def hold(wanted: int, viewers: list[Viewer], make) -> None:
    """Make or close viewers until there are so many, and all of them have a board."""
    while len(viewers) > wanted:
        gone = viewers.pop().task
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    viewers += [make() for _ in range(wanted - len(viewers))]
    for viewer in viewers:
        ready = asyncio.create_task(viewer.ready.wait())
        await asyncio.wait([ready, viewer.task], return_when=asyncio.FIRST_COMPLETED)
        if viewer.task.done():  # it ends by an error only
            viewer.task.result()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
