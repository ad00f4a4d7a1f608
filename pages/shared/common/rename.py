"""The button that gives something that is kept another name."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared.common.labels import MAX_NAME, clean_name
from pages.shared.common.state import Key


def rename_button(
    save: Callable[[str], object], name: str, *, form: str, key: Key[str], opened: Key[bool], empty: str = ""
) -> None:
    """`save` gets the new name, cleaned; `form`, `key` and `opened` are those of the form, its field, and whether it is open. `empty`: what an
    empty name stands for; '' = it must have one."""
    popover = st.popover("Rename", icon=":material/edit:", type="tertiary", key=opened.name, on_change="rerun")
    with popover, st.form(form, border=False):
        st.text_input(
            "Name",
            value=name,
            max_chars=MAX_NAME,
            key=key.name,
            placeholder=empty,
            help="Empty takes the name away." if empty else None,
        )
        st.form_submit_button("Save the name", type="primary", on_click=_saved, args=(save, key, opened, bool(empty)))


def _saved(save: Callable[[str], object], key: Key[str], opened: Key[bool], may_be_empty: bool) -> None:
    opened.set(False)  # closes it
    name = clean_name(key.get() or "")
    if name or may_be_empty:
        save(name)
