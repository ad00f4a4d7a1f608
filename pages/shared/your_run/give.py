"""How a log is given: dropped, as a path (at home only), or pasted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.analysis.markdown import plain
from core.logs import HOME, HOSTED, Bounds, Reading, read_paths, read_several, read_text
from core.logs.bounds import MEGABYTE
from core.runs.store.store import StoreError
from pages.shared.common.labels import clean_name
from pages.shared.common.process import hosted, manager, store, visitor
from pages.shared.your_run.state import FILES, GIVEN, JUST_READ, PATH, REFUSED, TEXT, WATCHED
from pages.shared.your_run.texts import body

READING = "Reading…"
PASTED = "pasted text"
MOST_PASTED = 5_000_000  # characters: of a field with five times as many nothing was drawn within 40 s


def bounds() -> Bounds:
    return HOSTED if hosted() else HOME


def limit() -> int:
    """MB that are read at once."""
    return bounds().bytes // MEGABYTE


def give() -> None:
    """The three ways, and why what was given last is not drawn."""
    names = [":material/upload_file: Drop files", ":material/content_paste: Paste text"]
    if not hosted():
        names.append(":material/folder_open: Watch or read a path")
    drop, paste, *path = st.tabs(names)
    with drop:
        _drop()
    with paste:
        _paste()
    if path:
        with path[0]:
            _path()
    for sentence in REFUSED.get():
        st.error(plain(sentence), icon=":material/block:")


def _drop() -> None:
    files = st.file_uploader(
        body("drop", limit=limit()), accept_multiple_files=True, key=FILES(GIVEN.get()).name, max_upload_size=limit()
    )
    if files:
        names = [file.name for file in files]
        title = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        _read(title, lambda: read_several([(file.name, file.getvalue()) for file in files], bounds()))


def _paste() -> None:
    key = TEXT(GIVEN.get())
    with st.form("your_run:paste", border=False):
        st.text_area(
            body("paste", most=f"{MOST_PASTED:,}"), key=key.name, height=160, max_chars=MOST_PASTED,
            placeholder="step:1 - actor/entropy:0.71 - critic/rewards/mean:0.12 - …",
        )  # fmt: skip
        pressed = st.form_submit_button("Read the text", type="primary", icon=":material/visibility:")
    if pressed and (key.get() or "").strip():
        _read(PASTED, lambda: read_text(key.get(), bounds()))


def _path() -> None:
    with st.form("your_run:path", border=False):
        st.text_input(body("path"), key=PATH.name, placeholder="/data/outputs/run-17", persist_state="session")
        with st.container(horizontal=True):
            watch = st.form_submit_button("Watch", type="primary", icon=":material/monitoring:")
            once = st.form_submit_button("Read once", icon=":material/visibility:")
    typed = (PATH.get() or "").strip()
    if not typed or not (watch or once):
        return
    path = Path(typed).expanduser()
    try:
        known = path.exists()
    except (OSError, ValueError):  # too long, or a character that no path has
        known = False
    if not known:
        REFUSED.set((f"There is no file or folder {clean_name(typed)} on the machine that runs this program.",))
        st.rerun()
    if watch:
        REFUSED.forget()
        WATCHED.set(str(path))
        st.query_params.clear()
        st.rerun()
    _read(path.name, lambda: read_paths([path], bounds()))


def _read(name: str, read: Callable[[], Reading]) -> None:
    """Read, keep and show it; or say why not."""
    with st.spinner(READING):
        reading = read()
    GIVEN.set(GIVEN.get() + 1)
    if reading.runs:
        keep(name, reading)
    else:
        REFUSED.set(tuple(str(sentence) for sentence in reading.notes))
    st.rerun()


def keep(name: str, reading: Reading) -> str:
    """Keep it with the visitor's runs, and show it from now on. The id."""
    REFUSED.forget()
    WATCHED.set(None)
    try:
        log = store().logs.add(visitor(), clean_name(name), reading)
        if (most := manager().limits.logs_mb) is not None:
            store().logs.purge_beyond(most * MEGABYTE)
    except StoreError:
        log = "unkept"
    JUST_READ.set((log, reading))
    st.query_params.clear()
    st.query_params["log"] = log
    return log
