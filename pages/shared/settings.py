"""The sidebar of Compare: a scenario and everything that can be changed about it."""

from __future__ import annotations

import typing
from dataclasses import fields, replace

import streamlit as st

from core.config import RunConfig
from core.fields import ConfigError
from core.links import Opened, from_query
from core.scenarios import SCENARIOS, Scenario
from pages.shared.widgets import field_widget

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
HIDDEN = ("defects", "micro_batch_prompts")


def opened_link() -> Opened:
    """What the address said when this tab was opened."""
    if "opened" not in st.session_state:
        st.session_state.opened = from_query({k: v for k, v in st.query_params.items() if k != "comparison"})
    return st.session_state.opened


def settings_sidebar() -> tuple[Scenario, dict[str, RunConfig] | None]:
    """The chosen scenario and its runs; None in place of the runs while a combination is impossible (the reason is shown)."""
    opened = opened_link()
    with st.sidebar:
        names = list(SCENARIOS)
        name = st.selectbox(
            "Scenario", names, index=names.index(opened.scenario.name), key="scenario", format_func=lambda n: SCENARIOS[n].title,
            help="A named experiment: a task, the algorithms to compare, and settings under which something shows.")  # fmt: skip
        scenario = SCENARIOS[name]
        start = opened.runs if scenario is opened.scenario else scenario.runs()
        try:
            runs = _edited(scenario, start)
        except ConfigError as error:
            st.error(f"{str(error).capitalize()}.", icon=":material/error:")
            runs = None
        if st.button(
            "Back to the scenario's settings", icon=":material/undo:", width="stretch", disabled=runs == scenario.runs()
        ):
            st.session_state.opened = replace(opened, scenario=scenario, runs=scenario.runs(), problems=())
            st.session_state.settings_version = st.session_state.get("settings_version", 0) + 1
            st.rerun()
    return scenario, runs


def _edited(scenario: Scenario, start: dict[str, RunConfig]) -> dict[str, RunConfig]:
    """`start` with what the widgets say. ConfigError if the values do not go together."""
    defaults = scenario.runs()
    first = next(iter(start))
    with st.expander("Replicas and seed", icon=":material/casino:"):
        counts = _group(start[first], defaults[first], ("updates", "replicas", "first_seed"), scenario.name)
    with st.expander("Optimisation", icon=":material/tune:"):
        shared = _group(start[first], defaults[first], OPTIMISATION, scenario.name)
    with st.expander("Environment", icon=":material/landscape:"):
        names = [f.name for f in fields(start[first].task) if f.name not in HIDDEN]
        task = _group(start[first].task, defaults[first].task, names, f"{scenario.name}:task")
    sides = {}
    for label, run in start.items():
        with st.expander(f"Algorithm: {label}", icon=":material/function:"):
            names = [f.name for f in fields(run.algorithm) if f.name not in HIDDEN]
            sides[label] = _group(run.algorithm, defaults[label].algorithm, names, f"{scenario.name}:{label}")
    updates = counts.pop("updates")
    times = {label: scenario.longer.get(label, 1) for label in start}
    return {
        label: replace(
            run, task=replace(run.task, **task), algorithm=replace(run.algorithm, **sides[label]),
            updates=updates * times[label] // times[first], **counts, **shared)
        for label, run in start.items()
    }  # fmt: skip


def _group(config, default, names, prefix: str) -> dict:
    version = st.session_state.get("settings_version", 0)
    values = {}
    for name in names:
        value = getattr(config, name)
        if isinstance(value, tuple):  # one value per replica: set by the command line, left alone here
            continue
        key = f"{version}:{prefix}:{name}"
        chosen = field_widget(config, name, value=value, default=getattr(default, name), key=key)
        values[name] = value if chosen is None and value is not None and not _optional(config, name) else chosen
    return values


def _optional(config, name: str) -> bool:
    return type(None) in typing.get_args(typing.get_type_hints(type(config))[name])
