"""A page with nothing but the live board, replaying made-up runs; query parameters and widgets stand for what the real page decides."""

import time

import streamlit as st

from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import CHARTS
from pages.shared.common.live_board.payload import picture_of
from pages.shared.common.series import find_events
from tests.browser.made_up import UPDATES, histories

st.set_page_config(layout="wide")


query = st.query_params
rate, start, stop = float(query.get("rate", 40)), int(query.get("start", 200)), int(query.get("stop", UPDATES))
st.session_state.setdefault("began", time.monotonic())


def lose_a_snapshot() -> None:
    """Single seeds are asked for, and the snapshot that has them is lost on its way."""
    st.session_state.seeds = True
    st.session_state["board:sender"].sent.picture = picture_of(query.get("comparison", "a"), histories(1), CHARTS, True)


with st.sidebar:
    axis = st.segmented_control("axis", ["update", "rollout", "samples", "wall_seconds"], default="update", key="axis")
    smoothing = st.slider("smoothing", 0.0, 0.9, 0.0, 0.1, key="smoothing")
    log = st.toggle("log", key="log")
    seeds = st.toggle("seeds", key="seeds")
    lose = st.button("lose points")
    thin = st.button("thin")
    st.button("lose a snapshot", on_click=lose_a_snapshot)
    away = st.toggle("away", key="away")


@st.fragment(run_every=None if "still" in query else 0.5)
def board() -> None:
    if (st.session_state.get("board") or {}).get("resync"):
        st.session_state.asked = st.session_state.get("asked", 0) + 1
    waiting = "waits" in query and "asked" not in st.session_state  # a run whose first points come when the board asks for them
    done = 0 if waiting else min(start + int(rate * (time.monotonic() - st.session_state.began)), stop)
    runs = histories(done)
    badge = {"state": "live", "text": f"live · update {done}"} if done < stop else {"state": "done", "text": "done"}
    shown = {
        "xaxis": axis,
        "smoothing": smoothing,
        "log": ["grad_norm"] if log else [],
        "seeds": seeds,
        "events": find_events(runs) if done < 1000 else [],
        "badge": badge,
    }
    live_board(runs, key="board", comparison=query.get("comparison", "a"), **shown)
    st.caption(f"asked {st.session_state.get('asked', 0)} times")


if lose:  # as if two ticks in a row were lost: the board is told of points behind a gap
    sent = st.session_state["board:sender"].sent
    sent.last, sent.before = ({label: update + 50 for label, update in mark.items()} for mark in (sent.last, sent.before))
if thin:  # as if the run were too fast for what may be sent
    st.session_state["board:sender"].sent.pace.level += 1
if not away:
    board()
