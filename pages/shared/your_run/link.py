"""What of the view stands in the address: a reload and a shared link show the same runs, beside the same others, with the same columns.

Of a log that is kept: what is followed is not shared. The address is read where the tab has not chosen for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from pages.shared.common.state import Key
from pages.shared.common.view_settings import LOG_AXES, axis_key
from pages.shared.your_run.beside import choices
from pages.shared.your_run.board import MOST, PREFIX, at_first, first_axis, runs_key
from pages.shared.your_run.shown import Shown
from pages.shared.your_run.state import BESIDE, INCOMPLETE, MORE

LOG, AXIS = "log", "x"
MOST_COLUMNS = 24  # drawn beside the Lab's metrics
MOST_CHARACTERS = 6000  # of an address; servers refuse longer ones


def read_address(what: Shown) -> None:
    """Take from the address what the tab has not chosen."""
    if what.log is None:
        return
    for name, about in _lists(what).items():
        if not about.key.is_set() and (asked := list(dict.fromkeys(st.query_params.get_all(name)))):
            known = about.known(asked)
            about.key.set([value for value in asked if value in known][: about.most])
            if not set(asked) <= set(known):
                INCOMPLETE(what.mark).set(True)
    axis = _axis(what)
    if not axis.is_set() and st.query_params.get(AXIS) in LOG_AXES:
        axis.set(st.query_params[AXIS])
    if INCOMPLETE(what.mark).get():
        st.warning("Not all that this link shows is known here; it may have been deleted.", icon=":material/link_off:")


def write_address(what: Shown) -> None:
    """Put there what is chosen."""
    if what.log is None:
        return
    wanted = parameters(what)
    for name in (LOG, AXIS, *_lists(what)):
        if name not in wanted:
            st.query_params.pop(name, None)
        elif st.query_params.get_all(name) != wanted[name]:
            st.query_params[name] = wanted[name]


def link(what: Shown) -> str:
    """The address of what is shown."""
    return f"{(st.context.url or '').split('?')[0]}?{urlencode(parameters(what), doseq=True)}"


def parameters(what: Shown) -> dict[str, list[str]]:
    """Name -> values, of what is not as it would be without them. Those of a view with too many columns for an address are the log alone."""
    chosen = {name: list(about.key.get()) for name, about in _lists(what).items()}
    found = {LOG: [what.log.id]} | {name: values for name, values in chosen.items() if values}
    if found.get("run") == at_first(what):
        del found["run"]
    axis = _axis(what)
    if axis.is_set() and axis.get() != first_axis(chosen["beside"]):
        found[AXIS] = [axis.get()]
    return found if len(urlencode(found, doseq=True)) <= MOST_CHARACTERS else {LOG: found[LOG]}


@dataclass(frozen=True)
class _Choice:
    """A field with several values: at most so many, of those that are `known`."""

    key: Key[list[str]]
    most: int
    known: Callable[[Sequence[str]], Collection[str]]


def _lists(what: Shown) -> Mapping[str, _Choice]:
    return {
        "run": _Choice(runs_key(what), MOST, lambda asked: what.labels),
        "beside": _Choice(BESIDE(what.mark), MOST, lambda asked: choices(what, asked)),
        "column": _Choice(MORE(what.mark), MOST_COLUMNS, lambda asked: what.other_columns),
    }


def _axis(what: Shown) -> Key[str]:
    return axis_key(PREFIX, first_axis(BESIDE(what.mark).get()))
