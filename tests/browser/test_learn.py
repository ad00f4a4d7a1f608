"""The Learn pages as a person meets them. What is particular to a page stands in tests/browser/learn/PAGE.py."""

from __future__ import annotations

import importlib
import json
import re
import time

import pytest
from playwright.sync_api import expect

from core.settings.scenarios import SCENARIOS
from pages.shared.common.contents import existing
from pages.shared.common.documents import load
from pages.shared.compare.page import title_of
from tests.browser.conftest import PHONE
from tests.browser.settled import press_to_unfold, settled
from tests.support import mostly_thorough

PAGES = existing()
# Every page is tried whole by `bash tests/run.sh -m ""`; the one whose training is shortest stands for all where time is short.
TRIED = mostly_thorough(PAGES, "the_lab".__eq__)
FIGURE = "[data-figure='{}']"
MATHS = """async ([page, calls]) => {
    const found = await import(new URL(`app/static/learn/${page}.js`, document.baseURI));
    const value = (v) => typeof v === 'number' ? (Number.isFinite(v) ? v : null) : Array.isArray(v) ? v.map(value)
        : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, value(x)])) : v;
    return {names: Object.keys(found), values: calls.map(([name, args]) => value(found[name](...args)))};
}"""
STATE = "(root) => root.learnFigure.state()"
# From an event that changes a control to the read-out having changed, in milliseconds.
WATCH = """(root) => {
    let began = 0;
    root.answers = [];
    if (root.watched) return;
    root.watched = true;
    for (const name of ['pointermove', 'pointerdown', 'input', 'keydown']) {
        root.addEventListener(name, () => { began = performance.now(); }, true);
    }
    const watcher = new MutationObserver(() => root.answers.push(performance.now() - began));
    watcher.observe(root.querySelector('.lf-outputs'), {childList: true, characterData: true, subtree: true});
}"""


def told(page: str):
    """The CASES and DRAGS of a page."""
    return importlib.import_module(f"tests.browser.learn.{page}")


@pytest.fixture
def open_page(visit):
    """Opens a page by its own address. Afterwards nothing may have gone wrong, and no figure may have missed a word."""
    opened, said = [], []

    def opener(name: str, **options):
        page = visit(path=f"/{name}", wait="h1", **({"viewport": {"width": 1280, "height": 900}} | options))
        opened.append(page)
        page.on("console", lambda m: said.append(m.text) if m.type == "error" and m.text.startswith("figure ") else None)
        page.get_by_role("heading", name=load(name, "en").title, level=1).wait_for()
        for figure in figures(name):
            page.locator(f"{FIGURE.format(figure)} .lf-knob").first.wait_for()
        return page

    yield opener
    assert not said and not [error for page in opened for error in page.errors]


def figures(name: str) -> list[str]:
    return [key.removeprefix("figure-") for key in load(name, "en").sections if key.startswith("figure-")]


def readout(page, figure: str, name: str) -> str:
    return page.locator(f"{FIGURE.format(figure)} output[data-name='{name}']").inner_text()


def number(shown: str) -> float:
    return float(shown.replace("−", "-").replace("\N{NO-BREAK SPACE}", " ").removesuffix(" %"))


def half_a_digit(shown: str) -> float:
    decimals = shown.partition(".")[2]
    return 0.5001 * 10.0 ** -len(re.match(r"\d*", decimals)[0])


@pytest.mark.parametrize("name", TRIED)
def test_everything_on_a_page_works(open_page, name):
    """In one visit: loading a page takes longer than trying what is on it."""
    page = open_page(name)
    the_figures_compute_what_core_computes(page, name)
    for drag in told(name).DRAGS:
        a_drag_changes_the_number_at_once(page, drag)
    every_control_is_reached_and_moved_by_keyboard(page, name)
    the_buttons_beside_the_questions_set_the_figures(page, name)
    a_term_says_what_it_means_to_the_mouse_and_to_the_keyboard(page)
    on_a_phone_nothing_is_wider_than_the_screen(page, name)
    the_miniature_trains_when_asked(page, name)
    the_page_ends_with_a_link_to_the_scenario_on_compare(page, name)


def the_figures_compute_what_core_computes(page, name):
    cases = told(name).CASES
    found = page.evaluate(MATHS, [name, [[case.function, case.arguments] for case in cases]])
    assert {case.function for case in cases} == set(found["names"]) - {"figures"}  # no function goes unchecked
    for case, value in zip(cases, found["values"], strict=True):
        assert json_like(value, case), f"{case.function}({case.arguments}) gave {value}, core says {case.expected}"


def json_like(value, case) -> bool:
    def alike(a, b) -> bool:
        if isinstance(b, dict):
            return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in b)
        if isinstance(b, list | tuple):
            return len(a) == len(b) and all(map(alike, a, b))
        if b is None or isinstance(b, str | bool):
            return a == b
        return a == pytest.approx(b, rel=case.within, abs=case.within)

    return alike(value, case.expected)


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_has_something_to_drag(name):
    assert {drag.figure for drag in told(name).DRAGS} == set(figures(name))


