"""Which ladder the page shows: the comparison in the address, else the one that this tab showed last, else the shipped one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.ladder import ORDERS, rungs
from core.ladder.table import rung_length
from core.runs.manager import ManagerFull
from core.runs.store.store import StoreError
from core.runs.view import ComparisonView
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.common.address import name_in_address
from pages.shared.common.process import manager, tab, told, visitor, watch
from pages.shared.common.results import results_of
from pages.shared.common.trouble import UNREADABLE, why_not
from pages.shared.ladder.state import LADDER, REFUSED


@dataclass(frozen=True)
class Ladder:
    """A comparison whose runs are rungs."""

    id: str
    scenario: Scenario
    configs: Mapping[str, RunConfig]  # label -> settings

    @property
    def view(self) -> ComparisonView:
        return manager().view(self.id)

    @property
    def seeds(self) -> tuple[int, ...]:
        return next(iter(self.configs.values())).seeds

    @property
    def length(self) -> str:
        """'480 updates' or '120,000 samples per seed': what each rung is given."""
        return rung_length(next(iter(self.configs.values())))


def current_ladder() -> Ladder | None:
    """The ladder to show; None = the shipped one. For a comparison that cannot be shown the reason is shown once, and the tab forgets
    it."""
    asked = st.query_params.get("comparison")
    comparison = asked or LADDER.get()
    if comparison is None:
        return None
    try:
        ladder = _read(comparison)
    except UNREADABLE as error:
        problem = why_not(error)
    else:
        if ladder is not None:
            look_at(comparison)
            watch(comparison)
            return ladder
        problem = "The run in this link is not a ladder: no two of its sides are one step apart."
    LADDER.forget()
    if asked:
        st.warning(f"{problem} Below is the finished default ladder.", icon=":material/link_off:")
    return None


def _read(comparison: str) -> Ladder | None:
    """The comparison as a ladder; None if it is not one."""
    scenario = SCENARIOS.get(manager().view(comparison).scenario)
    if scenario is None:
        return None
    every = [rung for order in ORDERS for rung in rungs(order, scenario)]
    labels = {rung.label for rung in every}
    configs = {label: result.config for label, result in results_of(comparison).items() if label in labels}
    steps = [rung for rung in every if rung.label in configs and rung.before in configs]
    return Ladder(comparison, scenario, configs) if steps else None


def look_at(comparison: str) -> None:
    LADDER.set(comparison)
    name_in_address(comparison)


def back_to_shipped() -> None:
    """A callback. The runs continue; the Runs page lists them."""
    LADDER.forget()
    st.query_params.pop("comparison", None)


def start(scenario: Scenario, runs: dict[str, RunConfig]) -> None:
    """Start a ladder and show it, or show why it could not be started."""
    try:
        look_at(manager().start(runs, owner=visitor(), scenario=scenario.name, viewer=tab()))
    except (ManagerFull, ConfigError, StoreError) as error:
        REFUSED.set(told(error))
    st.rerun()
