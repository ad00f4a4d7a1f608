"""What the server of the app answers besides Streamlit's own pages: the board's own requests, and the cards of shared links. `app.py` makes
the application of it, so it is there under `streamlit run app.py` as in a container.

What takes seconds to import is imported when it is first needed: the server answers before.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hosting import cards
from hosting.sockets import send_at_once


@asynccontextmanager
async def from_start_to_stop(_: st.App) -> AsyncIterator[dict]:
    """The stop signal ends a server of this kind without Python's exit functions, so the runs are ended here."""
    send_at_once()
    yield {}
    if process := sys.modules.get("pages.shared.common.process"):  # without a visit there are none
        process.manager().shutdown()


def _board(request: Request) -> Response:
    """Not a coroutine: it computes, in a thread of its own."""
    from pages.shared.common.live_board.sender import answer

    return answer(request)


def _everywhere(path: str, endpoint) -> list[Route]:
    """The address at the server's root, and below the folder that `server.baseUrlPath` names."""
    below = (st.get_option("server.baseUrlPath") or "").strip("/")
    return [Route(path, endpoint), *([Route(f"/{below}{path}", endpoint)] if below else [])]


ROUTES = [*_everywhere("/board/{token}", _board), *_everywhere(cards.PATH, cards.picture)]
MIDDLEWARE = [Middleware(cards.Cards)]
