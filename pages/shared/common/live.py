"""The live part of Compare: the view settings, the board, and the state of the runs."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import streamlit as st

from core.analysis.markdown import plain
from core.analysis.result import RunResult, Status
from core.engine.forks import fork_changes
from core.runs.view import ComparisonView
from core.settings.fields import value_text
from pages.shared.common import series
from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import board_charts
from pages.shared.common.live_board.payload import BoardContents
from pages.shared.common.live_board.sender import Moment, Source
from pages.shared.common.process import history_problem, manager
from pages.shared.common.results import results_of
from pages.shared.common.state import COSTS, EVENTS
from pages.shared.common.trouble import plainly, show_unwritten
from pages.shared.common.view_settings import budget_axis, chosen_view, view_settings

TICK_SECONDS, WAITING_SECONDS = 0.5, 1.0
HEARTBEAT_SECONDS = 60.0
SLOWER_TICKS = (TICK_SECONDS, 1.0, 2.0)
FIRST_SECONDS = (
    20.0  # of a comparison: most are over by then; a longer one changes slowly, and each tick costs browser and training alike
)
BEGINNING_SECONDS = 0.1  # while a run has no point yet: its first ones are shown at once
BOARDS_PER_SECOND = 4  # for all viewers together; with many viewers each gets fewer
PREPARING = {"base model": "preparing the base model", "replay": "training up to the fork"}


def live_part(comparison: str | None, drawn: str, *, opens: bool = True) -> None:
    """`drawn`: the phase that the buttons above were drawn for. The board asks for a full run of the script as soon as it finds another one.
    `opens`: a click on a chart opens that update on *Inspect a step*."""
    view_settings("", budget_axis(result.config for result in results_of(comparison).values()), priced=True)
    over = comparison is None or phase(manager().view(comparison)) == "over"
    # The browser fetches what is new. This timer has Streamlit run the whole page anew after its connection was lost.
    st.fragment(_board, run_every=None if over else HEARTBEAT_SECONDS)(comparison, drawn, opens)


def tick_seconds(view: ComparisonView | None) -> float | None:
    """The interval at which the board asks for new points; None = none will come. It is longer after the first FIRST_SECONDS, and with many
    viewers, watching or queued, because drawing and training share the processor; and short until there is a first point."""
    if phase(view) == "over":
        return None
    if not any(run.status is Status.RUNNING for run in view.runs.values()):
        return WAITING_SECONDS
    first, watchers = time.time() - view.created < FIRST_SECONDS, manager().watchers()
    fair = max(watchers / BOARDS_PER_SECOND, SLOWER_TICKS[0 if first else 1])
    seconds = next((seconds for seconds in SLOWER_TICKS if seconds >= fair), SLOWER_TICKS[-1])
    begun = any(run.updates or run.preparing for run in view.runs.values())
    return seconds if begun else min(seconds, BEGINNING_SECONDS * max(watchers, 1))


def phase(view: ComparisonView | None) -> str:
    """The phase of a comparison: going, paused or over. It decides which buttons are enabled."""
    states = set() if view is None else {run.status for run in view.runs.values()}
    if states & {Status.RUNNING, Status.QUEUED}:
        return "going"
    return "paused" if Status.PAUSED in states else "over"


@plainly
def _board(comparison: str | None, drawn: str, opens: bool) -> None:
    if clicked := live_board(_look(comparison, opens), key="board"):
        place = {"comparison": comparison or "shipped", "run": clicked["side"], "update": str(clicked["update"])}
        st.switch_page("pages/inspect_step.py", query_params=place)
    view = None if comparison is None else manager().view(comparison)
    if view is not None:
        for label, run in view.runs.items():
            if run.error:
                st.error(f"**{plain(label)}**, after {run.updates} updates: {plain(run.error)}", icon=":material/error:")
        if until_end := pause_text(view):
            st.caption(until_end)
        show_unwritten()
    if phase(view) != drawn:
        st.rerun()  # the buttons and the findings, which only a full run draws, are out of date


def _look(comparison: str | None, opens: bool) -> Source:
    """What the board shows of `comparison`. The browser's own requests call it, too, so all that is the tab's is read here."""
    results = results_of(comparison)
    how = chosen_view("", budget_axis(result.config for result in results.values()))
    charts = board_charts(next(iter(results.values())).config.task)
    # Only new updates are looked at: a scan of a long run would cost more than a tick.
    events, costs = EVENTS.of(comparison, series.EventWatch), COSTS.of(comparison, series.CostWatch)
    runs = manager()
    kept = comparison is None or runs.view(comparison).finished  # they do not change, and to read them takes time

    def look() -> Moment:
        view = None if comparison is None else runs.view(comparison)
        found = results if kept else runs.results(comparison)
        histories = {label: result.history for label, result in found.items()}
        shown = BoardContents(
            histories,
            comparison or "shipped",
            **how,
            events=[*events.look(histories), *change_events(found)],
            badge=badge(view),
            charts=charts,
            opens=opens,
            costs=costs.look(found),
        )
        return Moment(shown, tick_seconds(view), view and (phase(view), _errors(view), pause_text(view), history_problem()))

    return look


def _errors(view: ComparisonView) -> tuple[str | None, ...]:
    return tuple(run.error for run in view.runs.values())


def change_events(results: Mapping[str, RunResult]) -> list[dict]:
    """A mark in every chart where the settings of a run were changed in its course."""
    found = []
    for label, result in results.items():
        for config in result.stages[1:]:
            changes = [f"{name.rpartition('.')[2]} {value_text(value)}" for name, value in fork_changes(config).items()]
            what = f"{len(changes)} settings changed" if len(changes) > 1 else changes[0] if changes else "another budget"
            found.append({"side": label, "update": config.fork.update, "text": f"{label}: {what}"})
    return found


def badge(view: ComparisonView | None) -> dict:
    """The badge of a comparison: the most important state among its runs, in words."""
    if view is None:
        return {"state": "done", "text": "finished example"}
    states = {run.status for run in view.runs.values()}
    done, total = (sum(getattr(run, name) for run in view.runs.values()) for name in ("updates", "total"))
    share = f"{done} of {total} updates of {len(view.runs)} sides" if len(view.runs) > 1 else f"{done} of {total} updates"
    preparing = next((run.preparing for run in view.runs.values() if run.preparing), None)
    if Status.RUNNING in states:
        if preparing:
            stage, count, of = preparing
            return {"state": "live", "text": f"{PREPARING[stage]}, {count} of {of} steps"}
        return {"state": "live", "text": f"{share}{_ago(view)}"}
    if Status.QUEUED in states:
        position = min(run.position or 1 for run in view.runs.values() if run.status is Status.QUEUED)
        return {"state": "queued", "text": f"number {position} in the queue"}
    for state in (Status.PAUSED, Status.FAILED, Status.INTERRUPTED, Status.STOPPED):
        if state in states:
            return {"state": state, "text": f"{share}{_ago(view) if state is Status.PAUSED else ''}"}
    return {"state": "done", "text": share}


def pause_text(view: ComparisonView) -> str:
    """On a shared server, when a comparison that is paused will be ended; '' if it is not, or never."""
    bound = manager().limits.paused_seconds
    if bound is None or view.paused_seconds is None:
        return ""
    minutes = max(1, math.ceil((bound - view.paused_seconds) / 60))
    return (
        f"Paused. So that nobody is kept waiting, this shared server ends it in {minutes} {'minute' if minutes == 1 else 'minutes'}, "
        "unless somebody resumes or steps it; what it measured is kept."
    )


def _ago(view: ComparisonView) -> str:
    latest = max((run.last_update_time or 0.0 for run in view.runs.values()), default=0.0)
    return f", last one {max(0.0, time.time() - latest):.0f} s ago" if latest else ""
