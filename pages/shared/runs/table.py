"""The table of runs, its filters, and which runs are selected.

The selection is a list of run ids of its own. The table's check boxes and the field below only display it, so filtering, sorting and new
rows never change the selection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.analysis.csv_files import safe_table
from pages.shared.common.state import Key
from pages.shared.runs.listed import READ, STATUS_WORDS, Listed, RunId
from pages.shared.runs.listing import as_table
from pages.shared.runs.names import long_labels, scenario_title
from pages.shared.runs.state import FIELD, SCENARIOS, SEARCH, SELECTED, SHOWN, SIDES, SOURCES, STATUSES, TABLE

MAX_HEIGHT, ROW_HEIGHT = 420, 35  # pixels


@dataclass(frozen=True)
class Filter:
    """A field in which values of the runs are chosen: `of` a run its value, '' = it has none."""

    title: str
    key: Key[list[str]]
    of: Callable[[Listed], str]
    shown: Callable[[str], str] = str
    always: Sequence[str] = ()  # offered whether a run has it or not


FILTERS = (
    Filter("Trained by", SOURCES, lambda run: run.source),
    Filter("Scenario", SCENARIOS, lambda run: run.scenario, scenario_title),
    Filter("Side", SIDES, lambda run: run.naming.label),
    Filter("Status", STATUSES, lambda run: run.status, always=(*STATUS_WORDS.values(), READ)),
)


def filters(runs: Sequence[Listed]) -> list[Listed]:
    """Draw the filters and return the runs that pass."""
    text, *places = st.columns([3, 2, 2, 2, 2])
    wanted = text.text_input(
        "Search", key=SEARCH.name, placeholder="name, side, setting, outcome", max_chars=100, persist_state="session",
        help="Shows the runs in which every word occurs: in the name, the scenario, the side, the status, the outcome or a changed setting.",
    )  # fmt: skip
    chosen = [
        place.multiselect(
            about.title,
            _options(runs, about),
            format_func=about.shown,
            key=about.key.name,
            placeholder="all",
            persist_state="session",
        )
        for place, about in zip(places, FILTERS, strict=True)
    ]
    return [run for run in runs if passes(run, wanted or "", *chosen)]


def _options(runs: Sequence[Listed], about: Filter) -> list[str]:
    """What the runs have, and what is chosen although no run has it any more."""
    return list(filter(None, dict.fromkeys((*about.always, *map(about.of, runs), *about.key.get()))))


def passes(run: Listed, text: str, *chosen: Sequence[str]) -> bool:
    """Whether a run is among what is chosen in FILTERS; of each, nothing chosen is everything."""
    if any(wanted and about.of(run) not in wanted for about, wanted in zip(FILTERS, chosen, strict=True)):
        return False
    return not text.strip() or all(word in run.words for word in text.lower().split())


def clear_filters() -> None:
    SEARCH.set("")
    for about in FILTERS:
        about.key.set([])


def selected(runs: Sequence[Listed]) -> list[Listed]:
    """The selected runs that still exist, in the order of selection."""
    by_id = {run.id: run for run in runs}
    return [by_id[run_id] for run_id in SELECTED.get() if run_id in by_id]


def table(runs: Sequence[Listed], zone) -> None:
    """Draw `runs` with a tick for each that is selected."""
    ids = [run.id for run in runs]
    SHOWN.set(ids)
    chosen = set(SELECTED.get())
    ticks = [i for i, run_id in enumerate(ids) if run_id in chosen]
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
    labels = dict(zip((run.id for run in runs), long_labels([run.naming for run in runs], zone), strict=True))
    FIELD.set([run_id for run_id in SELECTED.get() if run_id in labels])
    st.multiselect(
        "Selected runs", list(labels), format_func=lambda run_id: labels.get(run_id, ""), key=FIELD.name, on_change=_chosen,
        placeholder="Tick rows in the table, or type to find a run",
    )  # fmt: skip


def _ticks() -> list[int]:
    state = TABLE.get()
    return list(state["selection"]["rows"]) if state else []


def _ticked() -> None:
    SELECTED.set(after_ticks(SELECTED.get(), SHOWN.get(), _ticks()))


def after_ticks(before: Sequence[RunId], shown: Sequence[RunId], ticks: Sequence[int]) -> list[RunId]:
    """The selection when exactly the rows `ticks` of the table `shown` are ticked. What the table does not show stays selected, and what
    was selected keeps its place."""
    ticked = [shown[i] for i in ticks if i < len(shown)]
    hidden = set(before) - set(shown)
    kept = [run_id for run_id in before if run_id in hidden or run_id in ticked]
    return kept + [run_id for run_id in ticked if run_id not in kept]


def _chosen() -> None:
    SELECTED.set(list(FIELD.get()))


def _columns() -> dict:
    column, number = st.column_config.TextColumn, st.column_config.NumberColumn
    last = "Mean over seeds and over the last 10 % of the updates."
    return {
        "name": column(
            "Name", help="The comparison's name, or its scenario; of a log its file. Rename it below the table.", width="medium"
        ),
        "source": column("Trained by", help="The Lab, or the trainer whose log was read on *Your run*."),
        "side": column("Side", help="Of a log with several runs the run.", width="small"),
        "status": column("Status"),
        "done": number("Updates", help="Done so far; of a log its rows.", format="localized"),
        "total": number("of", format="localized"),
        "outcome": column(
            "Outcome",
            help="Updates at which the detectors fired, looking at the mean over seeds; of a log what its diagnosis found.",
            width="medium",
        ),
        "score": number("Final score", help=f"What 'Score is' names. {last}", format="%.3f"),
        "score_name": column("Score is"),
        "entropy": number("Final entropy", help=f"Nats. {last}", format="%.3f"),
        "gradient": number("Final gradient", help=f"Norm before clipping. {last}", format="%.4f"),
        "filter": number("Final filter ratio", help=f"Groups dropped ÷ groups generated. {last}", format="%.3f"),
        "changes": column("Changed settings", help="What differs from the scenario's own settings.", width="medium"),
        "replicas": number("Seeds", help="How many replicas were trained at once."),
        "first_seed": number("First seed", format="%d"),
        "started": st.column_config.DatetimeColumn(
            "Started", format="YYYY-MM-DD HH:mm:ss", help="Your local time. A log: when it was read."
        ),
        "seconds": number("Training", help="Seconds of training.", format="%.1f s"),
        "scenario": column("Scenario", width="medium"),
    }
