"""The progress of each rung while a ladder trains. The rest of the page is redrawn only when a rung has finished."""

from __future__ import annotations

import streamlit as st

from core.analysis.markdown import plain
from core.analysis.result import Status
from core.runs.view import RunView
from pages.shared.common.process import manager
from pages.shared.common.trouble import plainly, show_unwritten
from pages.shared.ladder.opened import Ladder

TICK_SECONDS = 1.0
ICONS = {
    Status.QUEUED: ":material/schedule:",
    Status.RUNNING: ":material/play_circle:",
    Status.PAUSED: ":material/pause_circle:",
    Status.DONE: ":material/check:",
    Status.FAILED: ":material/error:",
    Status.STOPPED: ":material/stop_circle:",
    Status.INTERRUPTED: ":material/power_off:",
}


def show_progress(ladder: Ladder | None) -> None:
    if ladder is None:
        return
    view = ladder.view
    over = _over(view.runs)
    if view.finished and all(run.status is Status.DONE for run in view.runs.values()):
        return
    st.fragment(_progress, run_every=None if view.finished else TICK_SECONDS)(ladder.id, over)


def _over(runs) -> frozenset[str]:
    return frozenset(label for label, run in runs.items() if run.status.finished)


@plainly
def _progress(comparison: str, drawn: frozenset[str]) -> None:
    view = manager().view(comparison)
    done, total = (sum(getattr(run, name) for run in view.runs.values()) for name in ("updates", "total"))
    over = _over(view.runs)
    if not view.finished:
        st.progress(done / total, text=f"{len(over)} of {len(view.runs)} rungs are over, {done:,} of {total:,} updates")
    lines = [f"{ICONS[run.status]} **{plain(label)}** {told(run)}" for label, run in view.runs.items()]
    half = -(-len(lines) // 2)
    for column, part in zip(st.columns(2), (lines[:half], lines[half:]), strict=True):
        column.markdown("  \n".join(part))
    for label, run in view.runs.items():
        if run.status is Status.FAILED:
            st.error(f"**{plain(label)}**, after {run.updates} updates: {plain(run.error)}", icon=":material/error:")
    show_unwritten()
    if over != drawn:
        st.rerun()


def told(run: RunView) -> str:
    """The state of a run in a few words: 'running, 120 of 480 updates'."""
    if run.status is Status.QUEUED:
        return f"queued, number {run.position}" if run.position else "queued"
    if run.status is Status.DONE:
        return "done"
    if run.status is Status.RUNNING and run.preparing:
        return "preparing"
    return f"{run.status}, {run.updates} of {run.total} updates"
