"""The controls to run a ladder: number of seeds and updates, orders, and the estimated duration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import streamlit as st

from core.analysis.markdown import plain
from core.data.ladder import SHIPPED_LADDER
from core.ladder import ORDERS, ladder_runs
from core.ladder.rungs import SCENARIO
from core.settings.describe import Setting, settings_of
from core.settings.fields import ConfigError
from core.settings.numbers import read_number
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS
from pages.shared.common.process import manager
from pages.shared.common.trouble import sentence
from pages.shared.ladder.opened import Ladder, start
from pages.shared.ladder.state import REFUSED, UNBOUND

# Seconds of a run with n seeds, as a share of those with 16: measured on the rungs with and without dynamic sampling.
FIXED_SHARE = 0.3
INPUTS = {
    "replicas": ("Seeds", "ladder_seeds"),
    "first_seed": ("First seed", "ladder_first_seed"),
    "updates": ("Updates", "ladder_updates"),
}


def controls(ladder: Ladder | None, choose_order: Callable[[], str]) -> str:
    """The choice of the order, the settings in the sidebar, and the one button; the order that is shown."""
    counts, everything = _settings()
    left, right = st.columns([1.7, 1], vertical_alignment="bottom")
    with left:
        order = choose_order()
    with right:
        _button(ladder, tuple(ORDERS) if everything else (order,), counts)
    if refused := REFUSED.take():
        st.error(plain(f"Not started: {refused}."), icon=":material/block:")
    return order


def _settings() -> tuple[dict[str, int], bool]:
    default = SCENARIOS[SCENARIO].run
    known = settings_of(RunConfig)
    with st.sidebar:
        st.caption("Your own ladder")
        counts = {}
        for name, (label, key) in INPUTS.items():
            setting = known[name]
            counts[name] = st.number_input(
                label, setting.low, setting.high, getattr(default, name), 1, key=key, help=setting.help,
                bind="query-params" if _can_be_bound(key, setting) else None, persist_state="session")  # fmt: skip
        everything = st.radio(
            "Train", (True, False), format_func=lambda all_orders: "all three ladders" if all_orders else "only the ladder shown",
            key="ladder:everything", help="Algorithms that stand in several ladders are trained once.", persist_state="session")  # fmt: skip
    return counts, everything


def _can_be_bound(key: str, setting: Setting) -> bool:
    """Whether the address has a valid number for this widget. Otherwise a message is shown once and the widget is not bound to the address
    in this tab: Streamlit does not check the bounds of a bound value and offers no way to reset it."""
    unbound = UNBOUND.made(set)
    asked = st.query_params.get(key)
    if key not in unbound and asked is not None:
        try:
            read_number(key, asked, low=setting.low, high=setting.high)
        except ConfigError as error:
            st.warning(plain(f"In the address, {error}. It was ignored."), icon=":material/link_off:")
            unbound.add(key)
            del st.query_params[key]
    return key not in unbound


def _button(ladder: Ladder | None, orders: tuple[str, ...], counts: Mapping[str, int]) -> None:
    if ladder is not None and not ladder.view.finished:
        if st.button("Stop", icon=":material/stop:", width="stretch", key="ladder:stop", help="What was measured is kept."):
            manager().stop(ladder.id)
            st.rerun()
        return
    try:
        runs = ladder_runs(SCENARIOS[SCENARIO], orders, **counts)
    except ConfigError as error:
        st.error(plain(sentence(error)), icon=":material/error:")
        return
    seeds = counts["replicas"]
    told = f"{len(runs)} runs × {seeds} {'seed' if seeds == 1 else 'seeds'}, about {duration(seconds(runs))}"
    if st.button(f"Run it yourself ({told})", type="primary", icon=":material/play_arrow:", width="stretch", key="ladder:run"):
        start(SCENARIOS[SCENARIO], runs)


def seconds(runs: Mapping[str, RunConfig], cores: int | None = None) -> float:
    """Estimated from what the shipped runs took, on `cores` cores (default: those of this computer)."""
    took, default = SHIPPED_LADDER.about["seconds"], SCENARIOS[SCENARIO].run
    total = sum(
        took[label] * run.updates / default.updates * (FIXED_SHARE + (1 - FIXED_SHARE) * run.replicas / default.replicas)
        for label, run in runs.items()
    )
    return total / min(cores or os.cpu_count() or 1, len(runs))


def duration(estimate: float) -> str:
    """'5 s', '40 s', '3 min'."""
    if estimate >= 100:
        return f"{estimate / 60:.0f} min"
    return f"{max(5, round(estimate / 5) * 5)} s"
