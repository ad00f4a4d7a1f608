"""Parts of the page that say how a log is now: drawn again and again while it is followed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared.your_run.shown import Shown, still_shown

LOOK_SECONDS = 2.0


def again_and_again(what: Shown, part: Callable[..., None], *more: object) -> None:
    """Draw `part(what, *more)` with what is shown at the time."""

    def drawn() -> None:
        now = still_shown()
        if now is not None and now.labels:
            part(now, *more)

    st.fragment(drawn, run_every=LOOK_SECONDS if what.watched is not None else None)()
