"""The page *Runs* from top to bottom. One fragment draws everything and repeats while a run is unfinished or outcomes are still being
read."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.analysis.markdown import plain
from core.runs.store.store import StoreError
from pages.shared.common.process import told, visitor
from pages.shared.common.trouble import show_missing_history, show_unwritten
from pages.shared.runs.actions import actions
from pages.shared.runs.deleted import deleted_groups, deleted_list, undo_bar
from pages.shared.runs.listed import ListedRun
from pages.shared.runs.listing import list_runs
from pages.shared.runs.overlay import overlay, settings_diff
from pages.shared.runs.state import BUSY, SHOWN
from pages.shared.runs.table import clear_filters, field, filters, selected, table
from pages.shared.runs.unkept import unkept_list

TICK_SECONDS = 1.0


def runs_page() -> None:
    st.title("Runs")
    show_missing_history()
    busy = BUSY.get()
    st.fragment(_body, run_every=TICK_SECONDS if busy else None)(busy)


def _body(drawn_busy: bool) -> None:
    try:
        busy = _page()
    except StoreError as error:
        st.error(f"The history cannot be shown: {plain(told(error))}. Below are the runs in memory.", icon=":material/error:")
        busy = unkept_list()
    if busy != drawn_busy:
        BUSY.set(busy)
        st.rerun()  # only a full run can begin or end the ticking


def _page() -> bool:
    """Draw everything; returns whether it has to be redrawn soon."""
    owner, zone = visitor(), time_zone()
    show_unwritten()
    deleted = deleted_groups(owner)
    undo_bar(list(deleted))
    runs, left = list_runs(owner, set(SHOWN.get()))
    if not runs:
        _empty()
        deleted_list(deleted, zone)
        return False
    st.caption(
        "Every run that you started in this browser, one row per side, and every log that you read on **Your run**, one row per run. Tick "
        "rows to lay them over each other."
    )
    shown = filters(runs)
    if shown:
        table(shown, zone)
    else:
        st.info("No run matches.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", on_click=clear_filters, key="runs:clear")
    st.caption(_counted(len(shown), len(runs), left, zone))
    field(runs, zone)
    chosen = selected(runs)
    if chosen:
        actions(chosen, runs, zone)
        overlay(chosen, zone)
        lab = [run for run in chosen if isinstance(run, ListedRun)]
        if len(lab) > 1:
            settings_diff(lab, zone)
    deleted_list(deleted, zone)
    return left > 0 or not all(run.over for run in runs)


def _counted(shown: int, total: int, left: int, zone: tzinfo) -> str:
    """How many runs there are, in which time zone their times are, and how many outcomes are still to be read."""
    told = [f"There are {total} runs." if total != 1 else "There is 1 run."]
    if shown != total:
        told = [f"{shown} of {total} runs match the filters."]
    told.append(f"Times are in the time zone {zone}.")
    if left:
        told.append(
            f"The outcomes of {left} runs are still being read." if left > 1 else "The outcome of 1 run is still being read."
        )
    return " ".join(told)


def _empty() -> None:
    st.info(
        "There are no runs yet. Go to **Compare**, choose a scenario and press **Run**, or give the log of your own training to **Your run**: "
        "everything is kept here.",
        icon=":material/list_alt:",
    )
    st.page_link("app.py", label="Go to Compare", icon=":material/ssid_chart:")
    st.page_link("pages/your_run.py", label="Go to Your run", icon=":material/upload_file:")


def time_zone() -> tzinfo:
    """The visitor's time zone as the browser reports it; UTC if it is unknown to this system."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
