"""Which comparison Compare shows: the one in the address, the one shown before, or the shipped one."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.settings.scenarios import SCENARIOS
from pages.shared.common.address import name_in_address
from pages.shared.common.process import manager, visitor, watch
from pages.shared.common.results import results_of
from pages.shared.common.state import COMPARISON
from pages.shared.common.trouble import UNREADABLE, why_not


def current_comparison(*, offers: bool = True) -> str | None:
    """The comparison to show: the one in the address, else the one that this tab showed last. None = the shipped one. `offers`: a visitor
    who left a run of theirs is offered it."""
    asked = st.query_params.get("comparison")
    comparison = asked or COMPARISON.get()
    if comparison is None:
        if offers:
            _offer_own_run()
        return None
    try:
        manager().view(comparison)
        results_of(comparison)
    except UNREADABLE as error:
        problem = why_not(error)
    else:
        look_at(comparison)
        watch(comparison)
        return comparison
    COMPARISON.set(None)
    if asked:
        st.warning(f"{problem} Below is the finished default comparison.", icon=":material/link_off:")
    return None


def look_at(comparison: str) -> None:
    COMPARISON.set(comparison)
    name_in_address(comparison)


def _offer_own_run() -> None:
    """Offer a visitor who returns in a new tab the comparison that they left running."""
    going = next((c for c in manager().comparisons(visitor()) if not manager().view(c).finished), None)
    if going is not None:
        title = SCENARIOS[name].title if (name := manager().view(going).scenario) in SCENARIOS else name
        st.info(f"A run of yours is not over yet: *{plain(title)}*.", icon=":material/directions_run:")
        st.button("Show it", icon=":material/visibility:", key="show_mine", on_click=_show, args=(going,))


def _show(comparison: str) -> None:
    COMPARISON.set(comparison)
