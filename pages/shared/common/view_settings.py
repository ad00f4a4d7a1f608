"""How a live board is looked at: its x-axis, smoothing, and what is shown. Kept over pages."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.settings.run import RunConfig
from pages.shared.common.state import OPTIONS, SMOOTHING, XAXIS, Key

AXES = {"update": "updates", "rollout": "rollouts", "samples": "samples", "wall_seconds": "wall time"}
PRICED = AXES | {"token_cost": "cost"}
ABOUT_COST = (
    "*Cost* counts the tokens that were trained on, and those generated at the price of the setting *generation price*: wall time as it would "
    "be elsewhere. On real systems generation is dear, but what dynamic sampling generates again is partly hidden behind the longest "
    "completion, which all wait for."
)
LOG_AXES = {"update": "steps as logged", "share": "share of the run"}
LOG, SEEDS = "log gradient", "single seeds"
# On a phone the charts come first: the board's button *View* (browser/frame.js) shows the settings and hides them again. Where they do not
# fit side by side, such as on a tablet or in the frame of another page, what does not fit stands below: it would be cut off.
CSS = """
@media (max-width: 640px) { html:not([data-lb-view]) [class*='st-key-view_settings'] { display: none; } }
@media (min-width: 640.01px) {
  [class*='st-key-view_settings'] [data-testid='stHorizontalBlock'] { flex-wrap: wrap; row-gap: 0.5rem; }
  [class*='st-key-view_settings'] [data-testid='stColumn'] { min-width: 9rem; }
  [class*='st-key-view_settings'] [data-testid='stColumn']:first-child { min-width: min(100%, 27rem); }
  [class*='st-key-view_settings'] [data-testid='stColumn']:last-child { min-width: 14rem; }
}
"""


def budget_axis(configs: Iterable[RunConfig]) -> str:
    """The x-axis that runs are looked at by default: what their budget is measured in."""
    return "samples" if any(config.samples is not None for config in configs) else "update"


def view_settings(prefix: str, axis: str = "update", *, priced: bool = False) -> None:
    """The widgets, with this x-axis at first; `priced` if the board is told what the runs cost. What they say: `chosen_view`, also in a
    fragment that runs without them."""
    axes, smoothing, options = _row(prefix)
    axes.segmented_control(
        "x-axis",
        list(PRICED if priced else AXES),
        default=axis,
        format_func=PRICED.get,
        key=axis_key(prefix, axis).name,
        required=True,
        persist_state="session",
        help=ABOUT_COST if priced else None,
    )
    smoothing.slider("Smoothing", 0.0, 0.99, 0.9, key=SMOOTHING(prefix).name, persist_state="session",
                     help="A moving average; the raw line stays visible behind it.")  # fmt: skip
    options.pills("Show", [LOG, SEEDS], selection_mode="multi", key=OPTIONS(prefix).name, label_visibility="collapsed",
                  persist_state="session")  # fmt: skip


def log_view_settings(prefix: str, axis: str = "update") -> None:
    """The widgets for logs, which have no samples, no time and no seeds to choose, with this x-axis at first. "update" stands for steps."""
    axes, smoothing, options = _row(prefix)
    axes.segmented_control(
        "x-axis",
        list(LOG_AXES),
        default=axis,
        format_func=LOG_AXES.get,
        key=axis_key(prefix, axis).name,
        required=True,
        persist_state="session",
        help="As a share of the run, runs whose steps do not compare can be laid over each other.",
    )
    smoothing.slider("Smoothing", 0.0, 0.99, 0.6, key=SMOOTHING(prefix).name, persist_state="session",
                     help="A moving average; the raw line stays visible behind it.")  # fmt: skip
    options.pills("Show", [LOG], selection_mode="multi", key=OPTIONS(prefix).name, label_visibility="collapsed",
                  persist_state="session")  # fmt: skip


def _row(prefix: str) -> list:
    with st.container(key=f"view_settings:{prefix}"):
        st.html(f"<style>{CSS}</style>")
        return st.columns([2.9, 1.2, 1.6], vertical_alignment="bottom")


def axis_key(prefix: str, axis: str) -> Key[str]:
    """Of the choice of the x-axis where `axis` is the first: who changes that of runs with one kind of budget has not chosen that of runs with
    the other."""
    return XAXIS(prefix if axis == "update" else f"{prefix}{axis}:")


def chosen_view(prefix: str, axis: str = "update") -> dict:
    """The arguments of `live_board` that the widgets stand for."""
    options = OPTIONS(prefix).get() or []
    return {
        "xaxis": axis_key(prefix, axis).get() or axis,
        "smoothing": SMOOTHING(prefix).get(),
        "log": ["grad_norm"] if LOG in options else [],
        "seeds": SEEDS in options,
    }
