"""A page that is open while the system changes between light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import stored
from tests.browser.settled import settled

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
SETTINGS = {"scenario": "collapse", "replicas": "2", "updates": "48", "first_seed": "3"}
FIGURE = ".stPlotlyChart .js-plotly-plot"
COLOURS = f"""() => JSON.stringify([...document.querySelectorAll("{FIGURE}")].map((plot) => [
    [...plot.querySelectorAll("text")].map((node) => getComputedStyle(node).fill),
    plot._fullData.map(({{ marker, line }}) => [marker?.color, line?.color]),
]))"""
OTHER = {"light": "dark", "dark": "light"}


def look_at_figures(page) -> None:
    """Those that are drawn when they come into sight, too."""
    page.wait_for_selector(f".sight, {FIGURE} .main-svg")
    settled(page)
    if waiting := page.locator(".sight").all():
        waiting[0].scroll_into_view_if_needed()
    page.wait_for_selector(f"{FIGURE} .main-svg")
    settled(page)


@pytest.mark.thorough  # test_accessibility.py has Compare, from light to dark
@pytest.mark.parametrize("path", ["/", "/ladder", "/inspect_step"])
@pytest.mark.parametrize("before", ["light", "dark"])
def test_finished_figures_follow_a_change_of_theme(visit, history, path, before):
    query = "" if path != "/inspect_step" else f"comparison={stored.add(history, SETTINGS, owner='x')}&run=DAPO&seed=3&update=12"
    page = visit(query, path=path, wait=f".sight, {FIGURE} .main-svg", color_scheme=before)
    look_at_figures(page)
    first = page.evaluate(COLOURS)
    page.emulate_media(color_scheme=OTHER[before])
    page.wait_for_function(f"(first) => ({COLOURS})() !== first", arg=first)
    settled(page)
    assert page.evaluate(CONTRAST) == []
    figures_are_so_after_a_reload_and_as_before_in_the_first_theme(page, first, before)


def figures_are_so_after_a_reload_and_as_before_in_the_first_theme(page, first, before) -> None:
    """`first` are their colours in the theme `before`; the page has changed to the other one."""
    switched = page.evaluate(COLOURS)
    page.reload()
    look_at_figures(page)
    assert page.evaluate(COLOURS) == switched != first
    page.emulate_media(color_scheme=before)
    page.wait_for_function(f"(first) => ({COLOURS})() === first", arg=first)
    assert not page.errors
