"""The live board in a real Chromium: nothing is rebuilt, nothing is lost, and the reader's view survives every tick."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest

from pages.shared.common import series
from pages.shared.common.live_board.charts import CHARTS as CHART_SPECS
from pages.shared.common.live_board.charts import metrics_of
from tests.browser.made_up import histories
from tests.browser.settled import settled

CHARTS = len(CHART_SPECS)
BOARD = "document.querySelector('.live-board').liveBoard"
BOARD_IF_THERE = "document.querySelector('.live-board')?.liveBoard"


class Board:
    """A page with the harness on it."""

    def __init__(self, page, errors):
        self.page, self.errors = page, errors

    def js(self, expression: str):
        self.wait("true")
        return self.page.evaluate(expression.replace("BOARD", BOARD))

    def wait(self, condition: str, seconds: float = 60):
        """Streamlit may take a board off the page for a moment; it returns as it was (see `putBack` in board.js)."""
        there = f"{BOARD_IF_THERE} && ({condition.replace('BOARD', BOARD)})"
        self.page.wait_for_function(there, timeout=1000 * seconds)

    def last(self) -> int:
        return self.js("BOARD.store.get('DAPO').last")

    def main_line(self, chart: str = "entropy_nats", side: int = 1) -> dict:
        """The trace of a side's mean as Plotly has it: the last two of ten traces are the means."""
        return self.js(f"(({{x, y, visible}}) => ({{x, y, visible}}))(BOARD.charts.get('{chart}').plot.data[8 + {side}])")

    def range(self, chart: str) -> list[float]:
        return self.js(f"BOARD.charts.get('{chart}').plot._fullLayout.xaxis.range.slice()")

    def ticks(self, count: int) -> None:
        now = self.js("BOARD.stats.tails")
        self.wait(f"BOARD.stats.tails >= {now + count}", 3 * count + 60)

    def same_nodes(self) -> bool:
        return self.js("[...document.querySelectorAll('.js-plotly-plot')].every((n) => n.mark === 'mine') && "
                       f"document.querySelectorAll('.js-plotly-plot').length === {CHARTS}")  # fmt: skip

    def choose(self, label: str) -> None:
        """A widget of the sidebar: the charts have some of the same words."""
        self.page.get_by_test_id("stSidebar").get_by_text(label, exact=True).click()


@pytest.fixture
def open_board(new_page, board_server):
    def open_page(query: str = "", *, width: int = 1440, height: int = 1300, scheme: str = "light", clock: bool = False) -> Board:
        """With `clock`, the timers of the page can be made to pass with `page.clock.run_for`."""
        page = new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        if clock:
            page.clock.install()
        page.goto(f"{board_server}/?{query}")
        board = Board(page, page.errors)
        page.wait_for_selector(".lb-plot canvas", timeout=60_000)
        if width > 1000:
            board.wait(f"document.querySelectorAll('.js-plotly-plot').length === {CHARTS} && BOARD.dirty.size === 0")
        board.js("document.querySelectorAll('.js-plotly-plot').forEach((n) => { n.mark = 'mine' })")
        return board

    return open_page


def test_points_arrive_and_no_node_is_rebuilt_in_twelve_ticks(open_board):
    board = open_board("rate=40")
    before = board.last()
    board.ticks(12)
    assert board.last() > before + 100
    assert board.same_nodes()
    updates = board.js("BOARD.store.get('GRPO').update")
    assert updates == list(range(1, len(updates) + 1))
    assert board.js("BOARD.stats.snapshots") == 1
    assert board.main_line("grad_norm")["x"][-1] > before + 100
    assert board.errors == []


def test_a_gap_is_noticed_and_healed(open_board):
    board = open_board("rate=20")
    board.ticks(2)
    refused = board.js("BOARD.stats.refused")
    board.choose("lose points")
    board.wait(f"BOARD.stats.refused > {refused}")
    board.ticks(2)
    for side in ("GRPO", "DAPO"):
        updates = board.js(f"BOARD.store.get('{side}').update")
        assert updates == list(range(1, len(updates) + 1))
    assert board.js("BOARD.stats.snapshots") == 1  # only what was missing was sent again
    assert board.same_nodes()


@pytest.mark.thorough
def test_a_lost_snapshot_is_noticed_and_sent_again(open_board):
    board = open_board("rate=10")
    board.choose("lose a snapshot")
    board.wait("BOARD.settings.seeds && BOARD.store.get('DAPO').metrics.entropy_nats.seeds[0]?.[0] > 0")
    assert board.js("BOARD.stats.refused") >= 1
    assert board.js("BOARD.stats.snapshots") == 2
    assert board.same_nodes() and board.errors == []


