"""Other people's logs that were read on the page Your run: listed beside the runs, opened, renamed, downloaded, deleted with undo."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.logs.export import lab_csv
from core.runs.store.logs import StoredLog
from pages.shared.common.labels import MAX_NAME, clean_name
from pages.shared.common.process import store
from pages.shared.common.state import Key
from pages.shared.runs.names import moment
from pages.shared.runs.state import LOG_NAME, LOG_UNDO, LOGS_SHOWN

PAGE = 10  # logs with buttons of their own, until more are asked for


def logs_list(owner: str, zone) -> int:
    """Draw them, newest first; how many there are."""
    logs = store().logs.list(owner)
    deleted = store().logs.list(owner, deleted=True)
    if not logs and not deleted:
        return 0
    st.subheader("Your own logs")
    _undo_bar(deleted)
    shown = LOGS_SHOWN.get()
    for log in logs[:shown]:
        _line(log, zone)
    if len(logs) > shown:
        st.button(
            f"Show {min(PAGE, len(logs) - shown)} more", key="runs:logs:more", on_click=LOGS_SHOWN.set, args=(shown + PAGE,)
        )
    if not logs:
        st.caption("There is none now.")
    _deleted(deleted, zone)
    return len(logs)


def _line(log: StoredLog, zone) -> None:
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.text(f"{log.name} · {in_words(log)} · {moment(log.created, zone):%d %b %H:%M}")
    with right.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/your_run.py", label="Open on Your run", icon=":material/upload_file:", query_params={"log": log.id})
        _rename(log)
        history = store()
        st.download_button(
            "CSV", lambda: lab_csv(history.logs.corrected(log)), "your-run.csv", "text/csv", on_click="ignore", icon=":material/download:",
            key=f"runs:log:csv:{log.id}", type="tertiary", help="One row per run and step, in the Lab's columns.",
        )  # fmt: skip
        st.button("Delete", icon=":material/delete:", key=f"runs:log:delete:{log.id}", type="tertiary", on_click=_delete, args=(log,),
                  help="It can be undone.")  # fmt: skip


def in_words(log: StoredLog) -> str:
    """How many runs it has, who wrote them, how many rows they have."""
    runs = log.runs
    frameworks = list(dict.fromkeys(run["framework"] for run in runs if run["framework"] != "unknown"))
    by = f" by {' and '.join(frameworks)}" if frameworks else ""
    rows = sum(run["rows"] for run in runs)
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}{by}, {rows:,} rows"


def _rename(log: StoredLog) -> None:
    key = LOG_NAME(log.id)
    with st.popover("Rename", icon=":material/edit:", type="tertiary"), st.form(f"runs:log:rename:{log.id}", border=False):
        st.text_input("Name", value=log.name, max_chars=MAX_NAME, key=key.name)
        st.form_submit_button("Save the name", type="primary", on_click=_save_name, args=(log.id, key))


def _save_name(log: str, key: Key[str]) -> None:
    if name := clean_name(key.get() or ""):
        store().logs.rename(log, name)


def _delete(log: StoredLog) -> None:
    store().logs.delete(log.id)
    LOG_UNDO.set(log.id)


def _undo_bar(deleted: Sequence[StoredLog]) -> None:
    """For the log that was deleted last."""
    for log in deleted:
        if log.id == LOG_UNDO.get():
            with st.container(horizontal=True, vertical_alignment="center", border=True):
                st.text(f"Deleted: {log.name}.")
                st.button("Undo", icon=":material/undo:", key="runs:log:undo", on_click=store().logs.undelete, args=(log.id,))


def _deleted(deleted: Sequence[StoredLog], zone) -> None:
    if not deleted:
        return
    with st.expander(f"Recently deleted logs ({len(deleted)})", icon=":material/delete:"):
        for log in deleted[:PAGE]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"{log.name} · deleted {moment(log.deleted or 0.0, zone):%d %b %H:%M:%S}")
                st.button(
                    "Bring back", key=f"runs:log:back:{log.id}", on_click=store().logs.undelete, args=(log.id,), type="tertiary"
                )
                with st.popover("Remove for good", type="tertiary"):
                    st.markdown("This removes it with everything that was read. **It cannot be undone.**")
                    st.button(
                        "Yes, remove for good",
                        type="primary",
                        key=f"runs:log:purge:{log.id}",
                        on_click=store().logs.purge,
                        args=(log.id,),
                    )
