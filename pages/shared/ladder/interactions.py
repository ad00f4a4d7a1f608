"""The factorial on the page: main effects and pair interactions as a chart, in sentences, as tables, and every seed."""

from __future__ import annotations

from functools import cache

import streamlit as st

from core.analysis.charts.chart import Chart
from core.data.factorial import SHIPPED_FACTORIALS, shipped_results
from core.ladder.factorial import FactorialTable, factorial_table
from core.ladder.factorial.chart import effects_chart
from core.ladder.factorial.files import factorial_json
from core.ladder.factorial.numbers import (
    ABOUT,
    cell_rows,
    cells_markdown,
    effect_rows,
    effects_markdown,
    seeds_markdown,
    table_csv,
)
from core.ladder.factorial.sentences import sentences
from core.ladder.factorial.studies import STUDIES
from pages.shared.common.chart_view import show_chart
from pages.shared.common.folded import folded
from pages.shared.ladder.wide import wide


def show_interactions(count: str, *, dark: bool) -> None:
    """The shipped factorials; which one is chosen stands in the address."""
    st.subheader("Do the techniques work together?")
    st.markdown(
        "A ladder tells what a technique adds in one order. The factorial trains all 16 combinations of the four and tells what each brings by "
        "itself, and which two bring more, or less, together than one by one."
    )
    name = st.segmented_control(
        "Where", list(STUDIES), default="default", format_func=lambda name: STUDIES[name].title, key="ladder_study", required=True,
        bind="query-params", persist_state="session")  # fmt: skip
    study, table = STUDIES[name], _shipped(name)
    st.caption(f"{study.about} {table.length} in each cell, {len(table.seeds)} seeds from {table.seeds[0]} on. `{study.command}`")
    show_chart(_chart(name, count, dark))
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences(table, count)))
    _tables(table, count)
    _downloads(table, name)


@cache
def _shipped(name: str) -> FactorialTable:
    return factorial_table(STUDIES[name].scenario, shipped_results(name))


@cache
def _chart(name: str, count: str, dark: bool) -> Chart:
    return effects_chart(_shipped(name), count, dark=dark)


def _tables(table: FactorialTable, count: str) -> None:
    with folded("The effects and the 16 cells in numbers", icon=":material/table:", key="ladder_cells") as drawn:
        if drawn:
            with wide("ladder_effects_table"):
                st.markdown(effects_markdown(table))
            with wide("ladder_cells_table"):
                st.markdown(cells_markdown(table))
            st.caption(ABOUT)
    with folded("Every seed of every cell", icon=":material/scatter_plot:", key="ladder_cell_seeds") as drawn:
        if drawn:
            with wide("ladder_cell_seeds_table"):
                st.markdown(seeds_markdown(table, count))


def _downloads(table: FactorialTable, name: str) -> None:
    with st.container(horizontal=True):
        for kind, rows in {"Effects": effect_rows, "Cells": cell_rows}.items():
            st.download_button(
                f"{kind} (CSV)", lambda rows=rows: table_csv(rows(table)), f"factorial-{name}-{kind.lower()}.csv", "text/csv",
                on_click="ignore", icon=":material/download:", key=f"ladder:factorial:{kind}")  # fmt: skip
        st.download_button(
            "Factorial (JSON)", lambda: factorial_json(table), f"factorial-{name}.json", "application/json", on_click="ignore",
            icon=":material/download:", key="ladder:factorial:json")  # fmt: skip
    st.caption(f"This example is shipped: `{SHIPPED_FACTORIALS.command}` computes it anew.")
