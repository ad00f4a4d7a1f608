"""Where the first values of Compare's settings come from: the address, or a stored comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from core.analysis.result import RunResult
from core.runs.manager import UnknownComparison
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from core.settings.links import Opened, from_query
from core.settings.scenarios import SCENARIOS
from core.settings.sides import side_runs, sides_of
from pages.shared.common.process import manager
from pages.shared.common.results import results_of
from pages.shared.common.state import COMPARISON
from pages.shared.compare.edits import Settings, change, present, set_first, valid_runs
from pages.shared.compare.state import ADDRESS, AHEAD, AUTO_STARTED, BEGINNING, SETTINGS_OF

NOT_SETTINGS = ("comparison", "lang")


@dataclass(frozen=True)
class Beginning:
    """What came with the first values. `problems` has one sentence for each part of the address that was ignored; `note` says why the
    settings are not those of the comparison that is shown."""

    start: bool = False  # the address asks for the run to be started
    problems: tuple[str, ...] = ()
    note: str = ""


def read_address() -> None:
    """Take the first values from the address, on a tab's first run and after a link to other settings was followed. Call first."""
    address = {k: v for k, v in st.query_params.items() if k not in NOT_SETTINGS}
    first = not BEGINNING.is_set()
    if first or (address and address != ADDRESS.get()):
        if not first:
            COMPARISON.set(None)  # the link is for these settings, not for the comparison shown before
        AUTO_STARTED.set(False)
        open_settings(from_query(address))
    ADDRESS.set(address)


def open_settings(opened: Opened) -> None:
    """Take these first values, and what is to be said of them."""
    set_first(opened.scenario, opened.runs)
    BEGINNING.set(Beginning(opened.start, opened.problems))


def with_problems(problems: tuple[str, ...]) -> None:
    """Say these of settings that were taken later."""
    BEGINNING.set(replace(beginning(), problems=problems, note=""))


def beginning() -> Beginning:
    """What came with the present first values."""
    return BEGINNING.get()


def _follow(comparison: str) -> None:
    """Take what another visitor has applied to the runs, unless this tab has changed something that was not applied. Else a visitor who only
    watches would be offered to take it back."""
    try:
        ahead = manager().settings_ahead(comparison)
    except UnknownComparison:  # another program trains it
        return
    before, seen = AHEAD.get() or ("", {})
    AHEAD.set((comparison, ahead))
    if before != comparison or seen == ahead:
        return
    mine = valid_runs()
    if all(replace(run, fork=None) == seen.get(label) and label in ahead for label, run in mine.items()):
        change(Settings(present().scenario, {label: ahead[label] for label in mine}), "what another visitor applied")


def _is_whole(result: RunResult) -> bool:
    """Whether the run began at the base policy."""
    return result.stages[0].fork is None


def take_settings_of(comparison: str | None) -> None:
    """Take the first values from `comparison` when a different one is opened. The settings of one that this tab started are in the widgets
    already."""
    if comparison is None:
        return
    if SETTINGS_OF.get() == comparison:
        _follow(comparison)
        return
    SETTINGS_OF.set(comparison)
    try:
        scenario = SCENARIOS.get(manager().view(comparison).scenario)
        # A fork starts from the state of another run and is made by the rescue form, not by settings. A run whose settings were changed in
        # its course is none: it is shown with what it has now.
        runs = {k: replace(r.config, fork=None) for k, r in results_of(comparison).items() if _is_whole(r)}
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
        set_first(scenario, scenario.runs())
        BEGINNING.set(replace(beginning(), note=note))
    else:
        set_first(scenario, runs)
        BEGINNING.set(replace(beginning(), note=""))
