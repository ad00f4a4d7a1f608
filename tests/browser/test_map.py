"""The Map of collapse as a person meets it: trained live, a cell clicked, its settings opened on Compare, the map shared."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import expect

from tests.browser.settled import settled

OWN = "x=learning_rate=1e-3,1e-2,1e-1&y=algorithm.eps_high=0.1,0.4&replicas=4&updates=16&first_seed=40"
PLOT = ".js-plotly-plot"


def click_cell(page, column: int, row: int, of: tuple[int, int]) -> None:
    """The middle of a cell of the first heat map, counted from the lower left."""
    box = page.locator(f"{PLOT} .nsewdrag").first.bounding_box()
    x = box["x"] + box["width"] * (column + 0.5) / of[0]
    y = box["y"] + box["height"] * (1 - (row + 0.5) / of[1])
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y, steps=4)
    page.mouse.click(x, y)


def test_a_map_is_trained_clicked_shared_and_opened_on_compare(visit):
    """Fifteen seconds: worker processes import torch, and the map is opened a second time by its link."""
    page = visit(OWN, path="/map", wait="[data-testid=stAlert]")
    page.get_by_role("button", name="Train the 12 cells that are missing").click()
    page.get_by_text("of 6 cells").first.wait_for()  # cells are counted as they come in
    page.get_by_role("button", name="Stop").wait_for(state="detached")
    settled(page)
    expect(page.locator(f"{PLOT} .heatmaplayer").nth(2)).to_be_attached()  # figures come after the script has run

    click_cell(page, 2, 1, (3, 2))
    link = page.get_by_role("link", name="Open exactly these settings on Compare")
    page.wait_for_function("e => e.href.includes('learning_rate=0.1')", arg=link.element_handle())
    query = parse_qs(urlparse(link.get_attribute("href")).query)
    assert query["learning_rate"] == ["0.1"] and query["GRPO.eps_high"] == query["DAPO.eps_high"] == ["0.4"]
    assert (query["replicas"], query["updates"], query["first_seed"]) == (["4"], ["16"], ["40"])

    page.get_by_role("button", name=re.compile("Share")).click()
    address = page.get_by_test_id("stPopoverBody").locator("code").inner_text()
    page.context.clear_cookies()  # who comes without them is somebody else
    page.goto(address)
    page.wait_for_selector(f"{PLOT} .heatmaplayer")
    settled(page)
    assert page.get_by_role("button", name=re.compile("Train the")).count() == 0  # all of it is known to this server
    page.get_by_role("link", name="Open exactly these settings on Compare").click()
    page.get_by_role("heading", name="Map of collapse").wait_for(state="detached")
    settled(page)
    assert not page.errors
