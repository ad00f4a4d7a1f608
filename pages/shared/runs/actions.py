"""What can be done with the selected runs: open, run again, rename, delete, download."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.analysis.export import metrics_csv
from core.analysis.markdown import plain
from core.analysis.result import RunResult, Status
from core.analysis.summary import summarise
from core.runs.manager import ManagerFull, UnknownComparison
from core.runs.store.store import Store, StoreError
from core.settings.fields import ConfigError
from pages.shared.common.archive import archive
from pages.shared.common.labels import MAX_NAME, clean_name
from pages.shared.common.process import manager, store, told, watch
from pages.shared.common.state import COMPARISON, Key
from pages.shared.runs.listing import Listed
from pages.shared.runs.names import comparison_name, short_labels, started
from pages.shared.runs.state import NAME, REFUSED, UNDO

MAX_LINES = 7  # comparisons with buttons of their own
MAX_CSV_ROWS = 300_000  # updates x seeds, about 60 MB


def actions(chosen: Sequence[Listed], runs: Sequence[Listed], zone) -> None:
    """A line of buttons for each comparison that a selected run belongs to, then what is done with all of them."""
    ids = list(dict.fromkeys(run.row.comparison for run in chosen))
    for comparison in ids[:MAX_LINES]:
        _line(comparison, [run for run in runs if run.row.comparison == comparison], zone)
    with st.container(horizontal=True, vertical_alignment="center"):
        _csv(chosen, zone)
        if len(ids) > 1:
            st.button(
                f"Delete these {len(ids)} comparisons", icon=":material/delete:", key="runs:delete", on_click=_delete, args=(ids, runs),
                help="All their sides. It can be undone.")  # fmt: skip


def _line(comparison: str, sides: Sequence[Listed], zone) -> None:
    """The buttons of one comparison; `sides` are all its runs."""
    row = sides[0].row
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.text(f"{comparison_name(row)} · {' and '.join(run.row.label for run in sides)} · {started(row, zone):%d %b %H:%M}")
    with right.container(horizontal=True, vertical_alignment="center"):
        st.page_link("app.py", label="Open on Compare", icon=":material/ssid_chart:", query_params={"comparison": comparison})
        again = st.button(
            "Run again", icon=":material/replay:", key=f"runs:again:{comparison}", type="tertiary",
            help="The same settings and seeds, as a new comparison. One that goes on is stopped first.")  # fmt: skip
        _rename(comparison, row.name)
        _zip(comparison, sides)
        st.button(
            "Delete", icon=":material/delete:", key=f"runs:delete:{comparison}", on_click=_delete, args=([comparison], sides),
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


def _rename(comparison: str, name: str) -> None:
    key = NAME(comparison)
    with st.popover("Rename", icon=":material/edit:", type="tertiary"), st.form(f"runs:rename:{comparison}", border=False):
        st.text_input(
            "Name", value=name, max_chars=MAX_NAME, key=key.name, placeholder="its scenario", help="Empty takes the name away."
        )
        st.form_submit_button("Save the name", type="primary", on_click=_save_name, args=(comparison, key))


def _save_name(comparison: str, key: Key[str]) -> None:
    store().rename(comparison, clean_name(key.get()))


def _delete(comparisons: Sequence[str], runs: Sequence[Listed]) -> None:
    """Stop unfinished runs, hide all of them, and remember them for undo."""
    gone = [run for run in runs if run.row.comparison in comparisons]
    live = {run.row.comparison for run in gone if not run.over}
    for comparison in comparisons:
        if comparison in live:
            with suppress(UnknownComparison):  # it trains in another process, which ends it when nobody is watching
                manager().stop(comparison)
        store().delete(comparison)
    if COMPARISON.get() in comparisons:
        COMPARISON.set(None)  # Compare would go on showing it
    what = comparison_name(gone[0].row) if len(comparisons) == 1 else f"{len(comparisons)} comparisons"
    stopped = " What was still going on has been stopped." if live else ""
    UNDO.set((tuple(comparisons), f"Deleted: {what}, {len(gone)} runs.{stopped}"))


def _csv(chosen: Sequence[Listed], zone) -> None:
    rows = sum(run.row.updates * (run.brief.replicas or 1) for run in chosen)
    labels = short_labels([(run.row, run.brief) for run in chosen], zone)
    ids = {label: run.row.stored_id for label, run in zip(labels, chosen, strict=True) if run.row.updates}
    history = store()  # the file is made outside the script, when the button is pressed
    st.download_button(
        "CSV of the selected runs", lambda: runs_csv(history, ids), "dapo-lab-runs.csv", "text/csv", on_click="ignore",
        icon=":material/download:", key="runs:csv", disabled=not ids or rows > MAX_CSV_ROWS,
        help="One row per run, update and seed; the column algorithm names the run.")  # fmt: skip
    if rows > MAX_CSV_ROWS:
        st.caption(f"One CSV holds at most {MAX_CSV_ROWS:,} rows, and these runs have {rows:,}; select fewer.")


def runs_csv(history: Store, ids: dict[str, int]) -> str:
    """The runs, label -> id, as one table, as far as they are stored. One that cannot be read is left out."""
    results = {}
    for label, stored_id in ids.items():
        with suppress(LookupError, ConfigError, StoreError):
            results[label] = RunResult(history.run(stored_id).config, history.load_history(stored_id))
    return metrics_csv(results) if results else ""


def _zip(comparison: str, sides: Sequence[Listed]) -> None:
    scenario, history = sides[0].row.scenario, store()
    ready = all(run.over for run in sides) and any(run.row.updates for run in sides)

    def everything() -> bytes:
        results = history.results(comparison)
        return archive(scenario, results, summarise(scenario, results))

    st.download_button(
        "Zip", everything, f"{scenario}.zip", "application/zip", on_click="ignore", icon=":material/folder_zip:",
        type="tertiary", key=f"runs:zip:{comparison}", disabled=not ready,
        help="Metrics, settings, summary and report of all sides, when they are over.")  # fmt: skip
