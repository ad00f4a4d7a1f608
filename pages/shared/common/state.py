"""Session state with types: every value that a tab keeps is declared as a `Key`, with its default and how long it lives.

Streamlit's session state is one dictionary of strings per tab. Nothing else in pages/ reads or writes it (tests/test_boundaries.py). A page's
keys are declared in the `state.py` of its package, those that pages share at the end of this file.

A widget whose value is read by code other than its own call, such as a callback, has a key here and is drawn with `key=KEY.name`; any other
widget only needs a name that no other has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

import streamlit as st

T = TypeVar("T")
Mark = Any


class Lifetime(Enum):
    """How long a value lives. A dropped connection that is not taken up again ends all of them."""

    TAB = "as long as the tab is connected, over all pages"
    WIDGET = "while its widget is drawn: another page forgets it"
    LASTING_WIDGET = "as long as the tab is connected; the widget is drawn with persist_state"


@dataclass(frozen=True)
class Key(Generic[T]):
    """One value of a tab. `name` is its key in Streamlit's dictionary."""

    name: str
    default: T = None
    lifetime: Lifetime = Lifetime.TAB

    def get(self) -> T:
        return st.session_state.get(self.name, self.default)

    def set(self, value: T) -> None:
        """Of a widget: only before it is drawn, or in a callback."""
        st.session_state[self.name] = value

    def is_set(self) -> bool:
        return self.name in st.session_state

    def take(self) -> T:
        """The value, which is then removed."""
        return st.session_state.pop(self.name, self.default)

    def forget(self) -> None:
        st.session_state.pop(self.name, None)

    def made(self, make: Callable[[], T]) -> T:
        """The value; if there is none yet, what `make` returns, which is kept."""
        if self.name not in st.session_state:
            st.session_state[self.name] = make()
        return st.session_state[self.name]


@dataclass(frozen=True)
class KeyFamily(Generic[T]):
    """Keys of one kind that differ by what they are about, such as a page or a side: `template` has a {} for each part."""

    template: str
    default: T = None
    lifetime: Lifetime = Lifetime.TAB

    def __call__(self, *parts: object) -> Key[T]:
        return Key(self.template.format(*parts), self.default, self.lifetime)


@dataclass(frozen=True)
class Memo(Generic[T]):
    """The last result of a computation in this tab, with a mark that identifies its input. Only one result is held."""

    name: str

    @property
    def _key(self) -> Key[tuple[Mark, T] | None]:
        return Key(self.name)

    def of(self, mark: Mark, make: Callable[[], T]) -> T:
        """The result for `mark`, computed by `make` unless the last one was for the same mark."""
        last = self._key.get()
        if last is None or last[0] != mark:
            last = (mark, make())
            self._key.set(last)
        return last[1]

    def last(self) -> tuple[Mark, T] | None:
        """(mark, result), or None before the first."""
        return self._key.get()


VISITOR: Key[str | None] = Key("visitor")  # the visitor's name
TAB: Key[str | None] = Key("tab")  # a name for this tab, which holds the leases
LANGUAGE: Key[str | None] = Key("language")
OPEN: KeyFamily[bool] = KeyFamily("open:{}", False, Lifetime.WIDGET)  # whether a folded part is open, by its key
COMPARISON: Key[str | None] = Key("comparison")  # the comparison shown on Compare; None = the shipped one
COSTS: Memo = Memo("costs")  # a CostWatch of the same
EVENTS: Memo = Memo("events")  # an EventWatch of the comparison on the board of Compare
FINISHED_RESULTS: Memo = Memo("finished_results")  # label -> result of the finished comparison that was read last
SEEN: KeyFamily[bool] = KeyFamily("seen:{}", False)  # by the name of a part of a page, see sight.py

# By the prefix of a board, as each page with a board has its own.
XAXIS: KeyFamily[str] = KeyFamily("{}xaxis", "update", Lifetime.LASTING_WIDGET)
SMOOTHING: KeyFamily[float] = KeyFamily("{}smoothing", 0.0, Lifetime.LASTING_WIDGET)
OPTIONS: KeyFamily[list | None] = KeyFamily("{}options", None, Lifetime.LASTING_WIDGET)
# By the key of a board.
BOARD_ANSWER: KeyFamily[dict | None] = KeyFamily("{}", None, Lifetime.WIDGET)  # the browser's last answer
BOARD_SENDER: KeyFamily = KeyFamily("{}:sender")  # what was sent to the browser and comes next, a `Sender`
SETTING: KeyFamily = KeyFamily("{}:{}", None, Lifetime.WIDGET)  # by what it is of, and the field
