"""*Take it with you*: a side's settings as a file for another trainer."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.recipes import TARGETS, Machine, recipe_text, write_recipe
from core.settings.fields import ConfigError
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from pages.shared.common.folded import folded
from pages.shared.common.trouble import sentence

LANGUAGES = {".py": "python", ".yaml": "yaml", ".sh": "bash"}
RANGES = {1: "0 and 1", 2: "-1 and +1"}


def take_with_you(scenario: Scenario, runs: dict[str, RunConfig]) -> None:
    with folded("Take it with you: settings for TRL, verl, ms-swift or OpenRLHF", icon=":material/outbox:", key="take") as drawn:
        if drawn:
            _chosen(scenario, runs)


def _chosen(scenario: Scenario, runs: dict[str, RunConfig]) -> None:
    side, trainer, form = st.columns(3)
    label = side.selectbox("Which side?", list(runs), len(runs) - 1, format_func=plain, key="take:side")
    name = trainer.selectbox("For which trainer?", list(TARGETS), format_func=_called, key="take:for")
    target = TARGETS[name]
    written = form.selectbox("As", list(target.forms), format_func=lambda key: target.forms[key][0], key=f"take:{name}:form")
    machine = _machine()
    seed = _seed(runs[label])
    try:
        text = recipe_text(write_recipe(runs[label], name, machine, form=written, seed=seed), label, scenario.name)
    except ConfigError as error:
        st.error(plain(sentence(str(error))), icon=":material/block:")
        return
    ending = target.forms[written][1]
    st.download_button(
        "Download",
        text,
        f"{name}-{label}{ending}",
        "text/plain",
        on_click="ignore",
        icon=":material/download:",
        key="take:download",
    )
    st.code(text, language=LANGUAGES[ending])


def _machine() -> Machine:
    tokens, gpus, once, rewards = st.columns(4)
    return Machine(
        max_tokens=tokens.number_input(
            "Longest completion, in tokens", 1, 1_000_000, 1024, key="take:tokens", help="Of your model. The overlong buffer is a share of it."
        ),
        gpus=gpus.number_input("GPUs", 1, 4096, 1, key="take:gpus"),
        per_device=once.number_input(
            "Completions per GPU at once", 1, 4096, 16, key="take:once", help="As many as fit into its memory. The rest is accumulated."
        ),
        reward_range=rewards.selectbox("Your rewards", list(RANGES), format_func=RANGES.get, key="take:range"),
    )  # fmt: skip


def _seed(run: RunConfig) -> int | None:
    """Whose values to take where every seed has its own."""
    return st.selectbox("Values of which seed?", run.seeds, key="take:seed") if run.per_replica else None


def _called(name: str) -> str:
    return f"{TARGETS[name].name} {TARGETS[name].version}"
