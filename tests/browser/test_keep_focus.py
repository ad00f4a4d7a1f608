"""The keyboard's place is kept, also by a browser that is slow to notice what is disabled: the script alone, on a page whose clock the test
turns."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.alone import alone
from tests.browser.conftest import ROOT

SCRIPT = ROOT / "pages/shared/common/keep_focus.js"
PATIENCE = 1500  # ms, as in the script
BUTTON = '<div data-testid="stElementContainer" class="st-key-undo"><button>Undo</button></div>'
HTML = f'<div class="st-key-settings">{BUTTON}</div>'


@pytest.fixture
def page(new_page):
    """The button has the focus, and the browser says so until `window.drawn`, as if it drew nothing before."""
    page = alone(new_page, SCRIPT, HTML)
    page.evaluate("""() => {
        script.render();
        const button = document.querySelector("button");
        const { get } = Object.getOwnPropertyDescriptor(Document.prototype, "activeElement");
        window.focused = () => get.call(document);
        Object.defineProperty(document, "activeElement", { get: () => window.drawn ? focused() : button });
        button.focus();
    }""")
    return page


def draw(page) -> None:
    """From now on the browser says what has the focus, once it has really noticed that the button is disabled: the page's clock does not
    make it draw."""
    expect(page.locator("button")).not_to_be_focused()
    page.evaluate("window.drawn = true")


def disable(page, disabled: bool) -> None:
    page.evaluate("(disabled) => void (document.querySelector('button').disabled = disabled)", disabled)


def test_a_button_that_stays_disabled_leaves_the_focus_where_it_stood(page):
    disable(page, True)
    page.clock.run_for(3 * PATIENCE)
    draw(page)
    page.clock.run_for(2 * PATIENCE)
    assert page.evaluate("focused().className") == "st-key-settings"


def replace(page) -> None:
    """The block goes, with its button, and another one takes its place, as where Streamlit has one element less above it. Its button is
    disabled."""
    page.evaluate("(html) => void (document.body.innerHTML = html)", HTML.replace("<button", "<button disabled"))
    page.evaluate("window.drawn = true")


def test_a_block_that_is_made_anew_has_the_focus_however_often(page):
    replace(page)
    for _ in range(2):
        page.clock.run_for(2 * PATIENCE)
        assert page.evaluate("focused().className") == "st-key-settings" and page.evaluate("focused().isConnected")
        replace(page)
        assert page.evaluate("focused() === document.body")


def test_a_button_that_comes_back_in_a_block_that_was_made_anew_has_the_focus_again(page):
    replace(page)
    page.clock.run_for(PATIENCE // 2)
    disable(page, False)
    page.clock.run_for(PATIENCE)
    assert page.evaluate("focused().matches('button')")  # not the page, which has its words too


def test_a_button_that_was_disabled_for_a_moment_has_the_focus_again_each_time(page):
    for _ in range(2):
        page.evaluate("window.drawn = false")
        disable(page, True)
        page.clock.run_for(PATIENCE)
        draw(page)
        page.clock.run_for(PATIENCE // 2)
        disable(page, False)
        page.clock.run_for(PATIENCE)
        assert page.evaluate("focused().matches('button')")  # not the page, which has its words too
