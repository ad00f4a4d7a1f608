"""The Compare page as a person meets it: a real server, a real Chromium."""

from __future__ import annotations

import io
import re
import zipfile
from itertools import pairwise

import pandas as pd
import pytest

from core.analysis.metrics import METRIC_NAMES
from tests.browser.board_page import BOARD, BOARD_IF_THERE, CANVASES, mark, marked
from tests.browser.conftest import PHONE, WIDE
from tests.browser.settled import focused, script_run, settled

SMALL = "scenario=collapse&replicas=2&updates=160&first_seed=40"


def until(page, condition: str) -> None:
    """`condition` of the BOARD, which may be off the page for a moment, and of sides that it may not have yet."""
    page.wait_for_function(f"{BOARD_IF_THERE} && ({condition.replace('BOARD', BOARD).replace(').last', ')?.last')})")


def goes_on(page, after: int) -> None:
    """The board shows a run of one's own, no longer the shipped example, and it is beyond the update `after`."""
    until(page, f"BOARD.comparison !== 'shipped' && BOARD.store.get('DAPO').last > {after}")


def last(page, side: str = "DAPO") -> int:
    until(page, f"BOARD.store.get('{side}')")
    return page.evaluate(f"{BOARD}.store.get('{side}').last")


def curves(page) -> dict:
    return page.evaluate(f"(({{metrics, update}}) => ({{mean: metrics.entropy_nats.mean, update}}))({BOARD}.store.get('DAPO'))")


def finished(page) -> None:
    page.get_by_role("heading", name="Findings").wait_for()
    until(page, "BOARD.store.get('DAPO').last === 160 && BOARD.store.get('GRPO').last === 160")


def the_first_screen_says_what_it_is_and_offers_one_button(page):
    page.get_by_role("heading", name="Watch GRPO collapse and DAPO hold").wait_for()
    button = page.get_by_role("button", name="Run: GRPO against DAPO")
    assert button.bounding_box()["y"] < 900
    assert last(page) == 480  # the finished example is drawn
    all_essentials_and_what_they_cost_are_in_sight(page)
    title, text = page.locator(".st-key-heading h1").bounding_box(), page.locator("p.look-for").first.bounding_box()
    assert text["y"] >= title["y"] + title["height"]
    headings_are_in_order(page)
    what_is_foreseen_covers_no_slider_that_the_keyboard_is_on(page)


def what_is_foreseen_covers_no_slider_that_the_keyboard_is_on(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    for name in ("Group size", "Noise on rewards"):  # below which the numbers stand
        slider = page.get_by_role("slider", name=name)
        slider.focus()
        box = slider.bounding_box()
        assert box["y"] + box["height"] <= page.locator(".st-key-foreseen").bounding_box()["y"], name
    page.set_viewport_size(WIDE)


def all_essentials_and_what_they_cost_are_in_sight(page):
    numbers = page.locator("dl.foreseen").bounding_box()
    for name in ("Learning rate", "Updates per rollout", "Group size", "Noise on rewards", "Share of hard prompts", "Seeds"):
        slider = page.get_by_role("slider", name=name).bounding_box()
        assert slider["y"] + slider["height"] <= numbers["y"], name
    assert numbers["y"] + numbers["height"] <= 1000


def headings_are_in_order(page):
    levels = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] :is(h1, h2, h3, h4)')].map((node) => Number(node.tagName[1]))"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_a_run_from_the_click_to_its_findings_downloads_and_link(visit):
    """In one visit: a page and a training take longer than looking at what comes of them."""
    page = visit(SMALL + "&DAPO.eps_high=0.35")
    run_draws_points_while_it_trains_and_ends_in_findings(page)
    the_downloads_hold_what_was_drawn(page)
    the_shared_link_gives_a_stranger_the_same_curves(page, visit)
    assert not page.errors


def run_draws_points_while_it_trains_and_ends_in_findings(page):
    # Charts below the screen are drawn when they are scrolled to, so the ones that are drawn are marked.
    drawn = mark(page, CANVASES)
    page.get_by_role("button", name="Run: GRPO against DAPO").click()
    page.wait_for_url(re.compile("comparison="))
    until(page, "BOARD.store.get('DAPO')?.last > 0 && BOARD.store.get('DAPO').last <= 160")
    finished(page)
    assert marked(page, CANVASES) == drawn >= 2  # from the example through the run to its end, no chart was rebuilt


