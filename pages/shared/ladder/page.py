"""The page *Ablation ladder* from top to bottom."""

from __future__ import annotations

import streamlit as st

from core.data.ladder import SHIPPED_LADDER
from core.ladder import COUNTS, ORDERS
from pages.shared.common.theme import dark_theme
from pages.shared.common.trouble import plainly, show_missing_history
from pages.shared.ladder.controls import controls
from pages.shared.ladder.drawing import show_bars
from pages.shared.ladder.finished import finished_part
from pages.shared.ladder.interactions import show_interactions
from pages.shared.ladder.numbers import show_downloads, show_rungs, show_table
from pages.shared.ladder.opened import back_to_shipped, current_ladder
from pages.shared.ladder.progress import show_progress

COUNT_NAMES = {"updates": "per update", "samples": "per sample"}


@plainly
def ladder_page() -> None:
    st.title("Ablation ladder")
    show_missing_history()
    st.markdown(
        "Which of DAPO's techniques carries the weight? GRPO with each technique added in turn, and DAPO with each taken away, on the same "
        "seeds, beside the ladder that the DAPO paper published and verl's reruns of it."
    )
    ladder = current_ladder()
    _whose(ladder)
    order = controls(ladder, _order)
    show_progress(ladder)
    count = _count()
    finished = finished_part(ladder)
    table = finished.tables.get(order)
    dark = dark_theme()
    show_bars(finished, table, count, dark=dark)
    if table is not None:
        show_table(table, count)
        show_rungs(ladder, finished, table)
        show_downloads(ladder, finished)
    show_interactions(count, dark=dark)


def _whose(ladder) -> None:
    if ladder is None:
        st.info(
            f"**A finished example, computed earlier by this code** (`{SHIPPED_LADDER.command}`). Press **Run it yourself** to train your own.",
            icon=":material/inventory_2:")  # fmt: skip
        return
    words, button = st.columns([3, 1], vertical_alignment="center")
    words.markdown(
        f"**Your own ladder**: seeds {ladder.seeds[0]} to {ladder.seeds[-1]}, {ladder.length} per rung. It is kept under *Runs*, "
        "and this page's address opens it again."
    )
    button.button(
        "Back to the finished example", icon=":material/undo:", width="stretch", key="ladder:back", on_click=back_to_shipped
    )


def _order() -> str:
    return st.segmented_control(
        "Ladder", list(ORDERS), default="ours", format_func=lambda name: ORDERS[name].short, key="ladder_order", required=True,
        bind="query-params", persist_state="session")  # fmt: skip


def _count() -> str:
    return st.segmented_control(
        "Counted", list(COUNTS), default="updates", format_func=COUNT_NAMES.get, key="ladder_count", required=True,
        bind="query-params", persist_state="session",
        help="Per update: every rung after as many updates. Per sample: every rung when it has generated as many completions as the "
        "rung that generated fewest; dynamic sampling generates several times as many per update.")  # fmt: skip
