"""The page *Map of collapse* from top to bottom."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from core.analysis.markdown import plain
from core.sweep.store import SweepStoreError
from pages.shared.common.process import told
from pages.shared.map.asked import Asked, asked, query_of
from pages.shared.map.controls import choose_map, choose_measure, choose_plane, form, train_button
from pages.shared.map.drawing import show_map

INTRODUCTION = (
    "How far may you go before it collapses? Two settings against each other: every cell is a training of its own, on the same seeds for every "
    "side. Click a cell for its curves."
)


def map_page() -> None:
    st.title("Map of collapse")
    st.markdown(INTRODUCTION)
    found = asked()
    for problem in found.problems:
        st.warning(plain(problem), icon=":material/link_off:")
    left, middle, right = st.columns([1.4, 1.4, 0.6], vertical_alignment="bottom")
    with left:
        choose_map()
    with middle:
        measure = choose_measure()
    with right:
        _share(found)
    try:
        form(found)
        train_button(found)
        if found.grid is None:
            return
        _about(found)
        show_map(found, measure, choose_plane(found))
    except SweepStoreError as error:
        st.error(f"Maps cannot be kept: {plain(told(error))}.", icon=":material/save:")


def _about(found: Asked) -> None:
    grid = found.grid
    run = next(iter(grid.runs.values()))
    length = f"{run.updates:,} updates" if run.samples is None else f"{run.samples:,} samples per seed"
    about = f"{plain(grid.scenario.title)}: seeds {grid.seeds[0]} to {grid.seeds[-1]}, {length}."
    if found.shipped is not None:
        st.caption(f"{about} A finished map, computed earlier by this code: `{found.shipped.sweep_command}`.")
    else:
        st.caption(about)


def _share(found: Asked) -> None:
    with st.popover("Share", icon=":material/share:", disabled=found.grid is None):
        if found.grid is not None:
            address = (st.context.url or "").split("?")[0]
            query = {"pair": found.shipped.name} if found.shipped is not None else query_of(found.grid)
            st.markdown("**This map.** Whoever opens the link sees the cells that are trained already, and can train the others.")
            st.code(f"{address}?{urlencode(query)}", language=None, wrap_lines=True)