def the_downloads_hold_what_was_drawn(page):
    page.get_by_test_id("stPopoverButton").filter(has_text="Download").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="DAPO (CSV)").click()
    table = pd.read_csv(caught.value.path())
    assert list(table.columns[-len(METRIC_NAMES) :]) == list(METRIC_NAMES)
    assert sorted(table["seed"].unique()) == [40, 41] and table["update"].max() == 160
    drawn = curves(page)["mean"]
    written = table.groupby("update")["entropy_nats"].mean().dropna()
    assert len(drawn) == len(written)
    assert drawn == pytest.approx(list(written), rel=1e-3)  # the chart rounds to four digits
    with page.expect_download() as caught:
        page.get_by_role("button", name="Everything (zip)").click()
    with open(caught.value.path(), "rb") as file:
        names = zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    assert names == ["metrics.csv", "config.json", "summary.json", "report.md", "charts.html"]


def the_shared_link_gives_a_stranger_the_same_curves(mine, visit):
    mine.get_by_test_id("stPopoverButton").filter(has_text="Share").click()
    link = mine.get_by_text(re.compile("run=1")).first.inner_text().strip()
    assert "DAPO.eps_high=0.35" in link and "first_seed=40" in link
    mine.context.clear_cookies()  # who comes without them is somebody else
    theirs = visit(link.split("?", 1)[1], beside=mine)
    finished(theirs)
    assert curves(theirs) == curves(mine)
    assert theirs.url != mine.url  # a run of their own


def test_in_the_frame_of_another_page_a_scenario_shows_its_picture_and_runs(new_page, app_server):
    page = new_page(viewport={"width": 720, "height": 1000})
    source = f"{app_server}/?embed=true&scenario=lab&updates=32&replicas=2"
    page.set_content(f'<html lang=en><title>A course</title><iframe src="{source}" title="DAPO Lab" width="100%" height="900">')
    frame = page.frame_locator("iframe")
    frame.get_by_role("img", name=re.compile("^Gradient norm")).wait_for()
    frame.get_by_role("button", name="Run: GRPO against DAPO, 2 seeds").click()
    frame.get_by_role("button", name="Run again").wait_for()
    frame.get_by_text("64 of 64 updates of 2 sides", exact=True).wait_for()
    assert frame.get_by_role("img", name=re.compile("^Gradient norm, 0 to")).count() == 0
    for shown in (frame.get_by_role("radio", name="cost"), frame.get_by_role("button", name="single seeds")):
        box = shown.bounding_box()  # the last of the view settings, of which nothing is cut off
        assert box["x"] + box["width"] <= 704
    assert "click on a chart" not in frame.locator(".live-board").inner_text()  # it would leave the board, with no way back


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.thorough), "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(visit, scheme):
    page = visit(viewport=PHONE, color_scheme=scheme, tour=True)
    page.get_by_role("region", name="A short tour").wait_for()
    assert page.locator(".tour-here").get_attribute("data-testid") == "stExpandSidebarButton"  # behind which the settings are
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.get_by_role("button", name="Run: GRPO against DAPO").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert (
        page.get_by_test_id("stExpandSidebarButton").evaluate("(node) => getComputedStyle(node, '::after').content")
        == '"Settings and pages"'
    )
    chart = page.locator(".lb-plot").first.bounding_box()
    assert chart["y"] + chart["height"] <= 844  # the first one stands on the first screen
    the_folded_settings_take_no_focus_until_they_are_opened(page)
    assert not page.get_by_role("radio", name="cost").is_visible()
    page.get_by_role("button", name="View", exact=True).click()
    box = page.get_by_role("radio", name="cost").bounding_box()  # the last of the x-axes
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def the_folded_settings_take_no_focus_until_they_are_opened(page):
    technique = page.get_by_role("switch", name="Clip-Higher, GRPO")
    assert not technique.is_visible()
    page.get_by_test_id("stExpandSidebarButton").press("Enter")
    technique.wait_for()
    fold = page.get_by_role("button", name="Collapse sidebar")
    focused(page, fold)
    fold.press("Enter")
    technique.wait_for(state="hidden")
    the_settings_fold_away_when_the_keyboard_leaves_them(page, technique)


