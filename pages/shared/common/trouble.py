"""Messages for when the history cannot be written or read. Training continues, and the rest of the page is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import streamlit as st

from core.analysis.markdown import plain
from core.runs.manager import UnknownComparison
from core.runs.store.store import StoreError
from core.settings.fields import ConfigError
from pages.shared.common.process import history_missing, history_problem, told

UNREADABLE = (LookupError, ConfigError, StoreError)  # raised by a comparison that is deleted, damaged or of another version
Part = TypeVar("Part", bound=Callable)


def plainly(part: Part) -> Part:
    """`part` of a page, made to show a sentence in place of its contents when the history cannot be read."""

    @wraps(part)
    def drawn(*args, **kwargs):
        try:
            return part(*args, **kwargs)
        except StoreError as error:
            st.error(
                f"This cannot be shown now: {plain(told(error))}. Reload the page when that is done.", icon=":material/error:"
            )
            return None

    return drawn


def sentence(error: object) -> str:
    """A message such as "updates must be …" as a sentence. Names keep their letters: str.capitalize would write "grpo" for "GRPO"."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def why_not(error: Exception) -> str:
    """Why the comparison that a link names cannot be shown; `error` is one of UNREADABLE. A sentence, Markdown escaped."""
    if isinstance(error, UnknownComparison):
        return "The run in this link is not known here; it may have been deleted."
    return f"The run in this link cannot be read: {plain(told(error))}."


def show_missing_history() -> None:
    """Shown before a run is started: without a history it would not be kept."""
    if missing := history_missing():
        st.warning(
            f"What is trained now is not being kept: {plain(missing)}. It is tried again every few seconds. What is trained until then is "
            "written as soon as it is possible, and lost if this program ends before.", icon=":material/save:")  # fmt: skip


def show_unwritten() -> None:
    """Shown during training and afterwards, while measurements could not be written."""
    if problem := history_problem():
        st.warning(f"New measurements are not being stored: {plain(problem)}.", icon=":material/save:")
