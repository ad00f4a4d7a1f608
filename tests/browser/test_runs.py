"""The Runs page as a person meets it: a real server, a real Chromium."""

from __future__ import annotations

import io
import secrets
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core.runs.store.store import Store
from pages.shared.common.process import DATABASE
from tests.browser import stored
from tests.browser.board_page import BOARD
from tests.browser.conftest import PHONE
from tests.browser.settled import script_run, settled

NAMES = ("<b>first</b> [x](javascript:alert(1))", "second")
SMALL = {"scenario": "collapse", "replicas": "2", "updates": "48"}
SETTINGS = ({"first_seed": "40"}, {"first_seed": "50", "task.noise": "0.25"})
TABLE = '[data-testid="stDataFrame"]'
CELLS = "[data-testid=glide-cell-1-0]"  # there once the table takes clicks
ROW = 35  # pixels
SIDE = 336  # pixels from the left to the middle of the column of that name


@pytest.fixture
def comparisons(history):
    """(owner, ids) of two finished comparisons of a person who has no others; the newest is listed first."""
    owner = secrets.token_hex(16)
    made = [stored.add(history, SMALL | given, owner=owner, name=name) for name, given in zip(NAMES, SETTINGS, strict=True)]
    return owner, made[::-1]


@pytest.fixture
def runs_page(visit, comparisons):
    def opener(visitor: str = comparisons[0], wait: str = CELLS, **options):
        page = visit(path="/runs", wait="h1", visitor=visitor, **options)
        page.locator(wait).first.wait_for(state="attached")
        settled(page)
        return page

    return opener


def tick(page, *rows: int) -> None:
    """Click into the first column of the table, as a person does."""
    page.locator(TABLE).first.scroll_into_view_if_needed()
    for row in rows:
        box = page.locator(TABLE).first.bounding_box()
        with script_run(page):
            page.mouse.click(box["x"] + 15, box["y"] + ROW * (row + 1.5))


def drawn(page) -> dict:
    """Label -> last update that the board has."""
    page.locator(".live-board").scroll_into_view_if_needed()  # charts are drawn in sight
    page.wait_for_selector(".lb-plot canvas")
    return page.evaluate(f"Object.fromEntries([...{BOARD}.store].map(([label, side]) => [label, side.last]))")


def results(folder: Path, comparison: str):
    store = Store(folder / DATABASE)
    try:
        return store.results(comparison)
    finally:
        store.close()


def test_ticked_rows_lie_over_each_other_and_one_is_renamed_deleted_and_back_again(runs_page):
    """In one visit: opening a page takes longer than trying what is on it."""
    page = runs_page()
    two_ticked_rows_lie_over_each_other_with_what_differs(page)
    the_one_that_is_ticked_is_renamed_deleted_and_back_again(page)
    assert not page.errors


def two_ticked_rows_lie_over_each_other_with_what_differs(page):
    tick(page, 0, 2)
    page.get_by_role("heading", name="Settings that differ").wait_for()
    assert drawn(page) == {"second · GRPO · seeds 50–51": 48, "‹b›first‹/b› [x](javascript… · GRPO · seeds 40–41": 48}
    colours = page.evaluate(f"{BOARD}.sides.map((side) => side.color)")
    assert len(set(colours)) == 2
    tick(page, 2)
    page.wait_for_function(f"{BOARD}.store.size === 1")
    assert list(drawn(page)) == ["GRPO"]
    assert page.locator("a[href^='javascript']").count() == 0


