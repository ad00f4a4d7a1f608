"""The selected runs over each other on the live board, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import streamlit as st

from core.analysis.charts.palette import KNOWN, OTHERS
from core.analysis.csv_files import safe_table
from core.analysis.history import History
from core.engine.tasks import TASKS
from core.logs.kept import DamagedLog
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from pages.shared.common import series
from pages.shared.common.finding_marks import finding_marks
from pages.shared.common.lab_diagnosis import diagnosis_marks, lab_diagnosis
from pages.shared.common.labels import chart_text, distinct
from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import CHARTS, board_charts
from pages.shared.common.live_board.payload import BoardContents
from pages.shared.common.live_board.sender import Moment
from pages.shared.common.log_charts import charts_for as charts_of_logs
from pages.shared.common.view_settings import chosen_view, log_view_settings, view_settings
from pages.shared.runs.listed import Listed, ListedLog, ListedRun, RunId
from pages.shared.runs.names import short_labels
from pages.shared.runs.settings import difference_rows
from pages.shared.runs.state import EVENTS, STYLE_OF_RUN

STYLES = (*KNOWN.values(), *OTHERS)
OWN_STYLE = {label: i for i, label in enumerate(KNOWN)}
MAX_DRAWN = len(STYLES)  # one colour and dash each
MAX_SEED_UPDATES = 500_000  # drawn at once, about 180 bytes each
MAX_WITH_EVENTS = 3  # more names in one chart than these hide the lines
OF_LOGS = "runs:logs:"  # the view where a log is drawn, which has no samples and no time


def overlay(chosen: Sequence[Listed], zone) -> None:
    """The charts with one line per run."""
    drawn, histories, problems = _readable(chosen)
    for problem in problems:
        st.warning(problem, icon=":material/visibility_off:")
    if not drawn:
        return
    labels = distinct([chart_text(label) for label in short_labels([run.naming for run in drawn], zone)])
    styles = _styles(drawn)
    for note in notes(drawn):
        st.caption(f":material/info: {note}")
    by_label = dict(zip(labels, histories, strict=True))
    contents = BoardContents(
        by_label,
        comparison="runs:" + ",".join(f"{run.id}.{style}" for run, style in zip(drawn, styles, strict=True)),
        **_view(drawn),
        events=_events(drawn, by_label) if len(drawn) <= MAX_WITH_EVENTS else [],
        charts=charts_for(drawn),
        badge={"state": "live", "text": "goes on"} if not all(run.over for run in drawn) else None,
        sides=[{"label": label, **STYLES[style]} for label, style in zip(labels, styles, strict=True)],
    )
    live_board(lambda: Moment(contents), key="runs:board")  # the page is drawn anew every second while a run goes on
    lab = _lab(drawn, by_label)
    if lab:
        lab_diagnosis(lab, _marks(drawn, by_label), key="runs")
    if len(drawn) > MAX_WITH_EVENTS:
        st.caption("What happened in each run, and when, stands in the table, under Outcome.")


def _view(drawn: Sequence[Listed]) -> dict:
    """The settings of the view, drawn here: a share of the run is the first x-axis where steps do not compare."""
    if not any(isinstance(run, ListedLog) for run in drawn):
        view_settings("runs:")
        return chosen_view("runs:")
    axis = "update" if len(_kinds_of_steps(drawn)) == 1 else "share"
    log_view_settings(OF_LOGS, axis)
    return chosen_view(OF_LOGS, axis)


def _kinds_of_steps(runs: Sequence[Listed]) -> set[str]:
    """What a step is in these runs: of the Lab's an update of the Lab's small task, of a log what its trainer counts."""
    return {run.step_unit if isinstance(run, ListedLog) else run.source for run in runs}


def settings_diff(chosen: Sequence[ListedRun], zone) -> None:
    """One row per setting in which runs of the Lab differ, one column per run."""
    chosen = chosen[:MAX_DRAWN]
    st.subheader("Settings that differ")
    labels = short_labels([run.naming for run in chosen], zone)
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
    if len(_kinds_of_steps(runs)) > 1:
        found.append(
            "A step is not the same in all of these runs: in the Lab it is an update of a small task, in a log what its trainer counts. As a "
            "*share of the run* they lie over each other from beginning to end; compare shapes, not heights."
        )
    elif len({run.total or run.updates for run in runs}) > 1:
        found.append("These runs have different lengths: a line ends where its run ends.")
    return found


def charts_for(runs: Sequence[Listed]) -> tuple[dict, ...]:
    """The board's charts: the Lab's six if a run of the Lab is drawn, then all that the logs have."""
    lab = [run for run in runs if isinstance(run, ListedRun)]
    logs = charts_of_logs([run.run() for run in runs if isinstance(run, ListedLog)], ())
    if not lab:
        return logs
    charts = charts_of_tasks({run.brief.task for run in lab} | ({""} if logs else set()))
    names = {chart["name"] for chart in charts}
    return (*charts, *(chart for chart in logs if chart["name"] not in names))


def charts_of_tasks(tasks: Collection[str]) -> tuple[dict, ...]:
    """The board's charts for runs on these tasks, '' = a task that is none of the Lab's. On several of them the score has no name of its own
    and no bounds."""
    known = [task for task in tasks if task in TASKS]
    if len(known) == 1 and "" not in tasks:
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


def assign_styles(before: Mapping[RunId, int], runs: Sequence[tuple[RunId, str]]) -> dict[RunId, int]:
    """Run id -> number of its style, for (run id, label) of at most MAX_DRAWN runs: a run keeps the one it had, takes its algorithm's own
    one if that is free, or else the next free one, preferably one that is not an algorithm's own."""
    given = {run_id: before[run_id] for run_id, _ in runs if run_id in before}
    order = sorted(range(MAX_DRAWN), key=lambda style: style in OWN_STYLE.values())
    for run_id, label in runs:
        if run_id not in given:
            wish = OWN_STYLE.get(label)
            free = [style for style in order if style not in given.values()]
            given[run_id] = wish if wish in free else free[0]
    return given


