"""Nothing that a person opens asks for anything from elsewhere: it works in a room without internet, and nobody is told who reads it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.analysis.export import charts_html
from core.data.comparison import SHIPPED_COMPARISON
from pages.shared.common.contents import LAB, learn_menu

ADDRESSES = ["/" if path == "app.py" else f"/{Path(path).stem}" for path, *_ in (*LAB, *learn_menu())]
LOCAL = ("data", "blob", "about", "file")  # schemes that leave no machine
# A tab's icon is fetched by the browser itself, which tells no request of it: what the document names counts as well.
NAMED = """
[...document.querySelectorAll('link[href], script[src], img[src], iframe[src], source[src], video[src], audio[src], image')]
    .filter((node) => node.rel !== 'canonical')
    .map((node) => node.src?.baseVal ?? node.src ?? node.href?.baseVal ?? node.href)
"""
DRAWN = "document.querySelector('[data-testid=stMain] h1') && !document.querySelector('[data-testid=stStatusWidget]')"
FOLDED = "[data-testid=stMain] details:not([open]):not(.lb-menu) > summary"  # what is folded away is drawn when it is opened


@pytest.fixture
def listening(browser):
    """(page, addresses it asked for, websockets included). What would leave the machine is recorded and not sent."""
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.set_default_timeout(60_000)
    yield page, asked
    context.close()


def elsewhere(addresses: list[str], host: str) -> list[str]:
    """The addresses that are on another host."""
    return sorted({a for a in addresses if urlsplit(a).scheme not in LOCAL and urlsplit(a).netloc != host})


def test_no_page_asks_for_anything_from_another_host(listening, app_server):
    page, asked = listening
    host = urlsplit(app_server).netloc
    page.route(lambda url: elsewhere([url], host), lambda route: route.abort())
    for address in ADDRESSES:
        page.goto(app_server + address)
        page.wait_for_function(DRAWN)
        while (folded := page.locator(FOLDED)).count():
            folded.first.click()
        page.wait_for_function(DRAWN)
        assert page.locator("link[rel~=icon]").count(), address
        assert elsewhere(page.evaluate(NAMED), host) == [], address
        assert elsewhere(asked, host) == [], address
    assert {urlsplit(a).scheme for a in asked} >= {"http", "ws"}


def test_the_page_of_charts_asks_for_nothing(listening, tmp_path):
    page, asked = listening
    file = tmp_path / "charts.html"
    file.write_text(charts_html("Title", "Look for", SHIPPED_COMPARISON.results, SHIPPED_COMPARISON.command), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert elsewhere(asked + page.evaluate(NAMED), "") == []


def test_the_check_finds_a_picture_from_elsewhere(listening):
    page, asked = listening
    page.route("**", lambda route: route.abort())
    page.set_content(
        "<link rel=icon href='https://fonts.example/icon.svg'><h1>Title</h1><img src='https://pictures.example/1.png'>"
    )
    assert elsewhere(page.evaluate(NAMED), "127.0.0.1:1") == ["https://fonts.example/icon.svg", "https://pictures.example/1.png"]
    assert elsewhere(asked, "127.0.0.1:1") == ["https://pictures.example/1.png"]
