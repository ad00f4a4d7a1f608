"""The table of runs, its filters, and which runs are selected.

The selection is a list of run ids of its own. The table's check boxes and the field below only display it, so filtering, sorting and new
rows never change the selection.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.analysis.csv_files import safe_table
from pages.shared.runs.listing import STATUS_WORDS, Listed, as_table
from pages.shared.runs.names import long_labels, scenario_title
from pages.shared.runs.state import FIELD, SCENARIOS, SEARCH, SELECTED, SHOWN, SIDES, STATUSES, TABLE

MAX_HEIGHT, ROW_HEIGHT = 420, 35  # pixels


def filters(runs: Sequence[Listed]) -> list[Listed]:
    """Draw the filters and return the runs that pass."""
    text, scenarios, sides, statuses = st.columns([3, 2, 2, 2])
    wanted = text.text_input(
        "Search", key=SEARCH.name, placeholder="name, side, setting, outcome", max_chars=100, persist_state="session",
        help="Shows the runs in which every word occurs: in the name, the scenario, the side, the status, the outcome or a changed setting.",
    )  # fmt: skip
    chosen = [
        place.multiselect(
            name, list(dict.fromkeys(values)), format_func=shown, key=key.name, placeholder="all", persist_state="session"
        )
        for place, name, key, values, shown in (
            (scenarios, "Scenario", SCENARIOS, [run.row.scenario for run in runs], scenario_title),
            (sides, "Side", SIDES, [run.row.label for run in runs], str),
            (statuses, "Status", STATUSES, STATUS_WORDS, STATUS_WORDS.get),
        )
    ]
    return [run for run in runs if passes(run, wanted or "", *chosen)]


def passes(run: Listed, text: str, scenarios: Sequence[str], sides: Sequence[str], statuses: Sequence[str]) -> bool:
    """Whether a run is among what is chosen; of each list, nothing chosen is everything."""
    row = run.row
    pairs = ((row.scenario, scenarios), (row.label, sides), (row.status, statuses))
    if any(chosen and value not in chosen for value, chosen in pairs):
        return False
    return not text.strip() or all(word in run.words for word in text.lower().split())


def clear_filters() -> None:
    SEARCH.set("")
    for key in (SCENARIOS, SIDES, STATUSES):
        key.set([])


def selected(runs: Sequence[Listed]) -> list[Listed]:
    """The selected runs that still exist, in the order of selection."""
    by_id = {run.row.stored_id: run for run in runs}
    return [by_id[stored_id] for stored_id in SELECTED.get() if stored_id in by_id]


def table(runs: Sequence[Listed], zone) -> None:
    """Draw `runs` with a tick for each that is selected."""
    ids = [run.row.stored_id for run in runs]
    SHOWN.set(ids)
    chosen = set(SELECTED.get())
    ticks = [i for i, stored_id in enumerate(ids) if stored_id in chosen]
    if sorted(_ticks()) != ticks:
        TABLE.set({"selection": {"rows": ticks, "columns": [], "cells": []}})
    st.dataframe(
        safe_table(as_table(runs, zone)), key=TABLE.name, on_select=_ticked, selection_mode="multi-row", hide_index=True,
        placeholder="–",
        column_config=_columns(), height=min(MAX_HEIGHT, ROW_HEIGHT * (len(ids) + 1) + 3),
        alt=f"Table of {len(ids)} runs: what they are called, their state, settings and outcome.",
    )  # fmt: skip


def field(runs: Sequence[Listed], zone) -> None:
    """The selection as a field: it shows selected runs that a filter hides, and can be operated by keyboard."""
    labels = dict(
        zip((run.row.stored_id for run in runs), long_labels([(run.row, run.brief) for run in runs], zone), strict=True)
    )
    FIELD.set([stored_id for stored_id in SELECTED.get() if stored_id in labels])
    st.multiselect(
        "Selected runs", list(labels), format_func=lambda stored_id: labels.get(stored_id, ""), key=FIELD.name, on_change=_chosen,
        placeholder="Tick rows in the table, or type to find a run",
    )  # fmt: skip


def _ticks() -> list[int]:
    state = TABLE.get()
    return list(state["selection"]["rows"]) if state else []


def _ticked() -> None:
    SELECTED.set(after_ticks(SELECTED.get(), SHOWN.get(), _ticks()))


def after_ticks(before: Sequence[int], shown: Sequence[int], ticks: Sequence[int]) -> list[int]:
    """The selection when exactly the rows `ticks` of the table `shown` are ticked. What the table does not show stays selected, and what
    was selected keeps its place."""
    ticked = [shown[i] for i in ticks if i < len(shown)]
    hidden = set(before) - set(shown)
    kept = [stored_id for stored_id in before if stored_id in hidden or stored_id in ticked]
    return kept + [stored_id for stored_id in ticked if stored_id not in kept]


def _chosen() -> None:
    SELECTED.set(list(FIELD.get()))


def _columns() -> dict:
    column, number = st.column_config.TextColumn, st.column_config.NumberColumn
    last = "Mean over seeds and over the last 10 % of the updates."
    return {
        "name": column("Name", help="The comparison's name, or its scenario. Rename it below the table.", width="medium"),
        "side": column("Side"),
        "status": column("Status"),
        "done": number("Updates", help="Done so far.", format="localized"),
        "total": number("of", format="localized"),
        "outcome": column(
            "Outcome", help="Updates at which the detectors fired, looking at the mean over seeds.", width="medium"
        ),
        "score": number("Final score", help=f"What 'Score is' names. {last}", format="%.3f"),
        "score_name": column("Score is"),
        "entropy": number("Final entropy", help=f"Nats. {last}", format="%.3f"),
        "gradient": number("Final gradient", help=f"Norm before clipping. {last}", format="%.4f"),
        "filter": number("Final filter ratio", help=f"Groups dropped ÷ groups generated. {last}", format="%.3f"),
        "changes": column("Changed settings", help="What differs from the scenario's own settings.", width="medium"),
        "replicas": number("Seeds", help="How many replicas were trained at once."),
        "first_seed": number("First seed", format="%d"),
        "started": st.column_config.DatetimeColumn("Started", format="YYYY-MM-DD HH:mm:ss", help="Your local time."),
        "seconds": number("Training", help="Seconds of training.", format="%.1f s"),
        "scenario": column("Scenario", width="medium"),
    }
