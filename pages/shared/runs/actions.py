"""What can be done with the selected runs: open, run again, rename, delete, download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from core.analysis.export import run_frame
from core.analysis.markdown import plain
from core.analysis.result import RunResult, Status
from core.analysis.summary import summarise
from core.logs.export import frames_csv, log_frame
from core.logs.kept import DamagedLog
from core.runs.manager import ManagerFull
from core.runs.store.store import Store, StoreError
from core.settings.fields import ConfigError
from pages.shared.common.archive import archive
from pages.shared.common.process import manager, store, told, watch
from pages.shared.runs.groups import counted, delete, rename
from pages.shared.runs.listed import LOG, Listed, ListedRun, RunId
from pages.shared.runs.log_line import log_line
from pages.shared.runs.names import moment, short_labels
from pages.shared.runs.state import REFUSED

MAX_LINES = 7  # comparisons and logs with buttons of their own
MAX_CSV_ROWS = 300_000  # updates x seeds, about 60 MB


def actions(chosen: Sequence[Listed], runs: Sequence[Listed], zone) -> None:
    """A line of buttons for each comparison or log that a selected run belongs to, then what is done with all of them."""
    groups = list(dict.fromkeys(run.group for run in chosen))
    for group in groups[:MAX_LINES]:
        line = log_line if group.startswith(LOG) else _line
        line(group, [run for run in runs if run.group == group], zone)
    with st.container(horizontal=True, vertical_alignment="center"):
        _csv(chosen, zone)
        if len(groups) > 1:
            st.button(
                f"Delete these: {counted(groups)}", icon=":material/delete:", key="runs:delete", on_click=delete, args=(groups, runs),
                help="With all their runs. It can be undone.")  # fmt: skip


def _line(comparison: str, sides: Sequence[ListedRun], zone) -> None:
    """The buttons of one comparison; `sides` are all its runs."""
    row, naming = sides[0].row, sides[0].naming
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.text(f"{naming.name} · {' and '.join(run.row.label for run in sides)} · {moment(naming.created, zone):%d %b %H:%M}")
    with right.container(horizontal=True, vertical_alignment="center"):
        st.page_link("app.py", label="Open on Compare", icon=":material/ssid_chart:", query_params={"comparison": comparison})
        again = st.button(
            "Run again", icon=":material/replay:", key=f"runs:again:{comparison}", type="tertiary",
            help="The same settings and seeds, as a new comparison. One that goes on is stopped first.")  # fmt: skip
        rename(comparison, row.name, empty="its scenario")
        _zip(comparison, sides)
        st.button(
            "Delete", icon=":material/delete:", key=f"runs:delete:{comparison}", on_click=delete, args=([comparison], sides),
            help="The whole comparison, all its sides. One that goes on is stopped first. It can be undone.", type="tertiary",
        )  # fmt: skip
    if any(run.row.status is Status.INTERRUPTED for run in sides):
        st.caption("Interrupted: the program ended while it was training. What it measured is kept; *Run again* trains it anew.")
    if again:
        _run_again(comparison)
    refused = REFUSED.get()  # until something else is tried: the page may repeat every second
    if refused and refused[0] == comparison:
        st.error(plain(refused[1]), icon=":material/block:")


def _run_again(comparison: str) -> None:
    REFUSED.forget()
    try:
        new = manager().reset(comparison)
    except (ManagerFull, ConfigError, LookupError, StoreError) as error:
        REFUSED.set((comparison, f"Not started: {told(error)}."))
        return
    watch(new)
    st.switch_page("app.py", query_params={"comparison": new})


def _csv(chosen: Sequence[Listed], zone) -> None:
    rows = sum(run.size for run in chosen)
    labels = short_labels([run.naming for run in chosen], zone)
    ids = {label: run.id for label, run in zip(labels, chosen, strict=True) if run.updates}
    history = store()  # the file is made outside the script, when the button is pressed
    st.download_button(
        "CSV of the selected runs", lambda: runs_csv(history, ids), "dapo-lab-runs.csv", "text/csv", on_click="ignore",
        icon=":material/download:", key="runs:csv", disabled=not ids or rows > MAX_CSV_ROWS,
        help="One row per run, update and seed, of a log per run and step; the column algorithm names the run.")  # fmt: skip
    if rows > MAX_CSV_ROWS:
        st.caption(f"One CSV holds at most {MAX_CSV_ROWS:,} rows, and these runs have {rows:,}; select fewer.")


def runs_csv(history: Store, ids: Mapping[str, RunId]) -> str:
    """The runs, label -> id, as one table, as far as they are stored. One that cannot be read is left out."""
    frames = []
    for label, run in ids.items():
        with suppress(LookupError, ConfigError, StoreError, DamagedLog):
            frames.append(_frame(history, label, run))
    return frames_csv(frames) if frames else ""


def _frame(history: Store, label: str, run: RunId) -> pd.DataFrame:
    if isinstance(run, int):
        return run_frame(label, RunResult(history.run(run).config, history.load_history(run)))
    log, _, place = run.removeprefix(LOG).rpartition(":")
    return log_frame(history.logs.corrected(history.logs.find(log)).runs[int(place)], label)


def _zip(comparison: str, sides: Sequence[ListedRun]) -> None:
    scenario, history = sides[0].row.scenario, store()
    ready = all(run.over for run in sides) and any(run.updates for run in sides)

    def everything() -> bytes:
        results = history.results(comparison)
        return archive(scenario, results, summarise(scenario, results))

    st.download_button(
        "Zip", everything, f"{scenario}.zip", "application/zip", on_click="ignore", icon=":material/folder_zip:",
        type="tertiary", key=f"runs:zip:{comparison}", disabled=not ready,
        help="Metrics, settings, summary and report of all sides, when they are over.")  # fmt: skip
