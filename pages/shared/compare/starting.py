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
    """Whether Run was pressed, or the address requests a run that this tab has not started yet. Checked before the present comparison is
    drawn, so that pressing Run takes one run of the script and not two."""
    if comparison is None and beginning().start and not AUTO_STARTED.get():
        AUTO_STARTED.set(True)
        return True
    over = comparison is None or phase(manager().view(comparison)) == "over"  # ignore a second click
    return over and RUN.get()


def start(scenario: Scenario, runs: dict[str, RunConfig]) -> str | None:
    return begin(lambda: manager().start(runs, owner=visitor(), scenario=scenario.name, viewer=tab()))


def begin(make: Callable[[], str]) -> str | None:
    """Show the comparison that `make` starts. None if it could not be started; the reason is shown on the page."""
    try:
        comparison = make()
    except (ManagerFull, ConfigError, LookupError, StoreError) as error:
        REFUSED.set(f"Not started: {told(error)}.")
        return None
    SETTINGS_OF.set(comparison)  # the sidebar shows its settings already
    look_at(comparison)
    watch(comparison)
    _await_first_points(comparison)
    return comparison


def _await_first_points(comparison: str) -> None:
    """Wait briefly for the first update of a run that trains: the board can then show it at once and need not request it after this run of
    the script. Drawing meanwhile would only slow the training down."""
    deadline = time.monotonic() + FIRST_SECONDS
    while time.monotonic() < deadline:
        training = [run for run in manager().view(comparison).runs.values() if run.status is Status.RUNNING]
        if all(run.updates or run.preparing for run in training):
            return
        time.sleep(0.01)
