"""Add, remove and rename the sides of a comparison, and choose the algorithm that each starts from."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.analysis.markdown import plain
from core.settings.fields import ConfigError
from core.settings.labels import free_label
from core.settings.run import RunConfig
from core.settings.sides import MAX_SIDES, Side, bases, check_sides, side_runs
from pages.shared.common.state import Key
from pages.shared.common.trouble import sentence
from pages.shared.common.widgets import shows
from pages.shared.compare.edits import Settings, change, valid_runs
from pages.shared.compare.state import ADD_SIDE, SIDE, SIDE_REFUSED

COPY = "a copy of "


def side_head(settings: Settings, side: Side) -> None:
    """The head of a side's settings: its label, the algorithm it starts from, and the button that removes it."""
    label, base, remove = (SIDE(side.label, part) for part in ("label", "base", "remove"))
    names = list(bases(settings.scenario))
    shows(base, side.base)
    st.text_input(
        "Label", side.label, max_chars=24, key=label.name, on_change=_rename, args=(settings, side, label),
        help="What this side is called in charts, files and links.")  # fmt: skip
    st.selectbox(
        "Begins as", names, key=base.name, on_change=_begin_as, args=(settings, side, base),
        help="Sets every switch of this side to this algorithm's.")  # fmt: skip
    st.button(
        "Remove this side", icon=":material/remove:", width="stretch", key=remove.name, disabled=len(settings.sides) == 1,
        on_click=_remove, args=(settings, side))  # fmt: skip
    if told := SIDE_REFUSED(side.label).take():
        st.error(plain(told), icon=":material/error:")


def add_side(settings: Settings) -> None:
    """The menu of algorithms that can be added; disabled at the maximum number of sides."""
    full = len(settings.sides) >= MAX_SIDES
    shows(ADD_SIDE, None)
    st.selectbox(
        "Add a side", [*bases(settings.scenario), *(COPY + side.label for side in settings.sides)], index=None, key=ADD_SIDE.name,
        disabled=full, placeholder=f"At most {MAX_SIDES} sides" if full else "Add a side …", label_visibility="collapsed",
        on_change=_add, args=(settings,))  # fmt: skip


# Callbacks: they run before the page is drawn again. `settings` are those that were drawn.


def _add(settings: Settings) -> None:
    wish = ADD_SIDE.get()
    if wish is None:
        return
    runs = valid_runs()
    if wish.startswith(COPY):
        original = runs[wish.removeprefix(COPY)]
        label, run = free_label("Mine", list(runs)), original
    else:
        label = free_label(wish, list(runs))
        run = _as_base(settings, runs, wish)
    change(Settings(settings.scenario, runs | {label: run}), f"{label} added")


def _remove(settings: Settings, side: Side) -> None:
    rest = {label: run for label, run in valid_runs().items() if label != side.label}
    change(Settings(settings.scenario, rest), f"{side.label} removed")


def _begin_as(settings: Settings, side: Side, key: Key) -> None:
    base, runs = key.get(), valid_runs()
    run = _as_base(settings, runs, base)
    # A side whose label is the name of its former algorithm gets the name of the new one.
    others = [label for label in runs if label != side.label]
    label = free_label(base, others) if side.label in bases(settings.scenario) else side.label
    made = {label if k == side.label else k: run if k == side.label else v for k, v in runs.items()}
    change(Settings(settings.scenario, made), f"{side.label} begins as {base}")


def _rename(settings: Settings, side: Side, key: Key) -> None:
    label = key.get().strip()
    try:
        # A label that is the name of a base makes the side that base.
        renamed = tuple(Side(label, side.base) if s is side else s for s in settings.sides)
        check_sides(settings.scenario, renamed)
    except ConfigError as error:
        SIDE_REFUSED(side.label).set(sentence(error))
        key.set(side.label)
        return
    made = {label if k == side.label else k: run for k, run in valid_runs().items()}
    change(Settings(settings.scenario, made), f"{side.label} is called {label}")


def _as_base(settings: Settings, runs: dict[str, RunConfig], base: str) -> RunConfig:
    """A run of `base` with everything else as on the page."""
    scenario, first = settings.scenario, next(iter(runs.values()))
    longer = scenario.longer.get(base, 1) / scenario.longer.get(settings.sides[0].base, 1)
    algorithm = next(iter(side_runs(scenario, (Side(base, base),)).values())).algorithm
    return replace(first, algorithm=algorithm, updates=round(first.updates * longer))
