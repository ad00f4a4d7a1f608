"""The sidebar of Compare: the scenario, the technique table, the essential settings, what they will cost, and everything else behind *More*."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.markdown import plain
from core.engine.without_effect import without_effect
from core.settings.fields import ConfigError
from core.settings.links import to_query
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.common.process import manager
from pages.shared.common.state import COMPARISON
from pages.shared.common.trouble import sentence
from pages.shared.common.widgets import shows
from pages.shared.compare.all_settings import all_settings
from pages.shared.compare.apply_here import show_changes_ahead
from pages.shared.compare.edits import Settings, change, last_change, present, undo
from pages.shared.compare.foreseen import explain_foreseen, show_foreseen
from pages.shared.compare.gallery import browse_button
from pages.shared.compare.opened import with_problems
from pages.shared.compare.panel import settings_panel
from pages.shared.compare.side_editor import add_side
from pages.shared.compare.spoken import speak_foreseen
from pages.shared.compare.state import PANEL_REFUSED, SCENARIO


def settings_sidebar(spoken: DeltaGenerator) -> tuple[Scenario, dict[str, RunConfig] | None]:
    """The chosen scenario and its runs; None in place of the runs while the settings are invalid (the reason is shown). `spoken`: where a
    screen reader is told what is foreseen."""
    warnings: list[str] = []
    with st.sidebar:
        settings = present()
        st.html('<h2 class="unseen">Settings</h2>')
        _choose_scenario(settings)
        settings_panel(settings)
        if refused := PANEL_REFUSED.take():
            st.error(plain(sentence(refused)), icon=":material/block:")
        add_side(settings)
        with st.container(key="foreseen", gap="xsmall"):  # stays in sight while the settings are scrolled
            runs = _checked(settings)
            if runs is not None:
                show_changes_ahead(COMPARISON.get(), runs)
                warnings = without_effect(runs, settings.scenario.runs())
                show_foreseen(warnings, runs)
        with spoken:
            speak_foreseen(warnings, runs)
        if runs is not None:
            explain_foreseen(warnings, runs)
        _take_back(settings, runs)
        with st.container(key="more_settings"):
            st.subheader("More", anchor=False)
            all_settings(settings)
        _limits()
    return settings.scenario, runs


def _choose_scenario(settings: Settings) -> None:
    shows(SCENARIO, settings.scenario.name)
    st.selectbox(
        "Scenario", list(SCENARIOS), key=SCENARIO.name, format_func=lambda name: SCENARIOS[name].title, on_change=_scenario_chosen,
        label_visibility="collapsed")  # fmt: skip
    browse_button()


def _scenario_chosen() -> None:
    scenario = SCENARIOS[SCENARIO.get()]
    change(Settings(scenario, scenario.runs()), f"the scenario {scenario.title}")


def _checked(settings: Settings) -> dict[str, RunConfig] | None:
    """The runs, or None and a sentence."""
    try:
        runs = settings.runs()
        manager().check(runs)
    except ConfigError as error:
        st.error(plain(sentence(error)), icon=":material/error:")
        return None
    return runs


def _take_back(settings: Settings, runs: dict[str, RunConfig] | None) -> None:
    """What is changed, and the buttons that take back the last change or all of them."""
    scenario = settings.scenario
    if changed := _changed(scenario, runs):
        st.caption(f"● Changed: {changed}")
    last = last_change()
    with st.container(horizontal=True, key="take_back"):  # a key: keep_focus.js finds its place by it
        st.button(
            "Undo", icon=":material/undo:", key="undo_change", disabled=not last, on_click=_undo,
            help=f"Take back the last change: {plain(last)}" if last else "Nothing was changed yet.")  # fmt: skip
        st.button(
            "Back to the scenario's settings", icon=":material/restart_alt:", key="back_to_scenario", disabled=runs == scenario.runs(),
            on_click=lambda: change(Settings(scenario, scenario.runs()), "back to the scenario's settings"))  # fmt: skip


def _undo() -> None:
    undo()
    with_problems(())  # of a preset that was taken


def _changed(scenario: Scenario, runs: dict[str, RunConfig] | None) -> str:
    """'task.noise 0.1, DAPO.eps_high 0.4', as links name them; '' for nothing."""
    settings = {} if runs is None else to_query(scenario, runs)
    return plain(", ".join(f"{name} {value}" for name, value in settings.items() if name != "scenario"))


def _limits() -> None:
    if limits := manager().limits.texts():
        with st.expander("Limits of this shared server", icon=":material/groups:"):
            st.markdown("\n".join(f"- {text}" for text in limits))
            st.caption("There are none when you run it on your own machine.")
