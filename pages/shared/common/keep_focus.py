"""Who works by the keyboard keeps their place where a button is replaced by another, and gets into a popover that they opened."""

from __future__ import annotations

from pages.shared.common.browser import component


def keep_focus() -> None:
    """Once per page."""
    component("keep-focus", "keep_focus.js")(key="keep_focus", width="content", height="content")
