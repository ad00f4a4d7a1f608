"""The cards of shared links."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

from hosting.cards import PICTURE, Cards, tags

HTML = [(b"content-type", b"text/html"), (b"content-length", b"26"), (b"etag", b"x")]


def answered(path: str, headers, body: list[bytes]) -> tuple[list, bytes, list]:
    """What comes of an answer in pieces: its headers and its body; and the headers that the app was asked with."""
    sent, asked = [], []

    async def app(scope, receive, send):
        asked.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, piece in enumerate(body):
            await send({"type": "http.response.body", "body": piece, "more_body": number + 1 < len(body)})

    async def keep(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"scenario=lab", "scheme": "http"}
    given = [(b"host", b"lab.example"), (b"x-forwarded-proto", b"https"), (b"accept-encoding", b"gzip")]
    with ThreadPoolExecutor(1) as pool:  # a loop of its own: a browser test that ran before may have left its own in this thread
        pool.submit(asyncio.run, Cards(app)(scope | {"headers": given}, None, keep)).result()
    return sent[0]["headers"], b"".join(m.get("body", b"") for m in sent[1:]), asked


def test_the_tags_stand_in_the_head_of_a_page_that_comes_in_pieces():
    headers, body, asked = answered("/", HTML, [b"<html><head>", b"</head></html>"])
    assert body.startswith(b"<html><head><meta property=") and body.endswith(b"</head></html>")
    assert b'property="og:title" content="The lab that printed 0.0000' in body
    assert b'content="https://lab.example/card.png"' in body
    assert dict(headers)[b"content-length"] == str(len(body)).encode() and b"etag" not in dict(headers)
    assert b"accept-encoding" not in dict(asked)  # what is compressed cannot be read


def test_everything_else_passes_as_it_is():
    for path, kind in (
        ("/app/static/x.js", b"text/javascript"),
        ("/_stcore/health", b"text/html"),
        ("/", b"application/json"),
        ("/board/a-token", b"text/html"),
    ):
        headers, body, asked = answered(path, [(b"content-type", kind)], [b"</head>", b"x"])
        assert body == b"</head>x" and headers == [(b"content-type", kind)]
        assert path == "/" or b"accept-encoding" in dict(asked), "it may come compressed"


def test_a_link_cannot_write_into_the_page():
    made = tags("https://lab.example", "/", 'scenario="><script>&x="><script>alert(1)</script>')
    assert "<script" not in made and "DAPO Lab" in made


def test_the_link_of_a_board_in_another_page_is_that_of_the_whole():
    assert 'og:url" content="https://lab.example/?scenario=lab"' in tags("https://lab.example", "/", "embed=true&scenario=lab")


def test_a_page_has_its_name_and_every_card_title_description_and_picture():
    for path, query, title in (
        ("/", "", "DAPO Lab"),
        ("/", "scenario=lab&comparison=x", "The lab that printed 0.0000 · DAPO Lab"),
        ("/your_run", "", "Your run · DAPO Lab"),
        ("/clip_higher", "", "Clip-Higher · DAPO Lab"),
        ("/nowhere", "", "DAPO Lab"),
    ):
        found = dict(re.findall(r'property="og:(\S+)" content="([^"]*)"', tags("https://lab.example", path, query)))
        assert found["title"] == title and found["description"].endswith(".")
        assert found["image"] == "https://lab.example/card.png" and found["image:alt"]


def test_there_is_a_picture():
    assert PICTURE.read_bytes()[:4] == b"\x89PNG"