def a_drag_changes_the_number_at_once(page, drag):
    root = page.locator(FIGURE.format(drag.figure))
    knob = root.locator(f".lf-handle[data-control='{drag.control}'] .lf-knob")
    root.evaluate("(root) => root.learnFigure.reset()")
    knob.scroll_into_view_if_needed()
    before = readout(page, drag.figure, drag.output)
    root.evaluate(WATCH)
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + drag.by[0], y + drag.by[1], steps=15)
    page.mouse.up()
    after, expected = readout(page, drag.figure, drag.output), drag.shows(root.evaluate(STATE))
    assert after != before
    if isinstance(expected, str):
        assert after == expected
    else:
        assert number(after) == pytest.approx(expected, abs=half_a_digit(after))
    answers = sorted(root.evaluate("(root) => root.answers"))
    print(
        json.dumps(
            {"figure": drag.figure, "median_ms": round(answers[len(answers) // 2], 2), "slowest_ms": round(answers[-1], 2)}
        )
    )
    # The slowest one in ten may have waited for something else that this computer was doing.
    assert len(answers) > 2 and answers[int(0.9 * len(answers)) - 1] < 100


def every_control_is_reached_and_moved_by_keyboard(page, name):
    wanted = {(f, c) for f in figures(name) for c in page.locator(FIGURE.format(f)).evaluate(STATE)}
    page.locator("h1").first.evaluate("(h1) => { h1.tabIndex = -1; h1.focus(); }")
    reached, changed = set(), set()
    for _ in range(250):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None:
            continue
        where = (at["figure"], at["control"])
        if where in reached:
            continue
        reached.add(where)
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "Space"):  # one of them changes any control, whatever its value
            page.keyboard.press(key)
            if page.evaluate(FOCUSED)["value"] != at["value"]:
                changed.add(where)
                break
        if reached == wanted:
            break
    assert reached == wanted and changed == wanted


FOCUSED = """() => {
    const node = document.activeElement;
    const root = node.closest('.learn-figure[data-figure]');
    if (!root) return null;
    const control = node.dataset.control ?? (node.name || node.id).replace(`lf-${root.dataset.figure}-`, '');
    return {figure: root.dataset.figure, control, value: JSON.stringify(root.learnFigure.state()[control])};
}"""


def the_buttons_beside_the_questions_set_the_figures(page, name):
    questions = [q for q in load(name, "en").questions() if q.state is not None]
    buttons = page.locator(".lf-set")
    buttons.nth(len(questions) - 1).wait_for()
    assert buttons.count() == len(questions)
    for place, question in enumerate(questions):
        buttons.nth(place).click()
        state = page.locator(FIGURE.format(question.figure)).evaluate(STATE)
        assert question.state.items() <= state.items(), f"{question.words}: the figure is at {state}"


def on_a_phone_nothing_is_wider_than_the_screen(page, name):
    before = page.viewport_size
    page.set_viewport_size(PHONE)
    page.get_by_test_id("stExpandSidebarButton").wait_for()  # the sidebar has folded away
    settled(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for figure in figures(name):
            box = page.locator(FIGURE.format(figure)).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    term = page.locator(".learn-term").first
    term.scroll_into_view_if_needed()
    tap(page, term)
    tip = term.locator(".learn-tip")
    tip.wait_for(state="visible")
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] >= 0 and box["y"] + box["height"] <= 844
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)


def tap(page, wanted) -> None:
    """With a finger, on a page that was opened without a touch screen."""
    box = wanted.bounding_box()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    devtools.detach()


def a_term_says_what_it_means_to_the_mouse_and_to_the_keyboard(page):
    terms = page.locator(".learn-term")
    terms.first.hover()
    terms.first.locator(".learn-tip").wait_for(state="visible")
    page.mouse.move(5, 5)
    terms.first.locator(".learn-tip").wait_for(state="hidden")
    terms.nth(1).focus()
    terms.nth(1).locator(".learn-tip").wait_for(state="visible")
    page.keyboard.press("Tab")
    terms.nth(1).locator(".learn-tip").wait_for(state="hidden")


def the_miniature_trains_when_asked(page, name):
    before = page.locator(FIGURE.format(figures(name)[0])).evaluate("(root) => (root.mark = 'mine')")
    page.get_by_role("button", name="Train it now").click()
    began = time.perf_counter()
    page.locator(".live-board").scroll_into_view_if_needed()  # charts are drawn in sight; the last button moves to its figure
    page.locator(".live-board .lb-plot canvas").first.wait_for()
    page.get_by_role("heading", name=load(name, "en").section("result").heading, exact=True).wait_for()
    print(json.dumps({"page": name, "seconds": round(time.perf_counter() - began, 1)}))
    assert page.locator(FIGURE.format(figures(name)[0])).evaluate("(root) => root.mark") == before  # no figure was rebuilt
    assert "comparison=" not in page.url


def the_page_ends_with_a_link_to_the_scenario_on_compare(page, name):
    """Also for somebody who has been on Compare before, and looked at something else there."""
    menu = page.get_by_test_id("stSidebar")
    menu.get_by_role("link", name="Compare").click()
    page.get_by_role("button", name=re.compile("^Run")).wait_for()
    settled(page)  # until then it may be the menu of the page before, which is unfolded
    learn = menu.locator("details:not([open]) > summary", has_text="Learn: ")  # folded away where there are settings
    press_to_unfold(page, learn)
    menu.get_by_role("link", name=load(name, "en").title).click()
    link = page.get_by_test_id("stPageLink").filter(has_text="Open the full comparison").get_by_role("link")
    scenario = re.search(r"scenario=([\w-]+)", link.get_attribute("href"))[1]
    link.click()
    page.wait_for_url(re.compile(f"/\\?.*scenario={scenario}"))
    page.get_by_role("heading", name=title_of(SCENARIOS[scenario]), exact=True, level=1).wait_for()
    expect(menu.get_by_role("combobox", name="Scenario")).to_have_value(SCENARIOS[scenario].title)
