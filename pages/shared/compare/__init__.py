"""The Compare page: what is shown, the controls, the live board, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from core.analysis.markdown import plain
from core.analysis.result import Status
from core.data import comparison as shipped
from core.runs.manager import ManagerFull, UnknownComparison
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from core.settings.links import to_query
from core.settings.run import RunConfig
from core.settings.scenarios import SCENARIOS, Scenario
from pages.shared.common.findings import show_findings
from pages.shared.common.live import live_part, phase
from pages.shared.common.process import manager, tab, told, visitor, watch
from pages.shared.common.results import results_of
from pages.shared.common.trouble import UNREADABLE, plainly, show_missing_history, why_not
from pages.shared.compare.more_charts import show_more_charts
from pages.shared.compare.opened import beginning, read_address, take_settings_of
from pages.shared.compare.rescue import show_rescue
from pages.shared.compare.sidebar import settings_sidebar
from pages.shared.compare.sides import show_differences

PROBLEMS_TOLD = 8  # parts of a link that were ignored: a notice for each; the others are named in one
FIRST_SECONDS = 0.4


@plainly
def compare_page() -> None:
    # Fixed places: what comes and goes in one never moves the board, which would be rebuilt.
    notices, heading, controls, live, rescue, findings, charts, more = (st.container() for _ in range(8))
    read_address()
    with notices:
        show_missing_history()
        comparison = current_comparison()
    take_settings_of(comparison)
    scenario, runs = settings_sidebar()
    with notices:
        _notices()
    if runs is not None and _is_wanted(comparison):
        comparison = start(scenario, runs) or comparison
    with heading:
        _heading(scenario, comparison)
    with controls:
        _controls(runs, comparison)
    with live:
        live_part(comparison)
    with rescue:
        show_rescue(comparison)
    with findings:
        show_findings(comparison)
    with charts:
        show_more_charts(comparison)
    with more:
        if runs is not None:
            show_differences(runs)
        with st.expander("What comes after, if it runs five times longer", icon=":material/update:"):
            st.markdown(scenario.afterwards)
        _share(scenario, runs)


def _notices() -> None:
    """What was wrong with the address, and why the sidebar shows other settings than the comparison's."""
    problems = beginning().problems
    for problem in problems[:PROBLEMS_TOLD]:
        st.warning(plain(problem), icon=":material/link_off:")
    if rest := problems[PROBLEMS_TOLD:]:
        st.warning(plain(f"And {len(rest)} more: {' '.join(rest)}"), icon=":material/link_off:")
    if beginning().note:
        st.info(plain(beginning().note), icon=":material/info:")


def current_comparison() -> str | None:
    """The comparison this tab looks at: the one in the address, else the one it looked at before it left this page. None = the
    shipped one."""
    asked = st.query_params.get("comparison")
    comparison = asked or st.session_state.get("comparison")
    if comparison is None:
        _offer_own_run()
        return None
    try:
        manager().view(comparison)
        results_of(comparison)
    except UNREADABLE as error:
        problem = why_not(error)
    else:
        _look_at(comparison)
        watch(comparison)
        return comparison
    st.session_state.comparison = None
    if asked:
        st.warning(f"{problem} Below is the finished default comparison.", icon=":material/link_off:")
    return None


def _look_at(comparison: str) -> None:
    st.session_state.comparison = comparison
    if st.query_params.get("comparison") != comparison:
        st.query_params["comparison"] = comparison


def _offer_own_run() -> None:
    """Somebody who comes back in a new tab finds what they left running."""
    going = next((c for c in manager().comparisons(visitor()) if not manager().view(c).finished), None)
    if going is not None:
        title = SCENARIOS[name].title if (name := manager().view(going).scenario) in SCENARIOS else name
        st.info(f"A run of yours is not over yet: *{plain(title)}*.", icon=":material/directions_run:")
        st.button("Show it", icon=":material/visibility:", key="show_mine", on_click=_show, args=(going,))


def _show(comparison: str) -> None:
    st.session_state.comparison = comparison


def _is_wanted(comparison: str | None) -> bool:
    """Whether Run was pressed, or the address asks for a run that this tab has not started yet. Asked before anything is drawn of what is
    there now: whoever presses Run waits for one run of the page and not for two."""
    if comparison is None and beginning().start and not st.session_state.auto_started:
        st.session_state.auto_started = True
        return True
    over = comparison is None or phase(manager().view(comparison)) == "over"  # a second click comes too late
    return over and bool(st.session_state.get("run"))