def the_one_that_is_ticked_is_renamed_deleted_and_back_again(page):
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("third <i>time</i>")
    page.get_by_role("button", name="Save the name").click()
    page.get_by_text("third <i>time</i> · GRPO and DAPO").wait_for()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Deleted: third <i>time</i>, 2 runs.").wait_for()
    page.get_by_text("There are 2 runs.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("There are 4 runs.").wait_for()
    assert page.get_by_text("Deleted: ").count() == 0


@pytest.mark.thorough
def test_the_selection_outlives_a_filter_and_sorting(runs_page):
    page = runs_page()
    tick(page, 0)
    search = page.get_by_role("textbox", name="Search")
    search.fill("javascript")
    search.press("Enter")
    page.get_by_text("2 of 4 runs").wait_for()
    tick(page, 1)
    page.wait_for_function(f"{BOARD}.store.size === 2")
    assert [label.split(" · ")[1] for label in drawn(page)] == ["GRPO", "DAPO"]
    search.fill("")
    search.press("Enter")
    page.get_by_text("2 of 4 runs").wait_for(state="detached")
    assert len(drawn(page)) == 2
    page.locator(TABLE).first.scroll_into_view_if_needed()
    box = page.locator(TABLE).first.bounding_box()
    page.mouse.click(box["x"] + SIDE, box["y"] + ROW / 2)  # sorts by side: both DAPO first, of which one is ticked
    settled(page)
    tick(page, 0, 1)
    page.wait_for_function(f"[...{BOARD}.store.keys()].join() === 'GRPO,DAPO'")  # both of the second comparison
    assert not page.errors


@pytest.mark.thorough
def test_the_downloads_hold_what_is_stored(runs_page, comparisons, history):
    _, (second, _) = comparisons
    page = runs_page()
    tick(page, 0, 1)
    with page.expect_download() as caught:
        page.get_by_role("button", name="CSV of the selected runs").click()
    table = pd.read_csv(caught.value.path())
    for label, result in results(history, second).items():
        rows = table[table["algorithm"] == label]
        expected = result.history.frame(run_id="", algorithm=label)
        assert len(rows) == len(expected) == 2 * 49  # the untrained policy is evaluated, too
        for name in ("seed", "update", "samples_generated", "entropy_nats", "grad_norm", "eval_accuracy"):
            assert rows[name].to_numpy() == pytest.approx(expected[name].to_numpy(), rel=1e-7, nan_ok=True), name
    with page.expect_download() as caught:
        page.get_by_role("button", name="Zip").click()
    names = zipfile.ZipFile(io.BytesIO(Path(caught.value.path()).read_bytes())).namelist()
    assert names[:4] == ["metrics.csv", "config.json", "summary.json", "report.md"]
    assert not page.errors


@pytest.mark.thorough
def test_run_again_goes_to_compare_and_is_listed_when_one_comes_back(runs_page):
    page = runs_page()
    tick(page, 0)
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url("**/?comparison=*")
    page.get_by_role("heading", name="Findings").wait_for()
    page.get_by_role("link", name="Runs").click()
    page.get_by_text("There are 6 runs.").wait_for()
    assert not page.errors


@pytest.mark.thorough
def test_open_on_compare_shows_the_stored_run(runs_page, comparisons):
    page = runs_page()
    tick(page, 0)
    page.get_by_role("link", name="Open on Compare").click()
    page.wait_for_url(f"**/?comparison={comparisons[1][0]}")
    page.get_by_role("heading", name="Findings").wait_for()
    assert not page.errors


@pytest.mark.thorough
def test_somebody_else_sees_nothing_of_it(runs_page):
    page = runs_page("b" * 32, wait="text=There are no runs yet")
    assert page.locator(TABLE).count() == 0
    page.get_by_role("link", name="Go to Compare").click()
    page.get_by_role("button", name="Run: GRPO against DAPO").wait_for()
    assert not page.errors


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.thorough), "dark"])
@pytest.mark.thorough
def test_a_phone_shows_everything_without_scrolling_sideways(runs_page, scheme):
    page = runs_page(viewport=PHONE, color_scheme=scheme)
    tick(page, 0, 1)
    page.get_by_role("heading", name="Settings that differ").wait_for()
    assert len(drawn(page)) == 2
    chip = page.evaluate("getComputedStyle(document.querySelector('[data-tag] > span')).color")
    assert chip == {"light": "rgb(255, 255, 255)", "dark": "rgb(12, 20, 28)"}[scheme]  # on the primary colour
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("Run again", "Rename", "Delete"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, name
    assert not page.errors
