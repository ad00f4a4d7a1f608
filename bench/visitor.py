"""A visitor with a browser, simulated by a websocket client: opens pages, presses buttons, changes settings, and records everything that it
was shown and how long it took."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from uuid import uuid4

from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX

from bench.ui_viewer import Viewer
from core.analysis.result import FINISHED

PATIENCE_SECONDS = 30.0  # then an interaction counts as unanswered


@dataclass(frozen=True)
class Told:
    """The state of the runs on the screen according to one message."""

    at: float  # monotonic seconds
    comparison: str
    state: str  # of the badge
    text: str
    points: dict[str, dict]  # label -> points, see pages.shared.common.live_board; none if they are still to be fetched
    full: bool  # they replace everything


@dataclass
class Diary:
    """Everything that a visitor was shown, in all tabs."""

    cookie: str = field(default_factory=lambda: uuid4().hex)
    told: list[Told] = field(default_factory=list)
    acts: list[tuple[str, float]] = field(default_factory=list)  # (what was done, seconds until the page was whole again)
    ticks: list[float] = field(default_factory=list)  # seconds until the answer
    errors: list[str] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)  # every message
    counts: Counter = field(default_factory=Counter)

    def of(self, comparison: str) -> list[Told]:
        return [told for told in self.told if told.comparison == comparison]


class Tab(Viewer):
    """One tab of the visitor who keeps `diary`. It begins to open the page at once."""

    def __init__(self, stream: str, diary: Diary, query: str = "", *, keep: bool = True):
        super().__init__(stream, query, diary.counts, f"dapo_lab_visitor={diary.cookie}")
        self.diary = diary
        self._keep = keep  # every message; what stays open for long had better not
        self._widgets: dict[str, str] = {}  # label -> id
        self._pages: dict[str, str] = {}  # address -> its hash
        self._changed: dict[str, dict] = {}  # what differs from the page's own values: a browser sends it with everything
        self._asked: dict[str, float] = {}  # fragment -> when its oldest unanswered tick was sent
        self._sending: set[asyncio.Task] = set()
        self._expect("open")

    # Doing

    async def open(self) -> None:
        """Until the page is whole."""
        await self._answer()

    async def press(self, beginning: str) -> None:
        """A button, by the beginning of its label."""
        if not (label := self.shows(beginning)):
            raise RuntimeError(f"the page shows no button {beginning}")
        await self._act(beginning.lower(), press=label)

    def shows(self, beginning: str) -> str | None:
        """The button drawn last whose label begins like this; it may have gone since."""
        return next((label for label in reversed(self._buttons) if label.startswith(beginning)), None)

    def has(self, label: str) -> bool:
        """Whether there has been a setting whose label begins like this."""
        return any(name.startswith(label) for name in self._widgets)

    async def change(self, label: str, **value) -> None:
        """A setting, by the beginning of its label; `value` as the protocol names it: double_value=0.5."""
        found = next(self._widgets[name] for name in reversed(self._widgets) if name.startswith(label))
        self._changed[found] = value
        await self._act("setting")

    async def unfold(self, label: str) -> None:
        """Open a part of the settings."""
        await self.change(label, bool_value=True)

    async def go(self, page: str) -> None:
        """Follow the menu to another page."""
        self._page, self._query = self._pages[page], ""
        await self._act("page")

    async def leave(self) -> None:
        """Close the tab."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def comparison(self) -> str | None:
        """The one in the address bar."""
        return parse_qs(self._query).get("comparison", [None])[0]

    async def until(self, holds: Callable[[], bool], seconds: float) -> None:
        """TimeoutError if it does not hold within so many seconds."""
        async with asyncio.timeout(seconds):
            while not holds():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.05)

    async def _act(self, kind: str, press: str = "") -> None:
        self._expect(kind)
        await self.ask(press=press)
        await self._answer()

    def _expect(self, kind: str) -> None:
        """From now on an interaction is going on."""
        self._kind, self._since = kind, time.monotonic()
        self._whole = asyncio.get_running_loop().create_future()
        self._begun = False  # the server has begun the run that answers it

    async def _answer(self) -> None:
        """Until the run that answers the interaction has ended."""
        await asyncio.wait([self._whole, self.task], timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self.task.result()  # it ends by an error only
        if not self._whole.done():
            self._whole.cancel()
            begun = "begun but not ended" if self._begun else "not begun"
            self.diary.errors.append(f"{self._kind}: {begun} within {PATIENCE_SECONDS:.0f} s")

    # Sending

    def _rerun(self, fragment: str = "", press: str = ""):
        if fragment:
            self._asked.setdefault(fragment, time.monotonic())
        message = super()._rerun(fragment, press)
        for widget, value in self._changed.items():
            message.rerun_script.widget_states.widgets.add(id=widget, **value)
        return message

    # Receiving

    def _received(self, data: bytes) -> None:
        if self._keep:
            self.diary.received.append(data)
        super()._received(data)

    def _fetched(self, data: bytes) -> None:
        if self._keep:
            self.diary.received.append(data)
        super()._fetched(data)

    def _read(self, message: ForwardMsg) -> None:
        super()._read(message)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._pages[""] = message.new_session.main_script_hash
            if not message.metadata.run.fragment_ids:
                self._begun = True
                self._asked.clear()  # answered by the whole page, or not at all
        elif kind == "navigation":
            self._pages |= {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages if page.url_pathname
            }
        elif kind == "script_finished":
            self._finished(message)
        elif kind == "delta" and message.delta.WhichOneof("type") == "add_block":
            part = message.delta.add_block.expandable
            if part.id:  # it is drawn when it is opened
                self._widgets[part.label] = part.id
        elif kind == "delta":
            self._drawn(message.delta.new_element, message.delta.fragment_id)

    def _finished(self, message: ForwardMsg) -> None:
        if message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            now = time.monotonic()
            if self._begun and not self._whole.done():  # Streamlit loses the end of a run if a tick comes just then
                self.diary.counts["ends_lost"] += 1
                self._answered()
            self.diary.ticks += [now - self._asked.pop(f) for f in message.metadata.run.fragment_ids if f in self._asked]
        elif message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY and self._begun and not self._whole.done():
            self._answered()

    def _answered(self) -> None:
        self._whole.set_result(None)
        self.diary.acts.append((self._kind, time.monotonic() - self._since))

    def _drawn(self, element, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "button":  # the latest at the end
            self._buttons[element.button.label] = self._buttons.pop(element.button.label)
        elif kind in ("number_input", "slider"):
            widget = getattr(element, kind)
            self._widgets.pop(widget.label, None)  # the latest at the end, here too: a changed setting is marked in its label
            self._widgets[widget.label] = widget.id
        elif kind == "exception":
            self.diary.errors.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            self.diary.errors.append(element.alert.body)

    def _board(self, payload: dict, board: str, fragment: str) -> None:
        """Note it, and have the script run when the page is out of date."""
        super()._board(payload, board, fragment)
        badge, points = payload["badge"] or {"state": "", "text": ""}, payload["points"] or {}
        told = Told(time.monotonic(), payload["comparison"], badge["state"], badge["text"], points, payload["full"])
        self.diary.told.append(told)
        if payload["stale"]:
            self._resync(board, fragment)

    async def _fetch(self, due: dict, board: str, fragment: str) -> None:
        await asyncio.sleep(due["seconds"])
        began = time.monotonic()
        await super()._fetch(due | {"seconds": 0}, board, fragment)
        self.diary.ticks.append(time.monotonic() - began)

    def _resync(self, board: str, fragment: str) -> None:
        value = {"picture": self._shown, "last": self._last, "time": time.time()}
        trigger = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{board}{EVENT_DELIM}events"
        message = self._rerun(fragment)
        message.rerun_script.is_auto_rerun = False
        message.rerun_script.widget_states.widgets.add(
            id=trigger, json_trigger_value=json.dumps([{"event": "resync", "value": value}])
        )
        self._sending.add(task := asyncio.create_task(self._send(message)))
        task.add_done_callback(self._sending.discard)


async def wander(tab: Tab, rng: random.Random, think: tuple[float, float], *, pages: bool = True) -> None:
    """Look at the board differently, change a setting, with `pages` go to the list of runs and come back; until cancelled."""
    while True:
        await asyncio.sleep(rng.uniform(*think))
        what = rng.choice(("view", "setting", "page") if pages else ("view", "setting"))
        if what == "view":
            await tab.change("Smoothing", double_array_value={"data": [round(rng.random() * 0.9, 2)]})
        elif what == "setting":
            if not tab.has("Learning rate"):
                await tab.unfold("Optimisation")
            await tab.change("Learning rate", double_value=round(rng.uniform(0.001, 0.01), 4))
        else:
            await tab.go("runs")
            await asyncio.sleep(rng.uniform(*think))
            await tab.go("")


async def until_over(tab: Tab, comparison: str, seconds: float) -> Told:
    """What the tab was told last about `comparison`, once it is over. Whoever is on another page is told nothing."""

    def last() -> Told | None:
        return next((told for told in reversed(tab.diary.told) if told.comparison == comparison and told.points), None)

    with suppress(TimeoutError):
        await tab.until(lambda: (told := last()) is not None and told.state in FINISHED, seconds)
    if last() is None:
        raise RuntimeError("nothing was told about the comparison")
    return last()