def start(scenario: Scenario, runs: dict[str, RunConfig]) -> str | None:
    return _begin(lambda: manager().start(runs, owner=visitor(), scenario=scenario.name, viewer=tab()))


def _begin(make: Callable[[], str]) -> str | None:
    """Look at the comparison that `make` starts. None if something stands in the way, which is said on the page."""
    try:
        comparison = make()
    except (ManagerFull, ConfigError, LookupError, StoreError) as error:
        st.session_state.refused = f"Not started: {told(error)}."
        return None
    st.session_state.settings_of = comparison  # the sidebar holds its settings already
    _look_at(comparison)
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


def _heading(scenario: Scenario, comparison: str | None) -> None:
    shown = scenario if comparison is None else SCENARIOS.get(manager().view(comparison).scenario, scenario)
    st.title("Watch GRPO collapse and DAPO hold" if shown.name == "collapse" else shown.title)
    st.markdown(shown.look_for)
    if comparison is None:
        if scenario.name != shipped.SCENARIO:
            st.caption(f"Below, until you press Run: the finished default comparison, *{SCENARIOS[shipped.SCENARIO].title}*.")
        st.info(
            f"**A finished example, computed earlier by this code** (`{shipped.COMMAND}`): 16 seeds of each algorithm. "
            "Press **Run** to train your own, live.", icon=":material/inventory_2:")  # fmt: skip
    if "refused" in st.session_state:
        st.error(plain(st.session_state.pop("refused")), icon=":material/block:")


def _controls(runs: dict[str, RunConfig] | None, comparison: str | None) -> None:
    now = phase(manager().view(comparison) if comparison else None)
    going, paused = now == "going", now == "paused"
    left, *rest = st.columns([2.2, 1, 1, 1, 1.2])
    name = "Run again" if comparison and not (going or paused or beginning().note) else "Run"
    label = name if runs is None else f"{name}: {_told(runs)}"
    if not (going or paused):
        left.button(label, type="primary", icon=":material/play_arrow:", width="stretch", disabled=runs is None, key="run")
        return
    if going and left.button("Pause", type="primary", icon=":material/pause:", width="stretch", key="pause"):
        _act(manager().pause, comparison)
    if paused and left.button("Resume", type="primary", icon=":material/play_arrow:", width="stretch", key="resume"):
        _act(manager().resume, comparison)
    if rest[0].button(
        "Step", icon=":material/skip_next:", width="stretch", disabled=going, key="step", help="One update of every side."
    ):
        _act(manager().step, comparison)
    if rest[1].button(
        "Stop", icon=":material/stop:", width="stretch", key="stop", help="End the runs; what they measured is kept."
    ):
        _act(manager().stop, comparison)
    if rest[2].button(
        "Reset", icon=":material/restart_alt:", width="stretch", key="reset", help="Begin again with the same seeds."
    ):
        _begin(lambda: manager().reset(comparison, viewer=tab()))
        st.rerun()


def _told(runs: dict[str, RunConfig]) -> str:
    """What would be run, short enough for a button."""
    who = " against ".join(map(plain, runs)) if len(runs) <= 2 else f"{len(runs)} sides"
    seeds = next(iter(runs.values())).replicas
    return f"{who}, {seeds} {'seed' if seeds == 1 else 'seeds'}"


def _act(command, comparison: str) -> None:
    try:
        command(comparison)
    except UnknownComparison:
        st.session_state.refused = "Nothing was changed: another program trains this, and only there can it be paused or ended."
    st.rerun()


def _share(scenario: Scenario, runs: dict[str, RunConfig] | None) -> None:
    with st.popover("Share", icon=":material/share:", disabled=runs is None):
        if runs is not None:
            address = (st.context.url or "").split("?")[0]
            query = to_query(scenario, runs)
            st.markdown("**These settings**, seeds included. Whoever opens the link gets the same curves.")
            st.code(f"{address}?{urlencode(query)}", language=None, wrap_lines=True)
            st.markdown("The same, started at once:")
            st.code(f"{address}?{urlencode(query | {'run': '1'})}", language=None, wrap_lines=True)
            if comparison := st.query_params.get("comparison"):
                st.markdown("**This very run.** Whoever has this link can watch it, pause it and stop it.")
                st.code(f"{address}?{urlencode({'comparison': comparison})}", language=None, wrap_lines=True)
