"""Nothing that a person opens asks for anything from elsewhere. What every test's pages ask for is checked where they are opened (conftest.py),
and what files embed in tests/test_nothing_from_elsewhere.py; here all of the menu's pages are opened, with what is folded away on them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.analysis.export import charts_html
from core.data.comparison import SHIPPED_COMPARISON
from pages.shared.common.contents import LAB, learn_menu
from tests.browser.conftest import NAMED, elsewhere
from tests.browser.settled import settled, unfold

LINK = "[data-testid=stSidebar] [data-testid=stPageLink-NavLink]"


@pytest.mark.parametrize(
    "menu",
    [
        pytest.param(LAB, id="the laboratory's"),
        pytest.param(learn_menu(), id="Learn's", marks=pytest.mark.thorough),
    ],  # one template
)
def test_no_page_asks_for_anything_from_another_host(visit, new_page, menu):
    """One visit: the menu's links draw a page without loading the scripts again."""
    page = visit(path="/runs", wait=LINK)
    page.on("request", lambda request: new_page.asked.append(request.url))
    for address in ["" if path == "app.py" else Path(path).stem for path, *_ in menu]:
        page.locator(f"{LINK}[href='{address}']").click()
        page.wait_for_url(lambda url, address=address: urlsplit(url).path == f"/{address}")
        settled(page)
        page.locator("[data-testid=stMain] h1").first.wait_for()
        unfold(page, "[data-testid=stMain]")  # what is folded away is drawn when it is opened
        assert page.locator("link[rel~=icon]").count(), address
        assert elsewhere(page.evaluate(NAMED) + new_page.asked) == [], address
    assert {urlsplit(found).scheme for found in new_page.asked} >= {"http", "ws"}


def test_the_page_of_charts_asks_for_nothing(new_page, tmp_path):
    page = new_page()
    file = tmp_path / "charts.html"
    file.write_text(charts_html("Title", "Look for", SHIPPED_COMPARISON.results, SHIPPED_COMPARISON.command), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert elsewhere(new_page.asked + page.evaluate(NAMED)) == []


def test_the_check_finds_what_is_asked_for_from_elsewhere(new_page):
    page = new_page()
    page.set_content(
        "<link rel=icon href='https://fonts.example/icon.svg'><h1>Title</h1><img src='https://pictures.example/1.png'>"
        "<script>fetch('https://198.51.100.7/visit').catch(() => {}); navigator.sendBeacon('https://beacons.example/visit')</script>"
    )
    while len(new_page.asked) < 3:  # the browser of these tests finds no other host
        page.wait_for_event("requestfailed")
    assert elsewhere(page.evaluate(NAMED)) == ["https://fonts.example/icon.svg", "https://pictures.example/1.png"]
    assert elsewhere(new_page.asked) == [
        "https://198.51.100.7/visit", "https://beacons.example/visit", "https://pictures.example/1.png"
    ]  # fmt: skip
    new_page.asked.clear()
    page.set_content("")
