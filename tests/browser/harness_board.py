"""A page with nothing but the live board, replaying made-up runs; query parameters and widgets stand for what the real page decides."""

import time

import streamlit as st

from pages.shared.common.live_board import live_board
from pages.shared.common.live_board.charts import CHARTS
from pages.shared.common.live_board.payload import BoardContents, picture_of
from pages.shared.common.live_board.sender import Moment
from pages.shared.common.series import find_events
from tests.browser.made_up import UPDATES, histories

st.set_page_config(layout="wide")


query = st.query_params
rate, start, stop = float(query.get("rate", 40)), int(query.get("start", 200)), int(query.get("stop", UPDATES))
every = float(query.get("every", 0.5))  # s between two looks
st.session_state.setdefault("began", time.monotonic())


def lose_a_snapshot() -> None:
    """Single seeds are asked for, and the snapshot that has them is lost on its way."""
    st.session_state.seeds = True
    st.session_state["board:sender"]._picture = picture_of(query.get("comparison", "a"), histories(1), CHARTS, True)


with st.sidebar:
    axis = st.segmented_control("axis", ["update", "rollout", "samples", "wall_seconds"], default="update", key="axis")
    smoothing = st.slider("smoothing", 0.0, 0.9, 0.0, 0.1, key="smoothing")
    log = st.toggle("log", key="log")
    seeds = st.toggle("seeds", key="seeds")
    thin = st.button("thin")
    st.button("lose a snapshot", on_click=lose_a_snapshot)
    away = st.toggle("away", key="away")


def source():
    began, comparison = st.session_state.began, query.get("comparison", "a")
    shown = {"xaxis": axis, "smoothing": smoothing, "log": ["grad_norm"] if log else [], "seeds": seeds}

    def look() -> Moment:
        done = min(start + int(rate * (time.monotonic() - began)), stop)
        runs = histories(done)
        going = done < stop
        badge = {"state": "live", "text": f"live · update {done}"} if going else {"state": "done", "text": "done"}
        events = find_events(runs) if done < 1000 else []
        return Moment(BoardContents(runs, comparison, **shown, events=events, badge=badge), every if going else None)

    return look


@st.fragment
def board() -> None:
    live_board(source(), key="board")


if thin:  # as if the run were too fast for what may be sent
    st.session_state["board:sender"]._pace.level += 1
if not away:
    board()
