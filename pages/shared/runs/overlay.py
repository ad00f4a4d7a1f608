"""The selected runs over each other on the live board, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import streamlit as st

from core.analysis.charts.palette import KNOWN, OTHERS
from core.analysis.csv_files import safe_table
from core.analysis.history import History
from core.engine.tasks import TASKS
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from pages.shared.common import series
from pages.shared.common.cache import Cache
from pages.shared.common.labels import chart_text, distinct
from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import CHARTS, board_charts
from pages.shared.common.process import manager, store
from pages.shared.common.view_settings import chosen_view, view_settings
from pages.shared.runs.listing import Listed
from pages.shared.runs.names import short_labels
from pages.shared.runs.outcomes import key
from pages.shared.runs.settings import difference_rows
from pages.shared.runs.state import EVENTS, STYLE_OF_RUN

STYLES = (*KNOWN.values(), *OTHERS)
OWN_STYLE = {label: i for i, label in enumerate(KNOWN)}
MAX_DRAWN = len(STYLES)  # one colour and dash each
MAX_SEED_UPDATES = 500_000  # drawn at once, about 180 bytes each
MAX_WITH_EVENTS = 3  # more names in one chart than these hide the lines


def overlay(chosen: Sequence[Listed], zone) -> None:
    """The six charts with one line per run."""
    drawn, histories, problems = _readable(chosen)
    for problem in problems:
        st.warning(problem, icon=":material/visibility_off:")
    if not drawn:
        return
    labels = distinct([chart_text(label) for label in short_labels([(run.row, run.brief) for run in drawn], zone)])
    styles = _styles(drawn)
    for note in notes(drawn):
        st.caption(f":material/info: {note}")
    view_settings("runs:")
    by_label = dict(zip(labels, histories, strict=True))
    live_board(
        by_label,
        key="runs:board",
        comparison="runs:" + ",".join(f"{run.row.stored_id}.{style}" for run, style in zip(drawn, styles, strict=True)),
        **chosen_view("runs:"),
        events=_events(drawn, by_label) if len(drawn) <= MAX_WITH_EVENTS else [],
        charts=charts_for({run.brief.task for run in drawn}),
        badge={"state": "live", "text": "goes on"} if not all(run.over for run in drawn) else None,
        sides=[{"label": label, **STYLES[style]} for label, style in zip(labels, styles, strict=True)],
    )
    if len(drawn) > MAX_WITH_EVENTS:
        st.caption("Where a run collapsed or its gradient vanished stands in the table, under Outcome.")


def settings_diff(chosen: Sequence[Listed], zone) -> None:
    """One row per setting in which the runs differ, one column per run."""
    chosen = chosen[:MAX_DRAWN]
    st.subheader("Settings that differ")
    labels = short_labels([(run.row, run.brief) for run in chosen], zone)
    settings = {label: run.row.settings for label, run in zip(labels, chosen, strict=True)}
    known = {label: values for label, values in settings.items() if values is not None}
    for label in labels:
        if label not in known:
            st.text(f"The settings of this run are damaged: {label}")
    rows = difference_rows(known)
    if rows:
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(known)).rename_axis("Setting")
        st.dataframe(safe_table(table), width="stretch", alt=f"{len(rows)} settings that differ between {len(known)} runs.")
    elif len(known) > 1:
        st.markdown("Nothing differs: these runs have the same settings and seeds.")


def notes(runs: Sequence[Listed]) -> list[str]:
    """What to mind when these runs are compared."""
    found = []
    scores = {run.brief.task: run.brief.score_name for run in runs if run.brief.task}
    if len(scores) > 1:
        names = " and ".join(f"{task} ({score})" for task, score in scores.items())
        found.append(
            f"These runs are on different tasks: {names}. Reward and score mean different things; compare shapes, not heights."
        )
    if len({run.row.total for run in runs}) > 1:
        found.append("These runs have different lengths: a line ends where its run ends.")
    return found


def charts_for(tasks: Collection[str]) -> tuple[dict, ...]:
    """The board's charts for runs on these tasks. On several of them the score has no name of its own and no bounds."""
    known = [task for task in tasks if task in TASKS]
    if len(known) == 1:
        return board_charts(TASKS[known[0]][0]())
    words = {
        "title": "Score",
        "unit": "differs by task",
        "caption": "The number that counts in the end, of each run on its own task.",
    }
    return tuple(
        {k: v for k, v in chart.items() if k not in ("bounds", "range")} | words if chart["name"] == "eval_accuracy" else chart
        for chart in CHARTS
    )


def assign_styles(before: Mapping[int, int], runs: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Run id -> number of its style, for (run id, label) of at most MAX_DRAWN runs: a run keeps the one it had, takes its algorithm's own
    one if that is free, or else the next free one, preferably one that is not an algorithm's own."""
    given = {stored_id: before[stored_id] for stored_id, _ in runs if stored_id in before}
    order = sorted(range(MAX_DRAWN), key=lambda style: style in OWN_STYLE.values())
    for stored_id, label in runs:
        if stored_id not in given:
            wish = OWN_STYLE.get(label)
            free = [style for style in order if style not in given.values()]
            given[stored_id] = wish if wish in free else free[0]
    return given


def _styles(drawn: Sequence[Listed]) -> list[int]:
    given = assign_styles(STYLE_OF_RUN.get(), [(run.row.stored_id, run.row.label) for run in drawn])
    STYLE_OF_RUN.set(given)
    return [given[run.row.stored_id] for run in drawn]


@st.cache_resource(show_spinner=False)
def _kept_histories() -> Cache[tuple[int, int], History]:
    return Cache(2 * MAX_SEED_UPDATES, size=lambda history: len(history) * len(history.seeds))


def _readable(chosen: Sequence[Listed]) -> tuple[list[Listed], list[History], list[str]]:
    """(runs to draw, their histories, why others are not drawn)."""
    drawn, histories, problems = [], [], []
    if len(chosen) > MAX_DRAWN:
        problems.append(
            f"{len(chosen)} runs are selected; the first {MAX_DRAWN} are drawn. More lines than that cannot be told apart."
        )
    room = MAX_SEED_UPDATES
    too_long = unreadable = 0
    for run in chosen[:MAX_DRAWN]:
        size = run.row.updates * (run.brief.replicas or 1)
        if size > room:
            too_long += 1
            continue
        try:
            history = history_of(run)
        except (ConfigError, LookupError, StoreError):
            unreadable += 1
            continue
        room -= size
        drawn.append(run)
        histories.append(history)
    if too_long:
        problems.append(
            f"{too_long} of them are too long to be drawn beside the others: at most {MAX_SEED_UPDATES:,} updates x seeds."
        )
    if unreadable:
        problems.append(
            f"{unreadable} of them cannot be read: they were written by another version, are damaged, or have been removed."
        )
    return drawn, histories, problems


def history_of(run: Listed) -> History:
    """What a run has measured. LookupError or ConfigError if it cannot be read."""
    if not run.over:
        return manager().history(run.row.comparison, run.row.label)
    return _kept_histories().made(key(run.row), lambda: store().load_history(run.row.stored_id))


def _events(drawn: Sequence[Listed], histories: Mapping[str, History]) -> list[dict]:
    """Collapses and vanished gradients; looked for anew only when there are twenty more updates."""
    mark = [
        (run.row.stored_id, label, len(history) // 20) for run, (label, history) in zip(drawn, histories.items(), strict=True)
    ]
    return EVENTS.of(mark, lambda: series.find_events(histories))
