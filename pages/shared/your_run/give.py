"""How a log is given: dropped, as a path (at home only), or pasted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import streamlit as st

from core.analysis.markdown import plain
from core.logs import HOME, HOSTED, Bounds, Reading, read_paths, read_several, read_text
from core.logs.bounds import MEGABYTE
from core.runs.store.store import StoreError
from pages.shared.common.browser import component
from pages.shared.common.labels import clean_name
from pages.shared.common.process import hosted, manager, store, visitor
from pages.shared.your_run.state import FILES, GIVEN, JUST_READ, PATH, REFUSED, TEXT, WATCHED
from pages.shared.your_run.texts import body, document

READING = "Reading…"
PASTED = "pasted text"
# Characters that a text field is given; what is longer is read as a file. A browser shapes every letter of a field (1.2 s for 2.7 million), and
# Streamlit's server drops the connection that sends it more than 25 MB of widgets' values.
MOST_SHOWN = 100_000


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
    with st.container(key="your_run_drop"):
        files = st.file_uploader(body("drop"), accept_multiple_files=True, key=FILES(GIVEN.get()).name, max_upload_size=limit())
    if files:
        names = [file.name for file in files]
        title = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        _read(title, lambda: read_several([(file.name, file.getvalue()) for file in files], bounds()), begin_anew=True)


def _paste() -> None:
    key = TEXT(GIVEN.get())
    label, words = document().words("paste")
    about = {"limit": limit(), "most": f"{MOST_SHOWN:,}"}
    with st.container(key="your_run_paste"):
        with st.form("your_run:paste", border=False):
            st.text_area(
                label.format(**about), key=key.name, height=160,
                placeholder="step:1 - actor/entropy:0.71 - critic/rewards/mean:0.12 - …",
            )  # fmt: skip
            pressed = st.form_submit_button("Read the text", type="primary", icon=":material/visibility:")
        _long_paste(words)
    if pressed and not (key.get() or "").strip():
        _refuse("There is no text in the field: paste some first.")
    if pressed:
        _read(PASTED, lambda: read_text(key.get(), bounds()))


def _long_paste(words: Mapping[str, str]) -> None:
    """Have the browser send a text that the field cannot hold as a file, and say so below the field."""
    told = {name: sentence.replace("{limit}", str(limit())) for name, sentence in words.items()}
    data = {"given": GIVEN.get(), "name": PASTED, "characters": MOST_SHOWN, "bytes": bounds().bytes, "words": told}
    component("long_paste", "long_paste.js")(key="your_run:long_paste", data=data, width="stretch", height="content")


def _path() -> None:
    with st.form("your_run:path", border=False):
        st.text_input(body("path"), key=PATH.name, placeholder="/data/outputs/run-17", persist_state="session")
        with st.container(horizontal=True):
            watch = st.form_submit_button("Watch", type="primary", icon=":material/monitoring:")
            once = st.form_submit_button("Read once", icon=":material/visibility:")
    typed = (PATH.get() or "").strip()
    if not (watch or once):
        return
    if not typed:
        _refuse("There is no path in the field: type one first.")
    path = Path(typed).expanduser()
    try:
        known = path.exists()
    except (OSError, ValueError):  # too long, or a character that no path has
        known = False
    if not known:
        _refuse(f"There is no file or folder {clean_name(typed)} on the machine that runs this program.")
    if watch:
        REFUSED.forget()
        WATCHED.set(str(path))
        st.query_params.clear()
        st.rerun()
    _read(path.name, lambda: read_paths([path], bounds()))


def _read(name: str, read: Callable[[], Reading], *, begin_anew: bool = False) -> None:
    """Read, keep and show it; or say why not. What was typed then stays in its field, unless it is to `begin_anew`: files would be read again
    and again."""
    with st.spinner(READING):
        reading = read()
    if reading.runs or begin_anew:
        GIVEN.set(GIVEN.get() + 1)
    if not reading.runs:
        _refuse(*map(str, reading.notes))
    keep(name, reading)
    st.rerun()


def _refuse(*sentences: str) -> NoReturn:
    REFUSED.set(sentences)
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
