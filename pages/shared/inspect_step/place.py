"""The step that the page shows: kept in the tab and in the address, so that a link opens the same step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

import streamlit as st

from core.analysis.events import events
from core.analysis.markdown import plain
from core.analysis.result import RunResult
from core.runs.manager import UnknownComparison
from core.settings.fields import ConfigError
from core.settings.numbers import read_number
from pages.shared.common.results import results_of
from pages.shared.common.state import COMPARISON
from pages.shared.common.trouble import UNREADABLE, why_not
from pages.shared.inspect_step.state import PLACE, PROBLEMS, WRITTEN

SHIPPED = "shipped"  # the shipped comparison in an address


@dataclass(frozen=True)
class Place:
    """One step, and the group that is opened in it."""

    comparison: str | None  # None = the shipped one
    run: str
    seed: int
    update: int
    group: int | None = None  # counts from 1; None = the one with the largest share of the gradient

    @property
    def query(self) -> dict[str, str]:
        named = {"comparison": self.comparison or SHIPPED, "run": self.run, "seed": self.seed, "update": self.update}
        return {k: str(v) for k, v in (named | ({} if self.group is None else {"group": self.group})).items()}


def place() -> Place:
    """The step that the tab shows; call `find_place` first."""
    return PLACE.get()


def go(**changes) -> None:
    """Show another step or group; in a callback. A different step opens its default group."""
    PROBLEMS.set([])
    PLACE.set(replace(place(), **({"group": None} | changes)))


def find_place() -> dict[str, RunResult]:
    """Decide which step the tab shows and write it into the address. Label -> the comparison's runs that have measured something; {} if
    none has."""
    address = st.query_params.to_dict()
    if address != WRITTEN.get() or not PLACE.is_set():
        PROBLEMS.set([])
        results = _follow(address)
    else:
        results = _still(place().comparison)
    if results:
        _within(results)
        st.query_params.from_dict(place().query)
        WRITTEN.set(place().query)
    return results


def problems() -> list[str]:
    """What was wrong with the address, a sentence each, Markdown escaped."""
    return PROBLEMS.get()


def link() -> str:
    """The address of this very step."""
    return f"{(st.context.url or '').split('?')[0]}?{urlencode(place().query)}"


def _follow(address: dict[str, str]) -> dict[str, RunResult]:
    """Show the step in the address; invalid parts are reported and ignored."""
    comparison, results = _comparison_of(address)
    known = PLACE.get()
    if not results or (not address and known is not None and known.comparison == comparison and known.run in results):
        return results  # no step in the address, or a return from another page: the step shown last
    run = _chosen(address, "run", list(results)) or next(iter(results))
    config, history = results[run].config, results[run].history
    seed = _number(address, "seed", config.seeds[0], config.seeds[-1])
    update = _number(address, "update", max(history.first_update, 1), history.last_update)
    first = config.seeds[0] if seed is None else seed
    found = Place(comparison, run, first, suggested_update(results[run]) if update is None else update)
    PLACE.set(replace(found, group=_number(address, "group", 1, None)))
    return results


def _comparison_of(address: dict[str, str]) -> tuple[str | None, dict[str, RunResult]]:
    asked = address.get("comparison")
    known = PLACE.get()
    own = COMPARISON.get() or (known and known.comparison)
    comparison = own if asked is None else None if asked == SHIPPED else asked
    try:
        return comparison, _measured(comparison)
    except UNREADABLE as error:
        if asked is not None or not isinstance(
            error, UnknownComparison
        ):  # a step that this tab showed before is dropped without a message
            _gone(error)
    return None, _measured(None)


def _still(comparison: str | None) -> dict[str, RunResult]:
    """The comparison that the tab shows already; it may have been removed or damaged since."""
    try:
        return _measured(comparison)
    except UNREADABLE as error:
        PROBLEMS.set([])
        _gone(error)
        PLACE.set(replace(place(), comparison=None, group=None))
        return _measured(None)


def _measured(comparison: str | None) -> dict[str, RunResult]:
    return {label: result for label, result in results_of(comparison).items() if result.history.trained}


def _chosen(address: dict[str, str], name: str, known: list[str]) -> str | None:
    asked = address.get(name)
    if asked is None or asked in known:
        return asked
    _problem(f"{name} = {asked!r} in the address is not one of {', '.join(known)}, and was ignored.")
    return None


def _number(address: dict[str, str], name: str, low: int, high: int | None) -> int | None:
    asked = address.get(name)
    if asked is None:
        return None
    try:
        return read_number(name, asked, low=low, high=high)
    except ConfigError as error:
        _problem(f"{name} in the address was ignored: {error}.")
        return None


def _problem(text: str) -> None:
    PROBLEMS.get().append(plain(text))


def _gone(error: Exception) -> None:
    PROBLEMS.get().append(f"{why_not(error)} Below is the finished example.")


def _within(results: dict[str, RunResult]) -> None:
    """Another run may have other seeds and fewer updates."""
    at = place()
    run = at.run if at.run in results else next(iter(results))
    config, history = results[run].config, results[run].history
    seed = min(max(at.seed, config.seeds[0]), config.seeds[-1])
    update = min(max(at.update, history.first_update, 1), history.last_update)
    if (run, seed, update) != (at.run, at.seed, at.update):
        PLACE.set(replace(at, run=run, seed=seed, update=update, group=None))


def events_of(result: RunResult) -> dict[str, int]:
    """What the detectors found in the mean over seeds: words -> update."""
    return {event.text: event.update for event in events(result.history)}


def suggested_update(result: RunResult) -> int:
    """The update to show first: that of the first event, else the latest."""
    return min(events_of(result).values(), default=result.history.last_update)


def forget_group() -> None:
    """The group in the address is not there."""
    _problem(f"group = {place().group} in the address is not one of this step's, and was ignored.")
    PLACE.set(replace(place(), group=None))
