"""The sidebar of Compare: the choice of a scenario, and its settings."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.analysis.markdown import plain
from core.settings.describe import settings_of
from core.settings.fields import ConfigError
from core.settings.links import to_query
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from core.settings.sides import side_runs, sides_of
from core.settings.start import START
from pages.shared.common.folded import folded
from pages.shared.common.process import manager
from pages.shared.common.state import SETTING
from pages.shared.common.trouble import sentence
from pages.shared.common.widgets import field_widget
from pages.shared.compare.needs import needs_text
from pages.shared.compare.opened import begin_with, beginning, version
from pages.shared.compare.side_editor import add_side, side_head
from pages.shared.compare.state import EDITED, SAID, SCENARIO

OPTIMISATION = (
    "learning_rate",
    "num_prompts",
    "group_size",
    "updates_per_rollout",
    "epochs",
    "temperature",
    "max_grad_norm",
    "eval_every",
)
VISIBLE_LETTERS = 27  # characters of the scenario's title that fit into the field
HIDDEN = ("defects", "micro_batch_prompts")


def settings_sidebar() -> tuple[Scenario, dict[str, RunConfig] | None]:
    """The chosen scenario and its runs; None in place of the runs while the settings are invalid (the reason is shown)."""
    start = beginning()
    with st.sidebar:
        names = list(SCENARIOS)
        first = {} if SCENARIO.is_set() else {"index": names.index(start.scenario.name)}
        name = st.selectbox(
            "Scenario", names, key=SCENARIO.name, format_func=lambda n: SCENARIOS[n].title, persist_state="session",
            help="A named experiment: a task, the algorithms to compare, and settings under which something shows.", **first)  # fmt: skip
        scenario = SCENARIOS[name]
        if len(scenario.title) > VISIBLE_LETTERS:
            st.caption(scenario.title)
        runs = start.runs if scenario is start.scenario else scenario.runs()
        try:
            runs = _edited(scenario, runs)
            EDITED.set(runs)
            manager().check(runs)
        except ConfigError as error:
            st.error(plain(sentence(error)), icon=":material/error:")
            runs = None
        else:
            st.caption(needs_text(runs))
        if changed := _changed(scenario, runs):
            st.caption(f":orange[●] Changed: {changed}")
        st.button(
            "Back to the scenario's settings", icon=":material/undo:", width="stretch", disabled=runs == scenario.runs(),
            on_click=lambda: begin_with(scenario, scenario.runs()))  # fmt: skip
        if limits := manager().limits.texts():
            with st.expander("Limits of this shared server", icon=":material/groups:"):
                st.markdown("\n".join(f"- {text}" for text in limits))
                st.caption("There are none when you run it on your own machine.")
    return scenario, runs


def _changed(scenario: Scenario, runs: dict[str, RunConfig] | None) -> str:
    """'task.noise 0.1, DAPO.eps_high 0.4', as links name them; '' for nothing."""
    settings = {} if runs is None else to_query(scenario, runs)
    return plain(", ".join(f"{name} {value}" for name, value in settings.items() if name != "scenario"))


def _edited(scenario: Scenario, start: dict[str, RunConfig]) -> dict[str, RunConfig]:
    """`start` with the values of the widgets. ConfigError if the combination is invalid."""
    sides = sides_of(scenario, start)
    defaults, ours = scenario.run, next(iter(start.values()))
    algorithms = {}
    st.caption("Sides: the algorithms that are compared")
    for number, (side, default) in enumerate(zip(sides, side_runs(scenario, sides).values(), strict=True)):
        algorithm = start[side.label].algorithm
        with folded(plain(side.label), icon=":material/function:", key=f"side {number}") as drawn:
            if drawn:
                side_head(scenario, sides, side)
            names = [n for n in settings_of(type(algorithm)) if n not in HIDDEN]
            algorithms[side.label] = setting_widgets(
                algorithm, default.algorithm, names, f"{scenario.name}:{side.label}", drawn=drawn
            )
    add_side(scenario, sides)
    st.caption("Everything else, the same for all sides")
    with folded("Environment", icon=":material/landscape:", key="environment") as drawn:
        names = [n for n in settings_of(type(ours.task)) if n not in HIDDEN]
        task = setting_widgets(ours.task, defaults.task, names, f"{scenario.name}:task", drawn=drawn)
    with folded("Optimisation", icon=":material/tune:", key="optimisation") as drawn:
        shared = setting_widgets(ours, defaults, OPTIMISATION, scenario.name, drawn=drawn)
    with folded("Budget, replicas and seed", icon=":material/casino:", key="counts") as drawn:
        times = [scenario.longer.get(side.base, 1) for side in sides]
        alone = replace(ours, updates=ours.updates // times[0])
        counts = setting_widgets(alone, defaults, START, scenario.name, drawn=drawn)
    updates = counts.pop("updates")
    return {
        label: replace(
            run, task=replace(run.task, **task), algorithm=replace(run.algorithm, **algorithms[label]),
            updates=updates * longer, **counts, **shared)
        for (label, run), longer in zip(start.items(), times, strict=True)
    }  # fmt: skip


def setting_widgets(config, default, names, prefix: str, *, drawn: bool = True) -> dict:
    """Widgets for the settings `names` of `config`, marked where they differ from `default`; returns name -> value. For those that are not
    `drawn` the last value is returned, which is kept here because Streamlit drops the values of widgets that are not drawn."""
    known = settings_of(type(config))
    values, said = {}, SAID.made(dict)
    for name in names:
        value = getattr(config, name)
        if isinstance(value, tuple):  # one value per replica: set by the command line, left alone here
            continue
        key = SETTING(version(), prefix, name)
        last = said.get(key.name, value)
        shown = {"value": last, "default": getattr(default, name), "key": key}
        chosen = field_widget(config, name, **shown) if drawn else key.get() if key.is_set() else last
        said[key.name] = chosen
        values[name] = value if chosen is None and value is not None and not known[name].optional else chosen
    return values
