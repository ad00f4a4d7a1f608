"""Nothing that pages are made of embeds a picture, a script, a font or data of another host. What pages ask for when they are opened is looked
at in tests/browser/test_requests.py; links that a person may follow are no requests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("pages", "static", "core", "hosting", ".streamlit")
ENDINGS = (".py", ".md", ".js", ".css", ".html", ".svg", ".toml")
HOST = r"(?:(?:https?|wss?):)?//[\w\[{$]"
EMBEDDED = re.compile(
    rf"""
      !\[[^\]]*\]\(\s*<?{HOST}                                                                   # a picture in Markdown
    | <(?:img|script|iframe|link|source|video|audio|embed|object|image|use)\b[^>]*?
      \b(?:xlink:href|src|srcset|href|data|poster)\s*=\s*[\\"'{{]*{HOST}        # an element of HTML or SVG
    | (?:url\(|@import)\s*[\\"']*{HOST}                                                          # CSS
    | \b(?:import|fetch|WebSocket|EventSource|Worker|sendBeacon|importScripts)\b\s*\(?\s*["'`]{HOST}
    | \bfrom\s+["']{HOST}                                                                        # JavaScript
    """,
    re.VERBOSE | re.IGNORECASE,
)


def embedded(text: str) -> list[str]:
    return [found.group()[:120] for found in EMBEDDED.finditer(text)]


def sources() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in ENDINGS]
    return [ROOT / "app.py", *(path for path in found if path.is_file())]


def test_no_text_script_or_style_embeds_what_another_host_has():
    looked_at = sources()
    assert {path.suffix for path in looked_at} >= {".py", ".md", ".js", ".css"}
    assert {
        str(path.relative_to(ROOT)): found for path in looked_at if (found := embedded(path.read_text(encoding="utf-8")))
    } == {}


@pytest.mark.parametrize(
    "text",
    [
        "![a picture](https://pictures.example/1.png)",
        "![](//pictures.example/1.png)",
        "<img alt='' src='https://pictures.example/1.png'>",
        '<img alt=\\"\\" src=\\"https://pictures.example/1.png\\">',
        "<link rel=icon href=https://fonts.example/icon.svg>",
        "<script defer src='//cdn.example/plotly.js'></script>",
        "<image xlink:href='https://pictures.example/1.png'/>",
        "f\"<iframe src='https://{host}/embed'>\"",
        "@import 'https://fonts.example/inter.css';",
        'src: url("https://fonts.example/inter.woff2")',
        "import { plot } from 'https://cdn.example/plot.js';",
        "await import(`https://cdn.example/${name}.js`)",
        "fetch('https://beacons.example/visit')",
        "new WebSocket('wss://live.example/')",
    ],
)
def test_what_is_embedded_is_found(text):
    assert len(embedded(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[the paper](https://arxiv.org/abs/2503.14476)",
        "<a href='https://arxiv.org/abs/2503.14476'>the paper</a>",
        "![a picture](docs/pictures/compare.png)",
        "fetch(new URL('board/1', document.baseURI))",
        "import os  # https://docs.python.org",
    ],
)
def test_links_and_what_is_ours_are_not_meant(text):
    assert embedded(text) == []