def the_settings_fold_away_when_the_keyboard_leaves_them(page, technique):
    """They lie over the page, which would take the focus unseen."""
    unfold, helped = page.get_by_test_id("stExpandSidebarButton"), page.get_by_role("button", name="Help for Noise on rewards")
    unfold.press("Enter")
    page.locator("summary").filter(has_text="Environment").press("Enter")
    helped.wait_for()
    technique.press("Escape")
    technique.wait_for(state="hidden")
    assert helped.count() == 0  # which says of itself that it is visible
    focused(page, unfold)
    unfold.press("Enter")
    page.get_by_test_id("stSidebar").locator("summary").last.focus()
    page.keyboard.press("Tab")
    technique.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.closest('[data-testid=stMain]') !== null")


def test_a_first_visit_is_shown_round_once_and_settings_are_changed_saved_and_found_again_by_keyboard(visit):
    page = visit(tour=True)
    the_tour_has_four_steps_and_does_not_come_back(page)
    the_first_screen_says_what_it_is_and_offers_one_button(page)
    a_slider_and_a_switch_change_what_will_run(page)
    the_settings_are_saved_by_name_and_taken_again(page)
    a_scenario_is_chosen_by_its_picture_and_undone(page)
    assert not page.errors


def the_tour_has_four_steps_and_does_not_come_back(page):
    card = page.get_by_role("region", name="A short tour")
    card.get_by_text("1 of 4").wait_for()
    for step in (2, 3, 4):
        card.get_by_role("button", name="Next").press("Enter")
        card.get_by_text(f"{step} of 4").wait_for()
    card.get_by_role("button", name="Done").press("Enter")
    assert card.count() == 0
    page.reload()
    page.get_by_role("slider", name="Seeds").wait_for()
    settled(page)
    assert card.count() == 0


def a_slider_and_a_switch_change_what_will_run(page):
    seeds = page.get_by_role("slider", name="Seeds")
    with script_run(page):
        seeds.press("ArrowLeft")
    page.get_by_role("button", name="Run: GRPO against DAPO, 12 seeds").wait_for()
    assert seeds.evaluate("(node) => node === document.activeElement && node.ariaValueText") == "12"
    with script_run(page):
        page.get_by_role("switch", name="Clip-Higher, GRPO").press("Space")
    assert page.get_by_role("spinbutton", name="Upper clip ε_high, GRPO").input_value() == "0.28"
    page.get_by_role("status").filter(has_text=re.compile(r"^With these settings: \d+ MB of memory")).wait_for(state="attached")
    page.get_by_text("Changed: replicas 12, GRPO.eps_high 0.28").wait_for()


def the_settings_are_saved_by_name_and_taken_again(page):
    saved = page.get_by_role("button", name="Presets")
    saved.press("Enter")
    focused(page, page.get_by_label("Name of the preset"))
    page.keyboard.type("<b>mine</b>")
    page.keyboard.press("Enter")
    page.get_by_text("Saved as <b>mine</b>.").wait_for()
    page.keyboard.press("Escape")
    focused(page, saved)
    page.get_by_role("button", name="Back to the scenario's settings").press("Enter")
    page.get_by_role("button", name="Run: GRPO against DAPO, 16 seeds").wait_for()
    focused(page, page.locator(".st-key-take_back"))  # in which the button is disabled now
    saved.press("Enter")
    page.get_by_role("button", name="<b>mine</b>", exact=True).press("Enter")
    page.get_by_role("button", name="Run: GRPO against DAPO, 12 seeds").wait_for()
    page.keyboard.press("Escape")
    focused(page, saved)  # although the page was drawn anew
    assert page.get_by_role("switch", name="Clip-Higher, GRPO").is_checked()


def a_scenario_is_chosen_by_its_picture_and_undone(page):
    settled(page)
    page.get_by_role("button", name="Browse the scenarios").press("Enter")
    gallery = page.get_by_role("dialog")
    gallery.get_by_role("img", name=re.compile("^Gradient norm, 0 to 0.00011, over 100 updates: GRPO ends at 0")).wait_for()
    gallery.get_by_role("button", name="The lab that printed 0.0000").press("Enter")
    page.get_by_role("heading", name="The lab that printed 0.0000").wait_for()
    page.get_by_role("button", name="Undo").press("Enter")
    page.get_by_role("heading", name="Watch GRPO collapse").wait_for()
    assert gallery.count() == 0