@pytest.mark.thorough
def test_a_lost_answer_is_asked_for_again_though_no_tick_comes_any_more(open_board):
    board = open_board("start=400&stop=400&still")
    board.js("""Object.defineProperty(BOARD, 'request', {
        set(request) { this.sent = request; },
        get() { return () => { window.asked = (window.asked ?? 0) + 1; if (window.asked > 1) this.sent(); }; }, // the first is lost
    })""")
    board.choose("lose a snapshot")
    board.wait("BOARD.settings.seeds && BOARD.store.get('DAPO').metrics.entropy_nats.seeds[0]?.[0] > 0")
    assert board.page.evaluate("window.asked") == 2
    assert board.same_nodes() and board.errors == []


def test_a_run_whose_ticks_have_ended_without_a_word_is_asked_for(open_board):
    board = open_board("start=60&rate=20&stop=140&still", clock=True)  # the badge says that it goes on
    board.wait("BOARD.status.state === 'done' && BOARD.store.get('DAPO').last === 140")
    snapshots, tails = board.js("BOARD.stats.snapshots"), board.js("BOARD.stats.tails")
    assert snapshots == 1 and tails >= 1
    board.page.clock.run_for(6000)
    settled(board.page)
    assert board.js("BOARD.stats.tails") == tails  # what is over is left alone
    assert board.same_nodes() and board.errors == []


def test_a_run_that_has_just_begun_is_asked_for_its_first_points_before_the_next_tick(open_board):
    board = open_board("start=1&rate=4&waits")
    board.wait("BOARD.store.get('DAPO').last > 0")
    board.ticks(1)
    asked = board.page.get_by_text(re.compile(r"asked \d+ times")).inner_text()
    assert 1 <= int(asked.split()[1]) <= 8  # four, and under load Streamlit may repeat each
    board.ticks(3)  # and then no more
    assert board.page.get_by_text(re.compile(r"asked \d+ times")).inner_text() == asked
    assert board.js("BOARD.stats.snapshots") == 1


def test_a_thinned_board_has_the_points_that_the_server_would_send_anew(open_board):
    board = open_board("rate=10&start=540&stop=600")
    board.choose("seeds")
    board.wait("BOARD.settings.seeds")
    for level in range(1, 7):
        board.choose("thin")
        board.wait(f"BOARD.store.get('GRPO').level === {level} && BOARD.store.get('DAPO').level === {level}")
    board.wait("[...BOARD.store.values()].every(({ last }) => last === 600) && BOARD.dirty.size === 0")
    names = metrics_of(CHART_SPECS)
    for label, side in series.snapshot(histories(600), names, seeds=True, levels=dict.fromkeys(("GRPO", "DAPO"), 6)).items():
        kept = board.js(f"BOARD.store.get('{label}')")
        assert kept["update"] == [*range(64, 600, 64), 600]
        assert kept["wall_seconds"] == pytest.approx(side["seconds"])
        assert kept["rollout"] == [update // 8 for update in kept["update"]]
        for name in names:
            mine, sent = kept["metrics"][name], side["metrics"][name]
            count = sent.get("count", 1)
            assert mine["row"] == sent.get("at", list(range(10)))
            assert mine["count"] == (count if isinstance(count, list) else [count] * len(mine["row"]))
            assert mine["low"] == sent.get("low", sent["mean"]) and mine["high"] == sent.get("high", sent["mean"])
            for column in ("mean", "half"):
                assert mine[column] == pytest.approx(
                    sent[column], rel=2e-3, abs=1e-6
                )  # each was rounded to four digits on its way
            assert np.allclose(mine["seeds"], sent["seeds"], rtol=2e-3, atol=1e-6)
    gradient = board.js("BOARD.store.get('DAPO').metrics.grad_norm")
    drawn = board.js("BOARD.charts.get('grad_norm').plot.data[7]")
    assert drawn["visible"] is True
    assert (min(drawn["y"]), max(drawn["y"])) == (min(gradient["low"]), max(gradient["high"]))
    assert board.main_line("grad_norm")["y"] == gradient["mean"]
    assert board.same_nodes() and board.errors == []


def test_zoom_and_hidden_sides_survive_ticks_on_all_charts_and_a_double_click_resets(open_board):
    board = open_board("rate=20")
    box = board.page.locator("[data-chart=entropy_nats] .nsewdrag").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    board.page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    board.page.mouse.down()
    board.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=12)
    board.ticks(2)  # while the button is held
    board.page.mouse.up()
    board.wait("BOARD.zoom !== null")
    zoom = board.js("BOARD.zoom")
    board.page.locator(".lb-side", has_text="GRPO").click()
    board.ticks(4)
    assert all(board.range(chart) == pytest.approx(zoom) for chart in ("entropy_nats", "grad_norm", "filter_ratio", "groups"))
    assert board.main_line(side=0)["visible"] is False and board.main_line(side=1)["visible"] is True
    shown = board.main_line("grad_norm")["x"]
    assert zoom[0] - 2 <= shown[0] and shown[-1] <= zoom[1] + 2
    board.page.mouse.dblclick(box["x"] + 0.5 * box["width"], middle)
    board.wait("BOARD.zoom === null")
    board.ticks(2)
    assert board.range("groups")[0] == 0 and board.range("groups")[1] > zoom[1]
    assert board.same_nodes()


