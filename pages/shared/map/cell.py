"""One cell: its curves, its seeds, and the link that opens exactly its settings on Compare."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.analysis.csv_files import safe_table
from core.settings.links import to_query
from core.sweep.charts import cell_charts
from core.sweep.grid import Cell
from core.sweep.map import SweepMap
from core.sweep.measured import COLLAPSE_UPDATE, COLLAPSED
from pages.shared.common.chart_view import show_chart
from pages.shared.map.state import CELL, FIELD

SHOWN = {
    "eval_accuracy": "score",
    "entropy_nats": "entropy (nats)",
    "grad_norm": "gradient norm",
    COLLAPSE_UPDATE: "its entropy fell at update",
}


def show_cell(found: SweepMap, at: int | None, dark: bool) -> None:
    st.subheader("One cell")
    cell = _chosen(found, at)
    st.page_link(
        "app.py", label="Open exactly these settings on Compare", icon=":material/open_in_new:",
        query_params=to_query(found.grid.scenario, found.grid.at(cell)))  # fmt: skip
    for label in found.labels:
        measured = found.cells.get((cell, label))
        if measured is not None and measured.diverged is not None:
            st.warning(
                f"{label} diverged here at update {measured.diverged}: a number became NaN or infinite.", icon=":material/error:"
            )
    charts = cell_charts(found, cell, dark=dark)
    for column, chart in zip(st.columns(len(charts)), charts, strict=True):
        with column:
            show_chart(chart)
    table = _seeds(found, cell)
    if len(table):
        with st.expander(f"The {len(found.grid.seeds)} seeds of this cell", icon=":material/table:"):
            st.dataframe(safe_table(table), hide_index=True, width="stretch")


def _chosen(found: SweepMap, at: int | None) -> Cell:
    """The cell that was clicked, or chosen in the two lists; at first the one nearest to the scenario's own settings."""
    grid = found.grid
    last = CELL.get() or tuple(round(place) if place is not None else 0 for place in grid.mark(found.labels[0]))
    place = [min(index, size - 1) for index, size in zip(last, grid.shape, strict=False)]
    columns = st.columns(2)
    out = []
    for number, (column, axis) in enumerate(zip(columns, grid.axes[:2], strict=True)):
        field = FIELD(f"cell:{axis.spec}")
        field.set(axis.texts[place[number]])
        text = column.selectbox(axis.words, axis.texts, key=field.name, on_change=_take, args=(found, at))
        out.append(axis.texts.index(text))
    return (*out, at) if len(grid.axes) > 2 else tuple(out)


def _take(found: SweepMap, at: int | None) -> None:
    out = [axis.texts.index(FIELD(f"cell:{axis.spec}").get()) for axis in found.grid.axes[:2]]
    CELL.set((*out, at) if len(found.grid.axes) > 2 else tuple(out))


def _seeds(found: SweepMap, cell: Cell) -> pd.DataFrame:
    rows = []
    for label in found.labels:
        measured = found.cells.get((cell, label))
        if measured is None or measured.diverged is not None:
            continue
        for number, seed in enumerate(measured.seeds):
            row = {"side": label, "seed": seed, "collapsed": "yes" if measured.values[COLLAPSED][number] > 0.5 else "no"}
            rows.append(row | {words: measured.values[name][number] for name, words in SHOWN.items()})
    return pd.DataFrame(rows)
