"""*Your settings in miniature*: the arguments of another trainer read as a side of the Lab, with what could not be carried over."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.logs.source import Refused
from core.recipes import Imported, read_settings
from core.recipes.reading.read import READERS
from core.recipes.reading.syntax import MOST_BYTES
from core.recipes.targets import TARGETS
from core.settings.diff import difference
from core.settings.fields import value_text
from core.settings.links import to_query
from core.settings.scenario import Scenario
from core.settings.scenarios import SCENARIOS
from pages.shared.common.folded import folded

GUESS = "recognised by the names"
EXAMPLE = 'GRPOConfig(loss_type="dapo", epsilon_high=0.28, …), a YAML or JSON file, config.yaml of W&B, or a command line'


def bring_settings(key: str, scenario: Scenario | None = None) -> None:
    """`key`: of the widgets. `scenario`: on whose task, the first one's unless given."""
    with folded(
        "Your settings in miniature: bring those of your own run", icon=":material/move_to_inbox:", key=f"{key}:bring"
    ) as drawn:
        if drawn:
            _given(key, scenario or next(iter(SCENARIOS.values())))


def _given(key: str, scenario: Scenario) -> None:
    paste, drop = st.columns(2)
    text = paste.text_area("Paste the arguments of your trainer", placeholder=EXAMPLE, height=180, key=f"{key}:bring:text")
    file = drop.file_uploader("or drop a file that holds them", max_upload_size=MOST_BYTES // 1_000_000, key=f"{key}:bring:file")
    trainer, rewards = drop.columns(2)
    named = trainer.selectbox(
        "Trainer",
        [None, *READERS],
        format_func=lambda name: GUESS if name is None else TARGETS[name].name,
        key=f"{key}:bring:trainer",
    )
    value = rewards.selectbox("Your rewards", [1, 2], format_func={1: "0 and 1", 2: "-1 and +1"}.get, key=f"{key}:bring:range")
    data = file.getvalue() if file is not None else text
    if not data:
        return
    try:
        found = read_settings(data, framework=named, base=next(iter(scenario.runs().values())), reward_range=value)
    except Refused as refused:
        st.error(plain(str(refused.sentence)), icon=":material/block:")
        return
    _show(found, scenario)


def _show(found: Imported, scenario: Scenario) -> None:
    runs = found.beside(scenario)
    label = list(runs)[-1]
    first = next(iter(scenario.algorithms))
    own = difference(scenario.algorithms[first], found.algorithm)
    settings = ", ".join(f"`{name}` = {value_text(value)}" for name, (_, value) in own.items()) or "nothing"
    st.markdown(f"**{plain(found.framework)} {plain(found.version)}.** Different from {plain(first)}: {settings}.")
    sizes = ", ".join(f"`{name}` = {value_text(value)}" for name, value in found.sizes.items())
    st.markdown(f"All sides then have {sizes}.")
    st.page_link(
        "app.py", label=f"Open it on Compare, as {plain(label)} beside {' and '.join(map(plain, scenario.algorithms))}",
        icon=":material/ssid_chart:", query_params=to_query(scenario, runs),
    )  # fmt: skip
    st.markdown("\n".join(f"- {plain(str(note))}" for note in found.notes))