def test_a_board_that_leaves_the_page_for_a_moment_returns_as_it_was(open_board):
    board = open_board("rate=20")
    board.js("window.Plotly.relayout(BOARD.charts.get('grad_norm').plot, {'xaxis.range': [50, 150]})")
    board.wait("BOARD.charts.get('entropy_nats').plot._fullLayout.xaxis.range[0] === 50")
    before = board.last()
    board.choose("away")
    board.page.wait_for_selector(".live-board", state="detached")
    board.choose("away")
    board.page.wait_for_selector(".live-board")
    board.wait(f"BOARD.store.get('DAPO').last > {before + 20}")
    assert board.same_nodes()
    assert board.range("entropy_nats") == [50, 150]
    assert board.js("BOARD.stats.snapshots") == 1 and board.errors == []


@pytest.mark.thorough
def test_a_board_that_stays_away_is_given_up_and_made_anew(open_board):
    board = open_board("rate=20", clock=True)
    board.js("window.first = BOARD")
    board.choose("away")
    board.page.wait_for_selector(".live-board", state="detached")
    board.page.clock.run_for(5000)
    board.choose("away")
    board.page.wait_for_selector(".lb-plot canvas")
    assert board.js("BOARD !== window.first && window.first.charts.get('entropy_nats').plot.data === undefined")  # purged
    assert board.errors == []


def test_what_a_finished_run_says_and_what_its_settings_change(open_board):
    """In one visit: opening a board takes longer than trying what is on it."""
    board = open_board("start=400&stop=400")
    events_and_threshold_are_marked(board)
    words_for_those_who_do_not_see_and_keys_for_those_who_do_not_point(board)
    axis_and_smoothing_and_log_change_lines_without_a_rebuild(board)


def events_and_threshold_are_marked(board):
    texts = board.page.locator("[data-chart=entropy_nats] .annotation-text").all_text_contents()
    assert texts == ["collapsed: below 40 % of the start", "GRPO: entropy collapsed in 14 of 16 seeds"]
    assert board.page.locator("[data-chart=grad_norm] .annotation-text").all_text_contents() == ["GRPO: gradient vanished"]


def words_for_those_who_do_not_see_and_keys_for_those_who_do_not_point(board):
    plot = board.page.locator("[data-chart=entropy_nats] .lb-plot")
    assert plot.get_attribute("role") == "img" and plot.get_attribute("tabindex") == "0"
    label = plot.get_attribute("aria-label")
    assert label.startswith("Entropy. GRPO: ") and "DAPO: " in label and "at update 393" in label
    assert "% mixed" in board.page.locator("[data-chart=groups] .lb-plot").get_attribute("aria-label")
    plot.focus()
    plot.press("ArrowLeft")
    plot.press("ArrowLeft")
    board.wait("BOARD.spoken.textContent.includes('at update 385')")
    plot.press("Escape")
    assert board.js("BOARD.hover") is None


