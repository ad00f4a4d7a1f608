"""What can be done with the log that is shown: share, download, rename, delete, keep, stop following."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.logs.export import lab_csv
from pages.shared.common.process import store
from pages.shared.common.rename import rename_button
from pages.shared.your_run.give import keep
from pages.shared.your_run.link import link
from pages.shared.your_run.shown import Shown
from pages.shared.your_run.state import NAME, RENAMING, UNDO, WATCHED
from pages.shared.your_run.texts import body, document


def actions(what: Shown) -> None:
    if what.log is not None and not what.own:
        st.caption(document().words("shared")[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        if what.watched is not None:
            if st.button("Keep it as it is now", icon=":material/save:", key="your_run:keep", disabled=not what.reading.runs):
                keep(Path(what.name).name, what.reading)
                st.rerun()
            st.button("Stop watching", icon=":material/stop_circle:", key="your_run:stop", on_click=WATCHED.set, args=(None,))
        if what.log is not None:
            _share(what)
        st.download_button(
            "CSV in the Lab's columns", lambda: lab_csv(what.reading), "your-run.csv", "text/csv", on_click="ignore",
            icon=":material/download:", key="your_run:csv", disabled=not what.reading.runs,
            help="One row per run and step: the Lab's metrics, then every other column under its own name.",
        )  # fmt: skip
        if what.log is not None and not what.own:
            _copy(what)
        if what.own:
            _rename(what.log.id, what.log.name)
            st.button("Delete", icon=":material/delete:", key="your_run:delete", type="tertiary", on_click=_delete, args=(what,),
                      help="It can be undone.")  # fmt: skip


def _share(what: Shown) -> None:
    with st.popover("Share", icon=":material/share:"):
        st.markdown(body("kept") if what.own else document().words("shared")[1]["link"])
        st.code(link(what), language=None, wrap_lines=True)


def _copy(what: Shown) -> None:
    about = "Among your own runs, with what you changed: yours to rename and to delete."
    if st.button("Keep a copy", icon=":material/save:", key="your_run:copy", help=about):
        keep(what.name, what.reading)
        st.rerun()


def _rename(log: str, name: str) -> None:
    rename_button(lambda new: store().logs.rename(log, new), name, form="your_run:rename", key=NAME(log), opened=RENAMING(log))


def _delete(what: Shown) -> None:
    store().logs.delete(what.log.id)
    UNDO.set((what.log.id, what.log.name))
    st.query_params.clear()


def undo_bar() -> None:
    """Stays until something else is shown."""
    if UNDO.get() is None:
        return
    log, name = UNDO.get()
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.text(f"Deleted: {name}.")
        st.button("Undo", icon=":material/undo:", key="your_run:undo-button", on_click=_undo, args=(log,))


def _undo(log: str) -> None:
    store().logs.undelete(log)
    UNDO.forget()
    st.query_params["log"] = log
