"""A page with nothing but the live board on it (harness_board.py), as a test sees it."""

from __future__ import annotations

from playwright.sync_api import TimeoutError

from pages.shared.common.live_board.charts import CHARTS as CHART_SPECS

CHARTS = len(CHART_SPECS)
BOARD = "document.querySelector('.live-board').liveBoard"
BOARD_IF_THERE = "document.querySelector('.live-board')?.liveBoard"
TOLD = f"JSON.stringify((({{ settings, status, stats }}) => ({{ settings, status, stats }}))({BOARD_IF_THERE} ?? {{}}))"
CANVASES = ".live-board canvas"


def mark(page, nodes: str) -> int:
    """Mark these nodes of the board; how many there are."""
    return page.evaluate("(nodes) => [...document.querySelectorAll(nodes)].map((node) => { node.mark = 'mine'; }).length", nodes)


def marked(page, nodes: str) -> int:
    """How many of them have not been built anew since."""
    return page.evaluate("(nodes) => [...document.querySelectorAll(nodes)].filter((node) => node.mark === 'mine').length", nodes)


class Board:
    """A page with the harness on it."""

    def __init__(self, page, errors):
        self.page, self.errors = page, errors

    def js(self, expression: str):
        """Its value, computed while the board is on the page, see `wait`."""
        there = f"{BOARD_IF_THERE} && {{ value: {expression.replace('BOARD', BOARD)} }}"
        return self.page.wait_for_function(there).json_value()["value"]

    def wait(self, condition: str, seconds: float = 60):
        """Streamlit may take a board off the page for a moment; it returns as it was (see `putBack` in board.js)."""
        there = f"{BOARD_IF_THERE} && ({condition.replace('BOARD', BOARD)})"
        try:
            self.page.wait_for_function(there, timeout=1000 * seconds)
        except TimeoutError as error:
            error.add_note(f"the board: {self.page.evaluate(TOLD)}")
            raise

    def last(self) -> int:
        return self.js("BOARD.store.get('DAPO').last")

    def line(self, chart: str = "entropy_nats", side: int = 1, layer: str = "main") -> dict[str, list]:
        """A layer of a side as uPlot has it, without the places at which only others have a point."""
        x, y = self.js(f"""(({{u}}) => {{
            const at = u.series.findIndex((found) => found.layer === '{layer}' && found.side === {side});
            const there = u.data[0].map((x, k) => [x, u.data[at][k]]).filter(([, y]) => y !== undefined);
            return [there.map(([x]) => x), there.map(([, y]) => y)];
        }})(BOARD.charts.get('{chart}'))""")
        return {"x": x, "y": y}

    def scale(self, chart: str, name: str = "x") -> list[float]:
        return self.js(f"(({{min, max}}) => [min, max])(BOARD.charts.get('{chart}').u.scales.{name})")

    def marks(self, chart: str) -> list[str]:
        return self.page.locator(f"[data-chart={chart}] .lb-mark").all_text_contents()

    def over(self, chart: str) -> dict:
        return self.page.locator(f"[data-chart={chart}] .u-over").bounding_box()

    def ticks(self, count: int) -> None:
        now = self.js("BOARD.stats.tails")
        self.wait(f"BOARD.stats.tails >= {now + count}", 3 * count + 60)

    def same_nodes(self) -> bool:
        return self.js("[...document.querySelectorAll('.lb-plot canvas')].every((n) => n.mark === 'mine') && "
                       f"document.querySelectorAll('.lb-plot canvas').length === {CHARTS}")  # fmt: skip

    def mark(self) -> None:
        self.js("document.querySelectorAll('.lb-plot canvas').forEach((n) => { n.mark = 'mine' })")

    def choose(self, label: str) -> None:
        """A widget of the sidebar: the charts have some of the same words."""
        self.page.get_by_test_id("stSidebar").get_by_text(label, exact=True).click()
