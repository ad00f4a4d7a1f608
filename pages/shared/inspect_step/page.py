"""The page *Inspect a step* from top to bottom."""

from __future__ import annotations

import time

import streamlit as st

from core.analysis.charts.palette import side_styles
from core.analysis.markdown import plain
from core.analysis.result import RunResult, Status
from core.data.comparison import SCENARIO
from core.engine.forks import stage_at
from core.inspection.sentences import summary
from core.inspection.step import Step, check_against
from core.inspection.treatment import treat
from core.settings.scenarios import SCENARIOS
from pages.shared.common.process import manager, visitor, watch
from pages.shared.common.theme import dark_theme
from pages.shared.common.trouble import plainly
from pages.shared.inspect_step.batch import batch_part
from pages.shared.inspect_step.controls import controls
from pages.shared.inspect_step.group import group_part
from pages.shared.inspect_step.place import find_place, link, place, problems
from pages.shared.inspect_step.replays import Replays

STAGES = {
    "base model": "Preparing the base model: {done} of {total} steps",
    "replay": "Training again up to this update: {done} of {total} updates",
}
REFRESH_SECONDS = 0.1
STATES = {
    Status.QUEUED: "{label} is waiting in the queue and has {done} of {total} updates.",
    Status.RUNNING: "{label} is training and has {done} of {total} updates.",
    Status.PAUSED: "{label} is paused and has {done} of {total} updates.",
    Status.DONE: "{label} is done, after {done} of {total} updates.",
    Status.STOPPED: "{label} was stopped after {done} of {total} updates.",
    Status.INTERRUPTED: "{label} was interrupted after {done} of {total} updates.",
    Status.FAILED: "{label} failed after {done} of {total} updates.",
}


@st.cache_resource(show_spinner=False)
def kept_steps() -> Replays:
    """The steps inspected in this process. Replays start from the checkpoints that the training of live runs keeps."""
    return Replays(manager())


@plainly
def inspect_page() -> None:
    st.title("Inspect a step")
    notices, where, told, body = (st.container() for _ in range(4))
    results = find_place()
    with notices:
        for problem in problems():
            st.warning(problem, icon=":material/link_off:")
        if not results:
            st.info("Nothing was measured in these runs yet: wait for their first update.", icon=":material/hourglass_empty:")
            st.page_link("app.py", label="Go to Compare", icon=":material/ssid_chart:")
            return
        _about(results[place().run])
    with where:
        controls(results)
    with told:
        step = _replayed(results[place().run])
    if step is None:
        return
    seen = treat(step)
    with told:
        st.markdown(f"**{plain(summary(step, seen, place().run))}**")
        _verified(step, results[place().run])
    with body:
        style = next(s for s in side_styles(results) if s["label"] == place().run)
        dark = dark_theme()
        color = style["color_dark" if dark else "color"]
        number = batch_part(step, seen, color=color, dark=dark)
        group_part(step, seen, number, results, color=color, dark=dark)
        with st.popover("Share", icon=":material/share:"):
            st.markdown("This very step:")
            st.code(link(), language=None, wrap_lines=True)


def _about(result: RunResult) -> None:
    """Show which comparison this is and the state of its run."""
    comparison = place().comparison
    if comparison is None:
        st.caption(f"From the finished example, *{SCENARIOS[SCENARIO].title}*. Start a comparison of your own to look inside it.")
        return
    watch(comparison)
    view = manager().view(comparison)
    run = view.runs[place().run]
    title = SCENARIOS[view.scenario].title if view.scenario in SCENARIOS else view.scenario
    state = STATES[run.status].format(label=plain(place().run), done=result.history.last_update, total=run.total)
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.caption(f"From *{plain(title)}*. {state}")
    if not view.finished:
        button.button("Look for newer updates", icon=":material/refresh:", key="inspect:again")
    if run.error:
        st.error(f"**{plain(place().run)}** ended after update {run.updates}: {plain(run.error)}", icon=":material/error:")


def _replayed(result: RunResult) -> Step | None:
    """The step; None after showing why there is none. A progress bar is shown during the replay, which ends when the visitor leaves the
    page."""
    at, shown, bar = place(), 0.0, st.empty()

    def on_prepare(stage: str, done: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - shown >= REFRESH_SECONDS:
            shown = time.monotonic()
            bar.progress(min(done / max(total, 1), 1.0), STAGES[stage].format(done=done, total=total))

    def on_wait() -> None:
        bar.info(
            "Other replays or runs go on; this one begins when a slot is free.",
            icon=":material/hourglass_top:",
        )

    try:
        config = stage_at(result.config, result.history.first_update, at.update)
        step = kept_steps().step(config, at.seed, at.update, owner=visitor(), on_prepare=on_prepare, on_wait=on_wait)
    except Exception as error:  # any error is shown, and the rest of the page is drawn
        bar.error(f"This update could not be trained again: {plain(str(error) or type(error).__name__)}", icon=":material/error:")
        return None
    bar.empty()
    return step


def _verified(step: Step, result: RunResult) -> None:
    differs = check_against(step, result.history)
    if differs:
        st.warning(plain(differs), icon=":material/warning:")
        return
    st.caption(
        "Nothing is recorded while a run trains. This step was trained again just now, bit for bit, from the nearest state at hand, and "
        f"checked: all {len(step.record.metrics)} numbers that the run has stored about this update are the same to three digits."
    )
