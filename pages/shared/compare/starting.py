"""Starting a comparison: by the Run button, by a link that asks for it, or again with the same seeds."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.analysis.result import Status
from core.runs.manager import ManagerFull
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from pages.shared.common.live import phase
from pages.shared.common.process import manager, tab, told, visitor, watch
from pages.shared.compare.current import look_at
from pages.shared.compare.opened import beginning
from pages.shared.compare.state import AUTO_STARTED, REFUSED, RUN, SETTINGS_OF

FIRST_SECONDS = 0.4


def is_wanted(comparison: str | None) -> bool:
    """Whether Run was pressed, or the address asks for a run that this tab has not started yet. Asked before anything is drawn of what is
    there now: whoever presses Run waits for one run of the page and not for two."""
    if comparison is None and beginning().start and not AUTO_STARTED.get():
        AUTO_STARTED.set(True)
        return True
    over = comparison is None or phase(manager().view(comparison)) == "over"  # a second click comes too late
    return over and RUN.get()


def start(scenario: Scenario, runs: dict[str, RunConfig]) -> str | None:
    return begin(lambda: manager().start(runs, owner=visitor(), scenario=scenario.name, viewer=tab()))


def begin(make: Callable[[], str]) -> str | None:
    """Look at the comparison that `make` starts. None if something stands in the way, which is said on the page."""
    try:
        comparison = make()
    except (ManagerFull, ConfigError, LookupError, StoreError) as error:
        REFUSED.set(f"Not started: {told(error)}.")
        return None
    SETTINGS_OF.set(comparison)  # the sidebar holds its settings already
    look_at(comparison)
    watch(comparison)
    _await_first_points(comparison)
    return comparison


def _await_first_points(comparison: str) -> None:
    """Give a run that trains already a moment for its first update: the board then begins with it, and need not ask for it when this run
    of the page is over. The page would only slow it down meanwhile."""
    deadline = time.monotonic() + FIRST_SECONDS
    while time.monotonic() < deadline:
        training = [run for run in manager().view(comparison).runs.values() if run.status is Status.RUNNING]
        if all(run.updates or run.preparing for run in training):
            return
        time.sleep(0.01)
