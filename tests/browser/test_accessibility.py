"""Every page in both themes: text can be read, every picture has words, every control has a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.shared.common.contents import LAB, learn_menu
from tests.browser.settled import settled
from tests.support import mostly_thorough

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
QUICK = ("/",)  # where most is; `-m ""` adds the others
ADDRESSES = ["/" if path == "app.py" else f"/{Path(path).stem}" for path, *_ in (*LAB, *learn_menu())]
PICTURES_WITHOUT_WORDS = """
[...document.querySelectorAll('.js-plotly-plot, svg[role=img], canvas')]
    .filter((node) => node.checkVisibility() && !node.closest('[data-testid=stDataFrame]')) // a table, readable as one
    .filter((node) => !node.closest('[aria-label]') && !node.querySelector('title, desc, [aria-label]'))
    .map((node) => node.outerHTML.slice(0, 120))
"""
CONTROLS_WITHOUT_NAME = """
[...document.querySelectorAll('button, a, input')]
    .filter((node) => node.checkVisibility() && !node.closest('.modebar'))
    .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length || node.title || node.placeholder))
    .map((node) => node.outerHTML.slice(0, 120))
"""


@pytest.mark.parametrize("address", mostly_thorough(ADDRESSES, QUICK.__contains__))
def test_text_can_be_read_and_everything_has_a_name(visit, address):
    page = visit(path=address, wait="[data-testid=stMarkdown]")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()  # finished figures are drawn for the theme that the page was opened in
        page.wait_for_selector("[data-testid=stMarkdown]")
        page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'")
        while (folded := page.locator("[data-testid=stSidebar] details:not([open]) > summary")).count():
            folded.first.click()  # what is closed is not drawn
        settled(page)
        assert page.evaluate(CONTRAST) == [], scheme
    assert page.evaluate(PICTURES_WITHOUT_WORDS) == []
    assert page.evaluate(CONTROLS_WITHOUT_NAME) == []
    assert not page.errors


def test_the_check_finds_what_is_too_faint(new_page):
    page = new_page()
    page.set_content("<body style='background:#fff'><p style='color:#aaa'>too faint</p><p style='color:#333'>readable</p></body>")
    assert [found.split("“")[1].split("”")[0] for found in page.evaluate(CONTRAST)] == ["too faint"]