def _styles(drawn: Sequence[Listed]) -> list[int]:
    given = assign_styles(STYLE_OF_RUN.get(), [(run.id, run.naming.label if isinstance(run, ListedRun) else "") for run in drawn])
    STYLE_OF_RUN.set(given)
    return [given[run.id] for run in drawn]


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
        if run.size > room:
            too_long += 1
            continue
        try:
            history = run.history()
        except (ConfigError, LookupError, StoreError, DamagedLog):
            unreadable += 1
            continue
        room -= run.size
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


def _events(drawn: Sequence[Listed], histories: Mapping[str, History]) -> list[dict]:
    """Collapses and vanished gradients of the Lab's runs, looked for anew only when there are twenty more updates; what was found in logs."""
    lab = _lab(drawn, histories)
    mark = [(run.id, label, len(history) // 20) for run, (label, history) in zip(drawn, histories.items(), strict=True)]
    found = EVENTS.of(mark, lambda: series.find_events(lab))
    for run, label in zip(drawn, histories, strict=True):
        if isinstance(run, ListedLog) and run.outcome is not None:
            found = [*found, *finding_marks(label, run.outcome.findings)]
    return [*found, *diagnosis_marks(lab, _marks(drawn, histories), key="runs")]


def _lab(drawn: Sequence[Listed], histories: Mapping[str, History]) -> dict[str, History]:
    """Those of the Lab's own runs."""
    pairs = zip(drawn, histories.items(), strict=True)
    return {label: history for run, (label, history) in pairs if isinstance(run, ListedRun) and history.trained}


def _marks(drawn: Sequence[Listed], labels: Collection[str]) -> dict[str, tuple]:
    return {label: (run.id,) for run, label in zip(drawn, labels, strict=True)}
