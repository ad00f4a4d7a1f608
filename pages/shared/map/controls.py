"""The choice of a map, and the form in the sidebar that trains one of one's own."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.data.maps import finished_maps
from core.runs.manager import ManagerFull
from core.runs.sweeps import name_of
from core.settings.fields import ConfigError
from core.settings.links import from_query
from core.settings.scenarios import SCENARIOS
from core.sweep.grid import make_grid
from core.sweep.map import measure_words
from core.sweep.measured import COLLAPSE_UPDATE, COLLAPSED, MEASURES
from core.sweep.store import SweepStoreError
from pages.shared.common.process import told, visitor
from pages.shared.map.asked import AXES, EXAMPLE, OWN, Asked, query_of
from pages.shared.map.server import sweeps
from pages.shared.map.state import CHOSEN, FIELD, REFUSED

FIRST_MEASURES = (COLLAPSED, "eval_accuracy", COLLAPSE_UPDATE, "entropy_nats", "grad_norm")
GRAMMAR = (
    "A setting and its values: `learning_rate=1e-3:1e-1:log9` on a log grid, `task.noise=0:0.5:lin6` on a linear one, or listed with commas, "
    "as in `algorithm.dynamic_sampling=off,refill`. Settings are named as in links and after `--set`."
)


def choose_map() -> None:
    """The finished maps, and one's own."""
    finished = finished_maps()
    names = [*finished, OWN]
    words = {name: shipped.title for name, shipped in finished.items()} | {OWN: "your own"}
    at = names.index(CHOSEN.get())
    st.selectbox("Map", names, index=at, format_func=words.get, key=FIELD("map").name, on_change=_take)


def choose_measure() -> str:
    measures = [*FIRST_MEASURES, *(name for name in MEASURES if name not in FIRST_MEASURES)]
    return st.selectbox("Shows", measures, format_func=measure_words, key=FIELD("show").name, persist_state="session")


def choose_plane(asked: Asked) -> int | None:
    """The position on the third axis; None without one."""
    if asked.grid is None or len(asked.grid.axes) < 3:
        return None
    axis = asked.grid.axes[2]
    text = st.select_slider(axis.words, axis.texts, key=FIELD(f"plane:{axis.spec}").name, persist_state="session")
    return axis.texts.index(text)


def form(asked: Asked) -> None:
    """Train a map of one's own. What the form says becomes the address of the page."""
    grid = asked.grid
    first = query_of(grid) if grid is not None else EXAMPLE | {axis: text for axis in AXES if (text := st.query_params.get(axis))}
    run = next(iter(grid.runs.values())) if grid is not None else None
    with st.sidebar, st.form("map:form", border=False):
        st.caption("Your own map")
        names = list(SCENARIOS)
        scenario = st.selectbox("Scenario", names, index=names.index(grid.scenario.name) if grid is not None else 0)
        specs = {
            axis: st.text_input(f"{axis} axis", first.get(axis, ""), help=GRAMMAR, placeholder="none" if axis == "z" else None)
            for axis in AXES
        }
        counts = {
            "replicas": st.number_input(
                "Seeds", 1, 1024, run.replicas if run else 16, help="16 or more carry a claim; 4 give a first look."
            ),
            "updates": st.number_input("Updates", 1, 1_000_000, run.updates if run else 480),
        }
        if st.form_submit_button("Draw the map", type="primary", icon=":material/play_arrow:", width="stretch"):
            _draw(asked, scenario, specs, counts)


def _draw(asked: Asked, scenario: str, specs: dict[str, str], counts: dict[str, int]) -> None:
    """Start it and open its address; or say why not. Settings of the address that the form does not show stay as they are."""
    same = asked.grid is not None and asked.grid.scenario.name == scenario
    kept = query_of(asked.grid) if same else {}
    query = {k: v for k, v in kept.items() if k not in AXES} | {"scenario": scenario} | {k: str(v) for k, v in counts.items()}
    try:
        opened = from_query(query)
        grid = make_grid(opened.scenario, opened.runs, [text for text in specs.values() if text.strip()])
        sweeps().start(grid, visitor())
    except (ConfigError, ManagerFull, SweepStoreError) as error:
        REFUSED.set(told(error))
        return
    CHOSEN.set(OWN)
    st.query_params.from_dict(query_of(grid))
    st.rerun()


def train_button(asked: Asked) -> None:
    """For a map of one's own that somebody opened by a link, and that is not trained to its end."""
    if refused := REFUSED.take():
        st.error(f"Not started: {plain(refused)}.", icon=":material/block:")
    if asked.shipped is not None or asked.grid is None:
        return
    view = sweeps().view(name_of(asked.grid))
    if view is not None and not view.finished:
        if st.button("Stop", icon=":material/stop:", help="What was measured is kept.", key="map:stop"):
            sweeps().stop(name_of(asked.grid))
        return
    found = sweeps().map(asked.grid)
    whole = sum(len(one.seeds) == len(asked.grid.seeds) for one in found.cells.values())
    if whole < len(asked.grid.configs):
        text = f"Train the {len(asked.grid.configs) - whole} cells that are missing"
        if st.button(text, icon=":material/play_arrow:", type="primary", key="map:train"):
            try:
                sweeps().start(asked.grid, visitor())
            except (ConfigError, ManagerFull) as error:
                REFUSED.set(told(error))
            st.rerun()


def _take() -> None:
    chosen = FIELD("map").get()
    CHOSEN.set(chosen)
    st.query_params.clear()
    if chosen != OWN:
        st.query_params["pair"] = chosen
