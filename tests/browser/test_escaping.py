"""Names, labels, errors and links that would act, in a real browser: no script runs and no element is made of them."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from core.analysis.result import Status
from tests.browser import stored
from tests.browser.board_page import BOARD_IF_THERE
from tests.browser.settled import settled

ANN = "e" * 32
SCRIPT = "<script>window.acted = 1</script>"
HOSTILE = (
    f"<img src=x onerror='window.acted=1'> {SCRIPT} [x](javascript:window.acted=1) $x^2$ :material/bug_report: "
    "<a href='https://x.example'>y</a> www.x.example"
)
MADE = """() => ({
    acted: window.acted ?? 0,
    images: document.querySelectorAll("img[src='x']").length,
    scripts: [...document.scripts].filter((node) => node.textContent.includes("acted")).length,
    addresses: document.querySelectorAll("a[href^='javascript'], a[href*='x.example'], svg a").length,
    formulas: document.querySelectorAll(".katex").length,
})"""
# The pointer is on the chart, and what it stands on is told.
TOLD = f"""(chart) => {{
    const plot = chart.closest(".js-plotly-plot");
    return chart.matches(":hover") && (plot ? plot.querySelector(".hovertext") : ({BOARD_IF_THERE}?.hover ?? null) !== null);
}}"""
NOTHING = {"acted": 0, "images": 0, "scripts": 0, "addresses": 0, "formulas": 0}


@pytest.fixture(scope="module")
def comparison(history):
    """The id of a failed comparison of ANN's, every text of which would act."""
    end = {"status": Status.FAILED, "error": f"because {HOSTILE}", "traceback": HOSTILE}
    settings = {"scenario": "collapse", "replicas": "2", "updates": "32"}
    label = f"{{}} {HOSTILE}".format
    return stored.add(history, settings, owner=ANN, scenario=f"s {HOSTILE}", name=HOSTILE, label=label, **end)


@pytest.fixture
def look(visit, comparison):
    def opener(path: str, wait: str, **query: str):
        return visit(urlencode(query), path=path, wait=wait, visitor=ANN)

    return opener


def test_a_stored_comparison_is_text_on_compare_and_inspect(look, comparison):
    for path, wait in (("/", ".lb-plot canvas"), ("/inspect_step", ".js-plotly-plot .main-svg")):
        page = look(path, wait, comparison=comparison)
        page.get_by_text("because <img src=x").first.wait_for()
        settled(page)
        for chart in page.locator(".js-plotly-plot .draglayer, .lb-plot .u-over").all()[:2]:
            chart.scroll_into_view_if_needed()
            box = chart.bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.wait_for_function(TOLD, arg=chart.element_handle())
        assert page.evaluate(MADE) == NOTHING and not page.errors, path


@pytest.mark.thorough
def test_a_stored_comparison_is_text_on_runs(look):
    page = look("/runs", '[data-testid="stDataFrame"] canvas')
    box = page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 17)  # ticks all rows
    page.get_by_role("heading", name="Settings that differ").wait_for()
    page.locator(".live-board").scroll_into_view_if_needed()  # charts are drawn in sight
    page.wait_for_selector(".lb-plot canvas")
    page.get_by_text("s <img src=x onerror=").or_(page.get_by_text("<img src=x onerror=")).locator(
        "visible=true"
    ).first.wait_for()
    assert page.evaluate(MADE) == NOTHING and not page.errors


@pytest.mark.thorough
def test_a_link_is_text(look):
    page = look("/", ".lb-plot canvas", scenario=HOSTILE, sides=f"{HOSTILE}:GRPO", **{SCRIPT: "1", "task.noise": HOSTILE})
    page.get_by_text("was ignored").nth(3).wait_for()
    page.get_by_text("<script>window.acted").first.wait_for()
    assert page.evaluate(MADE) == NOTHING and not page.errors
