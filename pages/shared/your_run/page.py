"""The page *Your run* from top to bottom."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import streamlit as st

from core.analysis.markdown import plain
from core.logs.model import ROLLOUT
from core.runs.store.store import StoreError
from pages.shared.common.bring_settings import bring_settings
from pages.shared.common.process import hosted, told
from pages.shared.common.trouble import show_missing_history
from pages.shared.common.view_settings import log_view_settings
from pages.shared.your_run.actions import actions, undo_bar
from pages.shared.your_run.beside import choices
from pages.shared.your_run.board import MOST, PREFIX, at_first, board, first_axis, runs_key
from pages.shared.your_run.calculator import calculator
from pages.shared.your_run.columns import ask_accuracy, columns, said
from pages.shared.your_run.findings import findings, headline
from pages.shared.your_run.give import give, limit
from pages.shared.your_run.kept import read_before
from pages.shared.your_run.link import MOST_COLUMNS, read_address, write_address
from pages.shared.your_run.repeated import again_and_again
from pages.shared.your_run.shown import DamagedLog, Shown, shown
from pages.shared.your_run.state import BESIDE, GREETED, MORE, UNDO, WATCHED
from pages.shared.your_run.texts import body, document
from pages.shared.your_run.watching import asked_on_the_command_line

ROOT = Path(__file__).parents[3]  # of the program


def your_run_page() -> None:
    st.title("Your run")
    _greet()
    show_missing_history()
    what = _what()
    if what is None:
        undo_bar()
        st.markdown(document().lead)
        give()
        read_before()
        with st.expander("What can be read", icon=":material/description:", expanded=True):
            st.markdown(body("formats", limit=limit()))
        with st.expander("My trainer writes no file", icon=":material/memory:"):
            st.markdown(body("memory", folder="PATH_OF_THE_LAB" if hosted() else quote(str(ROOT))))
        bring_settings("your_run")
        calculator()
        return
    UNDO.forget()
    with st.expander("Read another log", icon=":material/upload_file:"):
        give()
    _show(what)


def _greet() -> None:
    """The first page of a tab shows what was asked for on the command line."""
    path = asked_on_the_command_line()
    if path and not GREETED.get() and "log" not in st.query_params:
        WATCHED.set(path)
    GREETED.set(True)


def _what() -> Shown | None:
    if "log" in st.query_params:
        WATCHED.set(None)  # a link was opened
    try:
        return shown()
    except LookupError:
        st.error("The log in this link is not known here; it may have been deleted.", icon=":material/link_off:")
    except (StoreError, DamagedLog) as error:
        st.error(f"The log in this link cannot be read: {plain(told(error))}.", icon=":material/error:")
    return None


def _show(what: Shown) -> None:
    read_address(what)
    st.subheader(plain(what.name))
    if what.watched is not None:
        st.markdown(body("followed"))
    actions(what)
    labels = what.labels
    if not labels:
        board(what)
        return
    _choose_runs(what)
    again_and_again(what, _steps)
    headline(what)
    _choose_beside(what)
    log_view_settings(PREFIX, first_axis(BESIDE(what.mark).get()))
    board(what)
    findings(what)
    _choose_columns(what)
    label = st.selectbox("Run", list(labels), key="your_run:run") if len(labels) > 1 else next(iter(labels))
    run = labels[label]
    again_and_again(what, said, label)
    ask_accuracy(what, run)
    columns(what, run)
    bring_settings("your_run")
    calculator(str(what.mark), run)
    write_address(what)


def _choose_runs(what: Shown) -> None:
    if len(what.labels) > 1:
        key = runs_key(what)
        key.made(lambda: at_first(what))
        st.multiselect("Runs on the board", list(what.labels), max_selections=MOST, key=key.name)


def _choose_beside(what: Shown) -> None:
    key = BESIDE(what.mark)
    names = choices(what, key.get())
    key.set([choice for choice in key.get() if choice in names])  # another tab may have deleted one
    st.multiselect(
        "Lay beside it", list(names), format_func=names.get, key=key.name, max_selections=MOST,
        placeholder="Choose runs of the Lab or other logs of yours",
    )  # fmt: skip


def _choose_columns(what: Shown) -> None:
    key, other = MORE(what.mark), what.other_columns
    key.set([column for column in key.get() if column in other])  # one may have been taken for a metric since
    st.multiselect(
        f"Draw other columns too; number of columns that the Lab does not know: {len(other)}",
        other,
        key=key.name,
        max_selections=MOST_COLUMNS,
        disabled=not other,
        placeholder="Choose columns",
    )


def _steps(what: Shown) -> None:
    for line in steps_in_words(what):
        st.caption(line)


def steps_in_words(what: Shown) -> list[str]:
    """What each run is: who wrote it, how long it is, and what one of its steps is."""
    lines = []
    for label, run in list(what.labels.items())[:MOST]:
        by = (
            "a trainer that was not recognised"
            if run.framework.sure == "unknown"
            else f"{run.framework.name} ({run.framework.sure})"
        )
        unit = "rollout, on which one or several updates were made" if run.step_unit == ROLLOUT else "update of the weights"
        span = f"steps {run.steps[0]:,} to {run.steps[-1]:,}" if len(run.steps) else "no training rows"
        lines.append(f"**{plain(label)}**: written by {plain(by)}, {len(run.steps):,} rows, {span}. One step is one {unit}.")
    return lines
