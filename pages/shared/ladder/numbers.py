"""Under the bars: the paired differences as a table, each rung as a link to Compare, and the files."""

from __future__ import annotations

import io
import zipfile

import streamlit as st

from core.data.ladder import SHIPPED_LADDER
from core.ladder import LadderTable
from core.ladder.files import ladder_files, ladder_json
from core.ladder.numbers import seeds_markdown, table_csv, table_markdown
from core.settings.links import to_query
from pages.shared.common.folded import folded
from pages.shared.ladder.finished import Finished
from pages.shared.ladder.opened import Ladder
from pages.shared.ladder.wide import wide


def show_table(table: LadderTable, count: str) -> None:
    st.subheader("Paired differences")
    with wide("ladder_table"):
        st.markdown(table_markdown(table))
    st.caption(
        "Each seed of a rung minus the same seed of the rung it is compared with; 95 % intervals of the mean by Student's t. Entropy in nats, "
        "gradient norm before clipping: means over the last 10 % of the updates. IQM: the interquartile mean, where seeds are skewed or "
        "fall into two groups. Shares of seeds have Wilson intervals."
    )
    with folded("Every seed of every rung", icon=":material/scatter_plot:", key="ladder_seeds") as drawn:
        if drawn:
            with wide("ladder_seeds_table"):
                st.markdown(seeds_markdown(table, count))
            st.caption(
                "Final scores. *Open a step on Compare*, below, draws the curve of each seed: *single seeds* above its charts."
            )


def show_rungs(ladder: Ladder | None, finished: Finished, table: LadderTable) -> None:
    """Each step as a comparison of two sides."""
    configs = {label: result.config for label, result in finished.results.items()} | dict(ladder.configs if ladder else {})
    steps = [rung for rung in table.rungs if rung.label in configs and rung.before in configs]
    if not steps:
        return
    with st.expander("Open a step on Compare, to watch it live", icon=":material/ssid_chart:"):
        st.markdown("The rung and the one it is compared with, as two sides with the same seeds: the same curves.")
        with st.container(horizontal=True):
            for rung in steps:
                pair = {label: configs[label] for label in (rung.before, rung.label)}
                st.page_link(
                    "app.py", label=rung.name, icon=":material/open_in_new:", query_params=to_query(finished.scenario, pair)
                )


def show_downloads(ladder: Ladder | None, finished: Finished) -> None:
    tables, name = list(finished.tables.values()), f"ladder-{finished.scenario.name}"
    with st.container(horizontal=True):
        st.download_button(
            "Table (CSV)", lambda: table_csv(tables), f"{name}.csv", "text/csv", on_click="ignore", icon=":material/download:",
            key="ladder:csv")  # fmt: skip
        st.download_button(
            "Table (JSON)", lambda: ladder_json(tables), f"{name}.json", "application/json", on_click="ignore",
            icon=":material/download:", key="ladder:json")  # fmt: skip
        if ladder is not None:
            st.download_button(
                "Everything (zip)", lambda: _zip(finished), f"{name}.zip", "application/zip", on_click="ignore",
                icon=":material/folder_zip:", key="ladder:zip", help="The tables, the charts, every metric of every update.")  # fmt: skip
    if ladder is None:
        st.caption(
            f"Every metric of every update: `python -m core ladder --order all --out out/ladder`. This example: `{SHIPPED_LADDER.command}`."
        )


def _zip(finished: Finished) -> bytes:
    """The files that the command line writes."""
    out = io.BytesIO()
    files = ladder_files(finished.scenario.name, list(finished.tables.values()), dict(finished.results), "dashboard")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for file, content in files.items():
            folder.writestr(file, content)
    return out.getvalue()
