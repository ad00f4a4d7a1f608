"""What the settings foresee, told to a screen reader: one sentence with what has changed, once they are at rest.

The component's data: {"foreseen": {name: text}}, empty while the settings are invalid. The script is a few lines, so it is sent with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from core.settings.run import RunConfig
from pages.shared.compare.foreseen import foreseen_in_words

SCRIPT = Path(__file__).parent / "spoken.js"
HTML = '<p role="status"></p>'


def speak_foreseen(warnings: Sequence[str], runs: Mapping[str, RunConfig] | None) -> None:
    """Always drawn at the same place, and never in the sidebar: what is folded away is not read out."""
    foreseen = {} if runs is None else foreseen_in_words(warnings, runs)
    _component()(key="spoken", data={"foreseen": foreseen}, width="content", height="content")


@cache
def _component():
    """The mounted component, registered once per process."""
    return st.components.v2.component("dapo_lab_spoken", html=HTML, js=SCRIPT.read_text(encoding="utf-8"), isolate_styles=False)
