"""Add, remove and rename the sides of a comparison, and choose the algorithm that each starts from."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.analysis.markdown import plain
from core.settings.fields import ConfigError
from core.settings.labels import free_label
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from core.settings.sides import MAX_SIDES, Side, bases, check_sides, side_runs
from pages.shared.common.state import Key
from pages.shared.common.trouble import sentence
from pages.shared.compare.opened import begin_with, version
from pages.shared.compare.state import ADD_SIDE, EDITED, SIDE, SIDE_REFUSED

COPY = "a copy of "


def side_head(scenario: Scenario, sides: tuple[Side, ...], side: Side) -> None:
    """The head of a side's settings: its label, the algorithm it starts from, and the button that removes it."""
    label, base, remove = (SIDE(version(), scenario.name, side.label, part) for part in ("label", "base", "remove"))
    names = list(bases(scenario))
    st.text_input(
        "Label", side.label, max_chars=24, key=label.name, on_change=_rename, args=(scenario, sides, side, label),
        help="What this side is called in charts, files and links.")  # fmt: skip
    st.selectbox(
        "Begins as", names, index=names.index(side.base), key=base.name, on_change=_begin_as,
        args=(scenario, sides, side, base), help="Sets every switch below to this algorithm's.")  # fmt: skip
    st.button(
        "Remove this side", icon=":material/remove:", width="stretch", key=remove.name, disabled=len(sides) == 1,
        on_click=_remove, args=(scenario, side))  # fmt: skip
    if told := SIDE_REFUSED(side.label).take():
        st.error(plain(told), icon=":material/error:")


def add_side(scenario: Scenario, sides: tuple[Side, ...]) -> None:
    """The menu of algorithms that can be added; disabled at the maximum number of sides."""
    full = len(sides) >= MAX_SIDES
    key = ADD_SIDE(version(), scenario.name)
    st.selectbox(
        "Add a side", [*bases(scenario), *(COPY + side.label for side in sides)], index=None, key=key.name, disabled=full,
        placeholder=f"At most {MAX_SIDES}" if full else "Add a side …", label_visibility="collapsed", on_change=_add,
        args=(scenario, sides, key))  # fmt: skip


# Callbacks: they run before the page is drawn again. `edited` holds the runs as they were last drawn.


def _runs() -> dict[str, RunConfig]:
    return EDITED.get()


def _add(scenario: Scenario, sides: tuple[Side, ...], key: Key) -> None:
    wish = key.get()
    if wish is None:
        return
    runs = _runs()
    if wish.startswith(COPY):
        original = runs[wish.removeprefix(COPY)]
        label, run = free_label("Mine", list(runs)), original
    else:
        label = free_label(wish, list(runs))
        run = _as_base(scenario, runs, sides, wish)
    begin_with(scenario, runs | {label: run})


def _remove(scenario: Scenario, side: Side) -> None:
    begin_with(scenario, {label: run for label, run in _runs().items() if label != side.label})


def _begin_as(scenario: Scenario, sides: tuple[Side, ...], side: Side, key: Key) -> None:
    base, runs = key.get(), _runs()
    run = _as_base(scenario, runs, sides, base)
    # A side whose label is the name of its former algorithm gets the name of the new one.
    others = [label for label in runs if label != side.label]
    label = free_label(base, others) if side.label in bases(scenario) else side.label
    begin_with(scenario, {label if k == side.label else k: run if k == side.label else v for k, v in runs.items()})


def _rename(scenario: Scenario, sides: tuple[Side, ...], side: Side, key: Key) -> None:
    label = key.get().strip()
    try:
        # A label that is the name of a base makes the side that base.
        renamed = tuple(Side(label, side.base) if s is side else s for s in sides)
        check_sides(scenario, renamed)
    except ConfigError as error:
        SIDE_REFUSED(side.label).set(sentence(error))
        key.set(side.label)
        return
    begin_with(scenario, {label if k == side.label else k: run for k, run in _runs().items()})


def _as_base(scenario: Scenario, runs: dict[str, RunConfig], sides: tuple[Side, ...], base: str) -> RunConfig:
    """A run of `base` with everything else as on the page."""
    first = next(iter(runs.values()))
    longer = scenario.longer.get(base, 1) / scenario.longer.get(sides[0].base, 1)
    algorithm = next(iter(side_runs(scenario, (Side(base, base),)).values())).algorithm
    return replace(first, algorithm=algorithm, updates=round(first.updates * longer))
