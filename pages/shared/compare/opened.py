"""Where the first values of Compare's settings come from: the address, a stored comparison, or an edit of the sides.

Widgets take their first values from here and then keep the visitor's changes. When the first values change, every widget gets a new key, so
that it takes the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from core.runs.manager import UnknownComparison
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from core.settings.links import Opened, from_query
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from core.settings.sides import side_runs, sides_of
from pages.shared.common.process import manager
from pages.shared.common.results import results_of
from pages.shared.common.state import COMPARISON
from pages.shared.compare.state import ADDRESS, AUTO_STARTED, BEGINNING, SCENARIO, SETTINGS_OF, SETTINGS_VERSION

NOT_SETTINGS = ("comparison", "lang")


@dataclass(frozen=True)
class Beginning:
    """First values of all settings. `problems` has one sentence for each part of the address that was ignored; `note` says why the
    settings are not those of the comparison that is shown."""

    scenario: Scenario
    runs: dict[str, RunConfig]
    start: bool = False  # the address asks for the run to be started
    problems: tuple[str, ...] = ()
    note: str = ""


def read_address() -> None:
    """Take the first values from the address, on a tab's first run and after a link to other settings was followed. Call first."""
    address = {k: v for k, v in st.query_params.items() if k not in NOT_SETTINGS}
    first = not BEGINNING.is_set()
    if first or (address and address != ADDRESS.get()):
        opened: Opened = from_query(address)
        if not first:
            begin_with(opened.scenario, opened.runs)
            COMPARISON.set(None)  # the link is for these settings, not for the comparison shown before
        AUTO_STARTED.set(False)
        BEGINNING.set(Beginning(opened.scenario, opened.runs, opened.start, opened.problems))
    ADDRESS.set(address)


def beginning() -> Beginning:
    """The present first values."""
    return BEGINNING.get()


def begin_with(scenario: Scenario, runs: dict[str, RunConfig], problems: tuple[str, ...] = (), note: str = "") -> None:
    """Give every setting a new first value. Call before the widgets are drawn, or in a callback."""
    BEGINNING.set(Beginning(scenario, runs, beginning().start, problems, note))
    SETTINGS_VERSION.set(version() + 1)
    SCENARIO.set(scenario.name)


def version() -> int:
    """Part of every setting's key."""
    return SETTINGS_VERSION.get()


def take_settings_of(comparison: str | None) -> None:
    """Take the first values from `comparison` when a different one is opened. The settings of one that this tab started are in the widgets
    already."""
    if comparison is None or SETTINGS_OF.get() == comparison:
        return
    SETTINGS_OF.set(comparison)
    try:
        scenario = SCENARIOS.get(manager().view(comparison).scenario)
        # A fork starts from the state of another run and is made by the rescue form, not by settings.
        runs = {k: r.config for k, r in results_of(comparison).items() if r.config.fork is None}
    except (UnknownComparison, LookupError, ConfigError, StoreError):
        scenario, runs = None, {}
    if scenario is None or not runs:
        note = "The settings of this comparison are not known to this version, so the sidebar shows others."
        BEGINNING.set(replace(beginning(), note=note))
        return
    try:
        side_runs(scenario, sides_of(scenario, runs))
    except ConfigError:  # an ablation ladder, or runs not started on this page: shown, but not editable
        note = f"The sidebar cannot hold the settings of these {len(runs)} runs, so it shows those of the scenario."
        begin_with(scenario, scenario.runs(), beginning().problems, note)
    else:
        begin_with(scenario, runs, beginning().problems)
