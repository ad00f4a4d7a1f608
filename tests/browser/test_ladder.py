"""The Ablation ladder as a person meets it: a real server, a real Chromium."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect

from core.analysis.csv_files import safe_cell
from core.data.ladder import SHIPPED_LADDER
from core.ladder import ladder_table
from core.ladder.report import signed
from core.ladder.rungs import SCENARIO
from core.settings.scenarios import SCENARIOS
from tests.browser.conftest import PHONE, WIDE
from tests.browser.settled import settled

DRAWN = ".js-plotly-plot .textpoint"
TINY = "ladder_seeds=2&ladder_updates=160&ladder_first_seed=40"


@pytest.fixture
def ladder(visit):
    def opener(query: str = "", **options):
        return visit(query, path="/ladder", wait=DRAWN, **options)

    return opener


def words(page, chart: int = 0) -> list[str]:
    """What stands above the bars."""
    return page.locator(".js-plotly-plot").nth(chart).locator(".textpoint").all_text_contents()


def until_words(page, part: str) -> None:
    page.wait_for_function(
        f"[...document.querySelector('.js-plotly-plot').querySelectorAll('.textpoint')].some((t) => t.textContent.includes({part!r}))"
    )


def test_the_first_screen_has_the_finished_ladder_and_one_button(ladder):
    """In one visit, first on a phone: opening the page takes longer than looking at it."""
    page = ladder(viewport=PHONE, color_scheme="dark")
    nothing_is_wider_than_the_screen(page, "dark")
    page.set_viewport_size(WIDE)
    page.get_by_test_id("stExpandSidebarButton").wait_for(state="detached")  # the sidebar has unfolded
    settled(page)
    page.get_by_role("heading", name="Ablation ladder").wait_for()
    assert page.get_by_role("button", name=re.compile("Run it yourself .11 runs")).bounding_box()["y"] < 900
    assert len(words(page)) == 5 and words(page)[-1].startswith("+ Overlong shaping")
    assert any("50" in text and "Dynamic sampling (DAPO)" in text for text in words(page, 1))
    expect(page.locator(".js-plotly-plot")).to_have_count(4)  # two orders, the curves and the interactions


@pytest.mark.thorough
def test_the_toggles_change_the_numbers_and_stand_in_the_address(ladder):
    page = ladder()
    before = words(page)
    page.get_by_role("radio", name="per sample").click()
    page.get_by_role("heading", name=re.compile("samples per seed")).wait_for()
    sampling = ladder_table("ours", SCENARIOS[SCENARIO], SHIPPED_LADDER.results).rows[3].per["samples"].brings
    until_words(page, f"({signed(sampling.mean)})")
    assert words(page) != before
    page.get_by_role("radio", name="Leave one out").click()
    until_words(page, "− Clip-Higher")
    page.wait_for_url(re.compile("ladder_order=Leave"))
    page.reload()
    page.wait_for_selector(DRAWN)
    until_words(page, "− Clip-Higher")
    assert not page.errors


@pytest.mark.thorough
def test_bars_appear_while_it_trains_and_a_reload_finds_them_again(ladder):
    page = ladder(TINY)
    page.get_by_text("only the ladder shown").click()
    page.get_by_role("button", name=re.compile("Run it yourself .5 runs × 2 seeds")).click()
    page.wait_for_url(re.compile("comparison="))
    page.get_by_text(re.compile("[1-4] of 5 rungs are over")).wait_for()
    until_words(page, "(not measured)")  # some are there, and the others have their place
    assert 1 <= page.locator(".js-plotly-plot").first.locator(".bars .point").count() < 5
    page.get_by_text("Your own ladder: seeds 40 to 41, 160 updates").wait_for()
    page.get_by_role("button", name=re.compile("Run it yourself")).wait_for()
    page.wait_for_function("document.querySelector('.js-plotly-plot').querySelectorAll('.bars .point').length === 5")
    told = words(page)
    page.reload()
    page.wait_for_selector(DRAWN)
    assert words(page) == told and not page.errors


@pytest.mark.thorough
def test_the_table_that_is_downloaded_is_the_one_that_is_shown(ladder):
    page = ladder()
    with page.expect_download() as caught:
        page.get_by_role("button", name="Table (CSV)").click()
    with open(caught.value.path(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["order"] for row in rows} == {"ours", "paper", "leave-one-out"}
    shown = page.locator(".st-key-ladder_table tbody tr").all_inner_texts()
    ours = [row for row in rows if row["order"] == "ours"]
    for row, text in zip(ours, shown, strict=True):
        name = text.partition("\t")[0]
        assert row["rung"] == safe_cell(name)  # a spreadsheet would take "+ Clip-Higher" for a formula
        if row["technique"]:
            assert f"{float(row['technique_brings_equal_updates']):+.3f}" in text or "0.000" in text


@pytest.mark.thorough
def test_a_step_opens_on_compare(ladder):
    page = ladder()
    page.get_by_text("Open a step on Compare").click()
    page.get_by_role("link", name="+ Dynamic sampling").click()
    page.wait_for_url(re.compile("sides=with"))
    page.get_by_role("button", name="Run: with token-level loss against with dynamic sampling").wait_for()


@pytest.mark.thorough
def test_a_phone_shows_it_without_scrolling_sideways_in_light(ladder):
    nothing_is_wider_than_the_screen(ladder(viewport=PHONE), "light")


def nothing_is_wider_than_the_screen(page, scheme):
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    box = page.get_by_role("button", name=re.compile("Run it yourself")).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    for chart in page.locator(".js-plotly-plot").all():
        chart.scroll_into_view_if_needed()
        right = chart.evaluate(
            "(node) => Math.max(...[...node.querySelectorAll('.textpoint')].map((t) => t.getBoundingClientRect().right))"
        )
        assert right <= 390
    ink = page.locator(".js-plotly-plot .textpoint text").first.evaluate("(node) => getComputedStyle(node).fill")
    lightness = sum(int(part) for part in re.findall(r"\d+", ink)[:3]) / 3
    assert lightness > 200 if scheme == "dark" else lightness < 100


@pytest.mark.thorough
def test_the_choices_can_be_made_by_keyboard(ladder):
    page = ladder()
    page.get_by_role("radio", name="per update").focus()
    page.keyboard.press("ArrowRight")
    if not page.get_by_role("radio", name="per sample").is_checked():
        page.keyboard.press("Space")
    page.get_by_role("heading", name=re.compile("samples per seed")).wait_for()
