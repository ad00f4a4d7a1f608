"""The card of a link that is shared: title, sentence and picture as Open Graph tags in the page's head, so that a messenger or a forum can show
them. Streamlit's own page has none, and offers no way to add them from a script; this stands in front of it."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings.scenarios import SCENARIOS
from pages.shared.common.contents import LAB, learn_menu

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "compare-light.png"
PATH = "/card.png"
NO_PAGE = (".", "/_stcore/", "/board/")  # in the path of what is no page
NAME = "DAPO Lab"
PLAIN = "Train GRPO and DAPO side by side in your browser, switch every technique by itself, and see why one collapses and the other holds."


@cache
def titles() -> dict[str, str]:
    """Path -> what the page is called in the menu, of every page but Compare."""
    return {Path(path).stem: label for path, label, _ in (*LAB[1:], *learn_menu())}


def tags(address: str, path: str, query: str) -> str:
    """The tags of the page at `path`?`query` of the server at `address`."""
    asked = parse_qs(query)
    scenario = SCENARIOS.get(asked.get("scenario", [""])[0])
    about = scenario.title if scenario else titles().get(path.strip("/"), "")
    title = f"{about} · {NAME}" if about else NAME
    kept = {name: values[0] for name, values in asked.items() if name != "embed"}
    described = {
        "og:type": "website",
        "og:site_name": NAME,
        "og:title": title,
        "og:description": scenario.look_for if scenario else PLAIN,
        "og:url": f"{address}{path}{'?' if kept else ''}{urlencode(kept)}",
        "og:image": f"{address}{PATH}",
        "og:image:alt": "Entropy, gradient norm and scores of GRPO and DAPO over training, with the settings beside them.",
    }
    found = [f'<meta property="{name}" content="{escape(text)}">' for name, text in described.items()]
    return "".join(
        (
            *found,
            '<meta name="twitter:card" content="summary_large_image">',
            f'<meta name="description" content="{escape(described["og:description"])}">',
        )
    )


class Cards:
    """Adds the tags to every HTML page that `app` answers with."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or any(part in scope["path"] for part in NO_PAGE):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"localhost").decode("latin-1")
        scheme = headers.get(b"x-forwarded-proto", scope["scheme"].encode()).decode("latin-1").split(",")[0].strip()
        added = tags(f"{scheme}://{host}", scope["path"], scope["query_string"].decode("latin-1")).encode()
        # Not compressed, so that it can be read; it is a few kB. Without conditions, so that it is never 304: the tags depend on the query.
        asked = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
        plain = scope | {"headers": [(name, value) for name, value in scope["headers"] if name not in asked]}
        start: Message | None = None
        body = b""

        async def with_tags(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                if b"text/html" not in dict(message["headers"]).get(b"content-type", b""):
                    await send(message)
                return
            if start is None or b"text/html" not in dict(start["headers"]).get(b"content-type", b""):
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole = body.replace(b"</head>", added + b"</head>", 1)
            kept = [
                (name, value) for name, value in start["headers"] if name not in (b"content-length", b"etag", b"last-modified")
            ]
            await send(start | {"headers": [*kept, (b"content-length", str(len(whole)).encode())]})
            await send({"type": "http.response.body", "body": whole})

        await self.app(plain, receive, with_tags)


async def picture(request) -> FileResponse:
    return FileResponse(PICTURE, headers={"cache-control": "max-age=86400"})
