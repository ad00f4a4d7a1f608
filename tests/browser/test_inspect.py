"""Inspect a step as a person meets it: a real server, a real Chromium, the numbers of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.inspection.charts import token_chart
from core.inspection.differences import difference
from core.inspection.sentences import group_sentence, summary
from core.inspection.step import inspect_step
from core.inspection.tables import suggested_group
from core.inspection.treatment import treat
from core.settings.links import from_query
from tests.browser import stored
from tests.browser.board_page import BOARD, BOARD_IF_THERE
from tests.browser.conftest import PHONE, WIDE
from tests.browser.settled import settled

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
SETTINGS = {"scenario": "collapse", "replicas": "2", "updates": "48", "first_seed": "3"}
RUNS = from_query(SETTINGS).runs
NARROW = {"width": 390, "height": 900}


@pytest.fixture(scope="module")
def comparison(history):
    return stored.add(history, SETTINGS, owner="x")


@pytest.fixture
def step_page(visit, comparison):
    def opener(query: str, **options):
        return visit(f"comparison={comparison}&{query}", path="/inspect_step", wait=".js-plotly-plot .main-svg", **options)

    return opener


def step_of(label: str, seed: int, update: int):
    step = inspect_step(RUNS[label], seed, update)
    return step, treat(step)


def says(page, text: str) -> None:
    page.get_by_text(text, exact=True).wait_for()


def click_cell(page, group: int, completion: int) -> None:
    """On the cell of the picture, with the mouse."""
    place = page.evaluate(
        """([group, completion]) => {
            const plot = document.querySelector('[class*="st-key-inspect-batch"] .js-plotly-plot');
            const { xaxis, yaxis } = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            return [box.x + xaxis._offset + xaxis.d2p(completion), box.y + yaxis._offset + yaxis.d2p(group)];
        }""",
        [group, completion],
    )
    page.mouse.click(*place)


def test_a_link_opens_the_step_that_the_engine_made_and_a_click_on_a_cell_its_group(step_page, comparison):
    """In one visit: opening a page takes longer than looking at what is on it."""
    page = step_page("run=DAPO&seed=3&update=12", viewport=NARROW, color_scheme="dark")
    it_can_be_read(page)
    page.set_viewport_size(WIDE)
    step, seen = step_of("DAPO", 3, 12)
    it_says_what_the_engine_says(page, step, seen)
    a_click_on_a_cell_opens_its_group(page, step, seen)
    page.goto(f"{page.url.split('inspect_step')[0]}?comparison={comparison}")
    look_at_board(page)
    a_click_on_the_live_board_leads_to_that_update_of_that_side(page, comparison)
    assert not page.errors


def it_says_what_the_engine_says(page, step, seen):
    says(page, summary(step, seen, "DAPO"))
    number = suggested_group(step, seen)
    page.get_by_role("heading", name=f"Group {number}", exact=True).wait_for()
    says(page, group_sentence(step, seen, number))
    says(page, difference(step, seen, treat(step, RUNS["GRPO"].algorithm), number, ("DAPO", "GRPO")))
    assert page.get_by_text("are the same").count() == 1


def a_click_on_a_cell_opens_its_group(page, step, seen):
    dropped = next(n for n, g in enumerate(step.groups, start=1) if not g.kept)
    kept = next(n for n, g in enumerate(step.groups, start=1) if g.slot is not None and n != suggested_group(step, seen))
    for number in (dropped, kept):
        page.locator("[class*=st-key-inspect-batch]").scroll_into_view_if_needed()
        click_cell(page, number, 3)
        page.get_by_role("heading", name=f"Group {number}", exact=True).wait_for()
        page.wait_for_url(f"**group={number}")
        says(page, group_sentence(step, seen, number))
        settled(page)
    shown = page.locator("[data-testid=glide-cell-1-2]").first.text_content()
    assert shown == step.groups[kept - 1].texts[2]


@pytest.mark.thorough
def test_next_update_goes_there_and_changes_the_address(step_page):
    page = step_page("run=GRPO&seed=3&update=8")
    says(page, summary(*step_of("GRPO", 3, 8), "GRPO"))
    page.get_by_role("button", name="Next update").click()
    says(page, summary(*step_of("GRPO", 3, 9), "GRPO"))
    page.wait_for_url("**update=9*")
    page.get_by_role("button", name="Previous rollout").click()
    page.wait_for_url("**update=1")
    says(page, summary(*step_of("GRPO", 3, 1), "GRPO"))
    assert not page.errors


@pytest.mark.thorough
def test_the_other_algorithm_can_be_chosen_for_the_tokens_too(step_page):
    page = step_page("run=GRPO&seed=3&update=8")
    step, seen = step_of("GRPO", 3, 8)
    number = suggested_group(step, seen)
    own, other = (token_chart(step, through, number).text for through in (seen, treat(step, RUNS["DAPO"].algorithm)))
    assert own != other
    page.get_by_label(own, exact=True).wait_for()
    page.get_by_role("radio", name="DAPO").click()
    page.get_by_label(other, exact=True).wait_for()
    page.get_by_label(own, exact=True).wait_for(state="detached")
    assert not page.errors


@pytest.mark.thorough
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_it_can_be_read_on_a_wide_and_on_a_narrow_screen(step_page, scheme, width):
    it_can_be_read(step_page("run=DAPO&seed=3&update=12", viewport=NARROW | {"width": width}, color_scheme=scheme))


def it_can_be_read(page):
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.evaluate(CONTRAST) == []
    expect(page.locator(".js-plotly-plot")).to_have_count(3)


@pytest.fixture
def board(visit, comparison):
    """Compare with the stored run, its charts drawn."""
    return look_at_board(visit(f"comparison={comparison}"))


def look_at_board(page):
    page.wait_for_function(f"{BOARD_IF_THERE}?.opens && {BOARD}.store.get('DAPO').last === 48")
    settled(page)
    return page


def on_line(page, side: int, update: int) -> tuple[float, float]:
    """Where the entropy of a side stands at an update, in pixels."""
    return page.evaluate(
        f"""([side, update]) => {{
            const {{ u }} = {BOARD}.charts.get('entropy_nats'), box = u.over.getBoundingClientRect();
            const line = u.data.at(side - 2); // the means of the two sides come last
            return [box.x + u.valToPos(update, "x"), box.y + u.valToPos(line[u.data[0].indexOf(update)], "y")];
        }}""",
        [side, update],
    )


def a_click_on_the_live_board_leads_to_that_update_of_that_side(board, comparison):
    board.mouse.click(*on_line(board, 1, 33))
    board.wait_for_url("**/inspect_step?*")
    says(board, summary(*step_of("DAPO", 3, 33), "DAPO"))
    assert f"comparison={comparison}&run=DAPO&seed=3&update=33" in board.url
    board.get_by_role("link", name="Compare").click()
    board.wait_for_selector(".lb-plot canvas")
    settled(board)
    assert "inspect_step" not in board.url and comparison in board.url  # one click, one visit


def counts_what_it_opens(page) -> None:
    """From now on, while the page is not drawn anew. The page's clock is the test's, see `opened_by_then`."""
    page.clock.install()
    page.evaluate(f"""() => {{
        const board = {BOARD}, open = board.open;
        board.opened = 0;
        board.open = (found) => {{ board.opened += 1; open(found); }};
    }}""")


def opened_by_then(page) -> int:
    """How often, a second and a half later: a click opens when no second one has followed."""
    page.clock.run_for(1500)
    return page.evaluate(f"{BOARD}.opened")


@pytest.mark.thorough
def test_a_drag_and_a_double_click_stay_on_the_board(board):
    x, y = on_line(board, 0, 17)
    counts_what_it_opens(board)
    board.mouse.move(x, y)
    board.mouse.down()
    board.mouse.move(x + 60, y, steps=5)
    board.mouse.up()
    board.wait_for_function(f"{BOARD}.zoom !== null")
    board.mouse.dblclick(x, y)
    board.wait_for_function(f"{BOARD}.zoom === null")
    assert opened_by_then(board) == 0 and "inspect_step" not in board.url
    board.mouse.click(*on_line(board, 0, 17))
    assert opened_by_then(board) == 1 and not board.errors


@pytest.mark.thorough
def test_enter_opens_the_update_that_the_arrow_keys_have_reached(board):
    board.locator("[data-chart=entropy_nats] .lb-plot").focus()
    for _ in range(3):
        board.keyboard.press("ArrowLeft")
    reached = board.evaluate(f"{BOARD}.hover")
    board.keyboard.press("Enter")
    board.wait_for_url(f"**/inspect_step?*run=GRPO*update={reached}")
    assert reached < 48 and not board.errors


@pytest.mark.thorough
def test_a_finger_reads_with_the_first_tap_and_opens_with_the_second(visit, comparison):
    page = visit(f"comparison={comparison}", viewport=PHONE, has_touch=True, is_mobile=True)
    page.wait_for_function(f"{BOARD}.opens")
    page.locator("[data-chart=entropy_nats] .lb-plot").scroll_into_view_if_needed()
    settled(page)
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    counts_what_it_opens(page)
    page.touchscreen.tap(*on_line(page, 1, 17))
    assert opened_by_then(page) == 0 and "inspect_step" not in page.url
    page.touchscreen.tap(*on_line(page, 1, 17))
    page.wait_for_url("**/inspect_step?*run=DAPO*update=17")
    assert not page.errors
