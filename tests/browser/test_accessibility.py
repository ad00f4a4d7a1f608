"""Every page, and every state of one that holds other things, in both themes: axe finds no violation of WCAG 2.2 AA, text can be read, every
picture has words, every control has a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pages.shared.common.contents import LAB, learn_menu
from tests.browser import stored
from tests.browser.conftest import PHONE
from tests.browser.settled import settled, unfold
from tests.browser.test_theme import COLOURS, figures_are_so_after_a_reload_and_as_before_in_the_first_theme, look_at_figures

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
ADDRESSES = ["/" if path == "app.py" else f"/{Path(path).stem}" for path, *_ in (*LAB, *learn_menu())]
SETTINGS = {"scenario": "collapse", "replicas": "2", "updates": "48", "first_seed": "3"}
VISITOR = "e" * 32
BEGUN = "[data-testid=stMain] :is(h1, [data-testid=stMarkdown])"  # what stands first on a page; an embedded board has no heading
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


def violations(page: Page) -> list[str]:
    """What axe finds, as rule: element."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:150]}" for rule in found for node in rule["nodes"]]


def both_themes(page: Page) -> None:
    """Light, in which the page was opened, and dark, to which it changes: its figures are drawn anew (test_theme.py)."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'")
        settled(page)
        assert violations(page) == [], scheme
        assert page.evaluate(CONTRAST) == [], scheme
    assert page.evaluate(PICTURES_WITHOUT_WORDS) == []
    assert page.evaluate(CONTROLS_WITHOUT_NAME) == []
    assert not page.errors


@pytest.mark.thorough
@pytest.mark.parametrize("address", ADDRESSES)
def test_text_can_be_read_and_everything_has_a_name(visit, address):
    page = visit(path=address, wait=BEGUN)
    settled(page)
    unfold(page, "[data-testid=stSidebar]")
    both_themes(page)


def test_compare_can_be_read_and_its_figures_follow_a_change_of_theme(visit):
    """In one visit: opening a page and drawing its figures take longer than looking at them."""
    page = visit(wait=BEGUN)
    settled(page)
    unfold(page, "[data-testid=stSidebar]")
    look_at_figures(page)
    first = page.evaluate(COLOURS)
    both_themes(page)
    figures_are_so_after_a_reload_and_as_before_in_the_first_theme(page, first, "light")


def gallery(page: Page) -> None:
    page.get_by_role("button", name="Browse the scenarios").click()
    page.get_by_role("dialog").get_by_role("img").first.wait_for()


def sharing(page: Page) -> None:
    page.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    page.get_by_test_id("stPopoverBody").wait_for()


def everything(page: Page) -> None:
    unfold(page, "[data-testid=stMain]")


def nothing(page: Page) -> None:
    """It is looked at as it was opened."""


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("address", "query", "do", "how"),
    [
        pytest.param("/", "embed=true&scenario=collapse", nothing, {}, id="embedded"),
        pytest.param("/", "embed=true&scenario=lab", nothing, {}, id="embedded picture"),
        pytest.param("/", "", gallery, {}, id="gallery"),
        pytest.param("/", "", everything, {}, id="compare unfolded"),
        pytest.param("/", "comparison=RUN", sharing, {}, id="finished run, share open"),
        pytest.param("/", "", nothing, {"tour": True}, id="tour"),
        pytest.param("/", "", nothing, {"viewport": PHONE}, id="phone"),
        pytest.param("/runs", "", nothing, {"visitor": VISITOR}, id="runs with rows"),
        pytest.param("/inspect_step", "comparison=RUN&run=DAPO&seed=3&update=12", everything, {}, id="a step"),
        pytest.param("/ladder", "", everything, {}, id="ladder unfolded"),
        pytest.param("/your_run", "", everything, {}, id="your run unfolded"),
        pytest.param("/grpo", "", everything, {}, id="learn unfolded"),
    ],
)
def test_so_it_is_in_every_state(visit, history, address: str, query: str, do: Callable, how: dict):
    run = stored.add(history, SETTINGS, owner=VISITOR)
    page = visit(query.replace("RUN", run), path=address, wait=BEGUN, **how)
    settled(page)
    do(page)
    both_themes(page)


def test_the_checks_find_what_is_wrong(new_page):
    page = new_page()
    page.set_content(
        "<html lang=en><title>A page</title><body style='background:#fff'><main><p style='color:#aaa'>too faint</p>"
        "<p style='color:#333'>readable</p><img src='data:,'></main></body></html>"
    )
    assert [found.split("“")[1].split("”")[0] for found in page.evaluate(CONTRAST)] == ["too faint"]
    assert sorted(found.partition(":")[0] for found in violations(page)) == ["color-contrast", "image-alt"]
