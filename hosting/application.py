"""The app behind what a host adds to it, for `hosting.serve`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from hosting.cards import ROOT, ROUTES, Cards
from pages.shared.common.process import manager


@asynccontextmanager
async def until_stopped(_: st.App) -> AsyncIterator[dict]:
    """The stop signal ends a server of this kind without Python's exit functions, so the runs are ended here."""
    yield {}
    manager().shutdown()


app = st.App(ROOT / "app.py", routes=ROUTES, middleware=[Middleware(Cards)], lifespan=until_stopped)
