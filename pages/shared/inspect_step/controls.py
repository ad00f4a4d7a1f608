"""Which run, seed and update: the widgets, and the jumps to where something happened."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.analysis.result import RunResult
from pages.shared.inspect_step.place import events_of, go, place
from pages.shared.inspect_step.state import CONTROL, LANDMARKS

MOST_CLIPPED = ("clip_fraction_high", "clip_fraction_low")
DEAD = ("all_wrong_fraction", "all_right_fraction")


def controls(results: dict[str, RunResult]) -> None:
    """Widgets always show the step that the tab shows; changing one shows another step."""
    at = place()
    result = results[at.run]
    first, last = max(result.history.first_update, 1), result.history.last_update
    CONTROL("run").set(at.run)
    CONTROL("seed").set(at.seed)
    CONTROL("update").set(at.update)
    run, seed, number = st.columns([2, 1, 1])
    run.selectbox("Run", list(results), key=CONTROL("run").name, on_change=_take, args=("run",))
    seeds = result.config.seeds
    seed.number_input("Seed", seeds[0], seeds[-1], key=CONTROL("seed").name, on_change=_take, args=("seed",))
    number.number_input("Update", first, last, key=CONTROL("update").name, on_change=_take, args=("update",))
    if first < last:
        CONTROL("slider").set(at.update)
        st.slider(
            "Update", first, last, key=CONTROL("slider").name, on_change=_take, args=("slider",), label_visibility="collapsed"
        )
    _steps(result, first, last)
    _jumps(result)


def _take(name: str) -> None:
    value = CONTROL(name).get()
    if value is not None:
        go(**{"update" if name == "slider" else name: value})


def _steps(result: RunResult, first: int, last: int) -> None:
    each, at = result.config.effective_updates_per_rollout, place().update
    begin = result.config.rollout_start(at) + 1
    moves = [
        ("Previous rollout", ":material/keyboard_double_arrow_left:", begin - each),
        ("Previous update", ":material/chevron_left:", at - 1),
        ("Next update", ":material/chevron_right:", at + 1),
        ("Next rollout", ":material/keyboard_double_arrow_right:", begin + each),
    ]
    if each == 1:
        moves = moves[1:3]
    with st.container(horizontal=True, gap="small"):
        for name, icon, target in moves:
            st.button(
                name, icon=icon, key=f"inspect:{name}", disabled=not first <= target <= last, on_click=go,
                kwargs={"update": target}, help=f"Update {target}" if first <= target <= last else None)  # fmt: skip


def _jumps(result: RunResult) -> None:
    """Buttons that jump to events of the run and to extremes of this seed."""
    found = landmarks(result, place().seed)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown("Go to:", width="content")
        for words, update in found.items():
            st.button(
                f"{words}, {update}", key=f"inspect:jump:{words}", type="tertiary", disabled=update == place().update, on_click=go,
                kwargs={"update": update})  # fmt: skip


def landmarks(result: RunResult, seed: int) -> dict[str, int]:
    """Words -> update, in the order of a run. Searched again only when the run has grown."""
    mark = (place().comparison, place().run, len(result.history), seed)
    return LANDMARKS.of(mark, lambda: _landmarks(result, seed))


def _landmarks(result: RunResult, seed: int) -> dict[str, int]:
    history = result.history
    column = history.seeds.index(seed)

    def largest(*names: str) -> int | None:
        total = sum(history.metric(name)[:, column] for name in names)
        return None if np.isnan(total).all() or np.nanmax(total) == 0 else int(history.updates[np.nanargmax(total)])

    found = {
        "first": max(result.history.first_update, 1),
        **events_of(result),
        "most dead groups": largest(*DEAD),
        "largest gradient": largest("grad_norm"),
        "most clipped": largest(*MOST_CLIPPED),
        "latest": history.last_update,
    }
    return {words: update for words, update in found.items() if update is not None}
