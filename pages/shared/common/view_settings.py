"""How a live board is looked at: its x-axis, smoothing, and what is shown. Kept over pages."""

from __future__ import annotations

import streamlit as st

from pages.shared.common.state import OPTIONS, SMOOTHING, XAXIS

AXES = {"update": "updates", "rollout": "rollouts", "samples": "samples generated", "wall_seconds": "wall time"}
LOG_AXES = {"update": "steps as logged", "share": "share of the run"}
LOG, SEEDS = "log gradient", "single seeds"


def view_settings(prefix: str) -> None:
    """The widgets. What they say: `chosen_view`, also in a fragment that runs without them."""
    axis, smoothing, options = st.columns([2.6, 1.3, 1.6], vertical_alignment="bottom")
    axis.segmented_control(
        "x-axis",
        list(AXES),
        default="update",
        format_func=AXES.get,
        key=XAXIS(prefix).name,
        required=True,
        persist_state="session",
    )
    smoothing.slider("Smoothing", 0.0, 0.99, 0.9, key=SMOOTHING(prefix).name, persist_state="session",
                     help="A moving average; the raw line stays visible behind it.")  # fmt: skip
    options.pills("Show", [LOG, SEEDS], selection_mode="multi", key=OPTIONS(prefix).name, label_visibility="collapsed",
                  persist_state="session")  # fmt: skip


def log_view_settings(prefix: str) -> None:
    """The widgets for a log, which has no samples, no time and no seeds to choose. "update" stands for its steps."""
    axis, smoothing, options = st.columns([2.6, 1.3, 1.6], vertical_alignment="bottom")
    axis.segmented_control(
        "x-axis",
        list(LOG_AXES),
        default="update",
        format_func=LOG_AXES.get,
        key=XAXIS(prefix).name,
        required=True,
        persist_state="session",
        help="As a share of the run, runs whose steps do not compare can be laid over each other.",
    )
    smoothing.slider("Smoothing", 0.0, 0.99, 0.6, key=SMOOTHING(prefix).name, persist_state="session",
                     help="A moving average; the raw line stays visible behind it.")  # fmt: skip
    options.pills("Show", [LOG], selection_mode="multi", key=OPTIONS(prefix).name, label_visibility="collapsed",
                  persist_state="session")  # fmt: skip


def chosen_view(prefix: str) -> dict:
    """The arguments of `live_board` that the widgets stand for."""
    options = OPTIONS(prefix).get() or []
    return {
        "xaxis": XAXIS(prefix).get() or "update",
        "smoothing": SMOOTHING(prefix).get(),
        "log": ["grad_norm"] if LOG in options else [],
        "seeds": SEEDS in options,
    }