def axis_and_smoothing_and_log_change_lines_without_a_rebuild(board):
    raw = board.main_line("entropy_nats", 0)
    board.choose("samples")
    board.wait("BOARD.settings.xaxis === 'samples' && BOARD.dirty.size === 0")
    assert board.main_line("entropy_nats", 1)["x"][:3] == [1024, 2048, 3072]
    gradient = board.main_line("grad_norm", 0)["x"]
    assert gradient == sorted(set(gradient)) and len(gradient) == 50  # one point per rollout
    board.choose("update")
    slider = board.page.get_by_role("slider")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    board.wait("BOARD.settings.smoothing === 0.5 && BOARD.settings.xaxis === 'update' && BOARD.dirty.size === 0")
    line = board.main_line("entropy_nats", 0)
    assert line["x"] == raw["x"]
    # Debiased, and the weight fades with updates: from update 1 to update 9 by 0.5 ** 8.
    fade = 0.5**8
    assert line["y"][:2] == pytest.approx([raw["y"][0], (fade * raw["y"][0] + raw["y"][1]) / (fade + 1)])
    assert board.js("BOARD.charts.get('entropy_nats').plot.data[6].y") == raw["y"]  # the ghost
    board.choose("log")
    board.wait("BOARD.charts.get('grad_norm').plot._fullLayout.yaxis.type === 'log'")
    assert board.js("BOARD.charts.get('entropy_nats').plot._fullLayout.yaxis.type") == "linear"
    board.choose("seeds")
    board.wait("BOARD.charts.get('reward_mean').plot.data[4].visible === true")
    assert board.js("BOARD.charts.get('reward_mean').plot.data[4].x.filter((v) => v === null).length") == 16
    assert board.same_nodes() and board.errors == []


def test_hover_shows_the_same_update_on_all_charts_and_stays_over_ticks(open_board):
    board = open_board("rate=20")
    box = board.page.locator("[data-chart=reward_mean] .nsewdrag").first.bounding_box()
    board.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 40)
    board.page.mouse.move(box["x"] + 0.4 * box["width"] + 2, box["y"] + 42)
    labels = "[...document.querySelectorAll('.lb-chart')].filter((c) => c.querySelector('.hoverlayer .legend')).length"
    board.wait(f"{labels} === {CHARTS}")
    board.ticks(2)
    board.wait(f"{labels} === {CHARTS}")
    board.page.mouse.move(2, 2)
    board.wait(f"{labels} === 0")


def test_the_theme_follows_the_system_live(open_board):
    board = open_board("start=300&stop=300", scheme="dark")
    assert board.js("BOARD.charts.get('entropy_nats').plot.data[9].line.color") == "#56B4E9"
    board.page.emulate_media(color_scheme="light")
    board.wait("BOARD.charts.get('entropy_nats').plot.data[9].line.color === '#0072B2'")
    assert board.same_nodes()


@pytest.mark.parametrize("width", [390, pytest.param(1440, marks=pytest.mark.thorough)])
def test_no_page_scrolls_sideways(open_board, width):
    board = open_board("start=400&stop=400", width=width, height=844)
    settled(board.page)
    assert board.js("document.documentElement.scrollWidth") <= width
    for chart in board.page.locator(".lb-chart").all():
        box = chart.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


@pytest.mark.thorough
def test_long_lines_are_decimated_to_their_extremes(open_board):
    board = open_board("start=3000&stop=3000")
    line = board.main_line("grad_norm")
    means = board.js("BOARD.store.get('DAPO').metrics.grad_norm.mean")
    assert len(means) == 3000 and len(line["y"]) <= 1502
    assert max(line["y"]) == max(means) and min(line["y"]) == min(means) and line["x"][-1] == 3000


@pytest.mark.thorough
def test_what_the_browser_keeps_is_bounded(open_board):
    board = open_board("start=2990&stop=3020&rate=10")
    board.wait("BOARD.store.get('DAPO').last === 3020")
    side = board.js("BOARD.store.get('DAPO')")
    assert side["level"] == 1 and side["update"] == list(range(2, 3021, 2))
    assert all(len(values) == 1510 for values in (side["wall_seconds"], side["rollout"], side["metrics"]["grad_norm"]["mean"]))
    assert board.js("BOARD.stats.snapshots") == 1 and board.same_nodes()


@pytest.mark.parametrize("rate", [pytest.param(60, marks=pytest.mark.thorough), 300])
def test_at_two_ticks_a_second_less_than_20_kilobytes_arrive(open_board, rate):
    board = open_board(f"rate={rate}")
    session = board.page.context.new_cdp_session(board.page)
    received = []
    session.on("Network.webSocketFrameReceived", lambda frame: received.append(frame["response"]))
    session.send("Network.enable")
    board.ticks(2)
    received.clear()
    began = time.perf_counter()
    board.ticks(12)
    seconds = time.perf_counter() - began
    # Binary frames are given as base64.
    count = sum(len(r["payloadData"]) * (0.75 if r["opcode"] == 2 else 1) for r in received)
    print(json.dumps({"kilobytes_per_second": round(count / seconds / 1000, 2), "frames": len(received)}))
    assert len(received) > 12 and count / seconds < 20_000
