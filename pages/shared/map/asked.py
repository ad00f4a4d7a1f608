"""Which map the page shows: that of the address, else the one chosen last in this tab, else the first of the shipped ones.

?pair=learning-rate-eps-high is a shipped map. ?x=…&y=…[&z=…] with the parameters of a comparison (`core.settings.links`) is one of one's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.data.maps import SCENARIO, ShippedMap, finished_maps
from core.settings.fields import ConfigError
from core.settings.links import from_query, to_query
from core.sweep.grid import Grid, make_grid
from pages.shared.map.state import CHOSEN, GRID

OWN = "own"
AXES = ("x", "y", "z")
EXAMPLE = {"x": "learning_rate=1e-3:1e-1:log6", "y": "algorithm.eps_high=0.1,0.2,0.28,0.4"}
OURS = ("pair", "show", "cell", "lang", *AXES)  # parameters that are not settings of the runs


@dataclass(frozen=True)
class Asked:
    """`shipped` None: one of one's own. `grid` None: the address describes none, and `problems` says why."""

    shipped: ShippedMap | None
    grid: Grid | None
    problems: tuple[str, ...] = ()


def asked() -> Asked:
    name, finished = _chosen(), finished_maps()
    if name in finished:
        return Asked(finished[name], finished[name].grid)
    address = dict(st.query_params)
    opened = from_query({"scenario": SCENARIO} | {key: text for key, text in address.items() if key not in OURS})
    specs = [address.get(axis, EXAMPLE.get(axis)) for axis in AXES]
    mark = (tuple(specs), tuple(sorted((k, v) for k, v in address.items() if k not in OURS)))
    try:
        grid = GRID.of(mark, lambda: make_grid(opened.scenario, opened.runs, [spec for spec in specs if spec]))
    except ConfigError as error:
        return Asked(None, None, (*opened.problems, f"This map cannot be drawn: {error}."))
    return Asked(None, grid, opened.problems)


def query_of(grid: Grid) -> dict[str, str]:
    """The parameters of a link to this page that open this map."""
    axes = {name: axis.spec for name, axis in zip(AXES, grid.axes, strict=False)}
    return axes | to_query(grid.scenario, dict(grid.runs))


def _chosen() -> str:
    address = st.query_params
    finished = finished_maps()
    first = next(iter(finished), OWN)
    known = address.get("pair") or CHOSEN.get() or first
    name = OWN if "x" in address or "y" in address else known
    if name != OWN and name not in finished:
        st.warning("The map in this link is not known here; this is another one.", icon=":material/link_off:")
        name = first
    CHOSEN.set(name)
    return name
