"""The live board in a real Chromium: nothing is rebuilt, nothing is lost, and the reader's view survives every tick."""

from __future__ import annotations

import json
import re
import time
from xml.etree import ElementTree

import numpy as np
import pytest

from bench.ui_browser import Meter
from bench.ui_watching import hidden
from pages.shared.common import series
from pages.shared.common.live_board.charts import CHARTS as CHART_SPECS
from pages.shared.common.live_board.charts import metrics_of
from tests.browser.board_page import CHARTS, Board
from tests.browser.made_up import histories
from tests.browser.settled import settled

# What was asked for before the board left arrives while it is away: nothing new.
ANSWER = """(({ picture, settings, events, thresholds, order, fetch, opens, status, receive }) => receive({
    full: false, points: {}, picture, settings, events, thresholds, order: order + 1, fetch, opens, badge: status,
}))(held)"""
KEPT_MS = 30_000  # KEPT in board.js: how long a board that has left the page waits to be put back


@pytest.fixture
def open_board(new_page, board_server, stays_open):
    def open_page(query: str = "", *, width: int = 1440, height: int = 1300, scheme: str = "light", clock: bool = False) -> Board:
        """With `clock`, the timers of the page can be made to pass with `page.clock.run_for`."""
        stays_open(board_server)
        page = new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        if clock:
            page.clock.install()
        page.goto(f"{board_server}/?{query}")
        board = Board(page, page.errors)
        page.wait_for_selector(".lb-plot canvas", timeout=60_000)
        if width > 1000:
            board.wait(f"document.querySelectorAll('.lb-plot canvas').length === {CHARTS} && BOARD.dirty.size === 0")
        board.mark()
        return board

    return open_page


def test_a_growing_run_is_drawn_on_and_the_readers_view_survives_every_tick(open_board):
    """In one visit: opening a board takes longer than trying what is on it."""
    board = open_board("rate=60&every=0.25")  # the app looks half as often
    points_arrive_and_no_node_is_rebuilt(board)
    hover_shows_the_same_update_on_all_charts(board)
    zoom_and_hidden_sides_survive_and_a_double_click_resets(board)
    the_range_is_chosen_and_follows_the_end(board)
    a_hidden_tab_draws_nothing_and_shows_everything_when_seen_again(board)
    a_board_that_leaves_the_page_for_a_moment_returns_as_it_was(board)
    assert board.js("BOARD.stats.snapshots") == 1 and board.same_nodes() and board.errors == []


def points_arrive_and_no_node_is_rebuilt(board):
    before, built = board.last(), board.js("BOARD.stats.built")
    board.ticks(6)
    assert board.last() > before + 60
    updates = board.js("BOARD.store.get('GRPO').update")
    assert updates == list(range(1, len(updates) + 1))
    assert board.line("grad_norm")["x"][-1] > before + 60
    assert board.js("BOARD.stats.built") == built == CHARTS and board.same_nodes()


def hover_shows_the_same_update_on_all_charts(board):
    box = board.over("reward_mean")
    board.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 40)
    board.page.mouse.move(box["x"] + 0.4 * box["width"] + 2, box["y"] + 42)
    told = "[...document.querySelectorAll('.lb-where')].map((node) => node.textContent)"
    board.wait(f"BOARD.hover !== null && {told}.every((words) => words === `update ${{BOARD.hover}}`)")
    held = board.js("BOARD.hover")
    board.ticks(2)
    assert board.js("BOARD.hover") == held and board.js(told) == [f"update {held}"] * CHARTS
    shown = board.js(f"({{ value: {held}, line: BOARD.charts.get('entropy_nats').lines[1] }})")
    k = max(i for i, x in enumerate(shown["line"]["points"]["x"]) if x <= held)
    said = board.page.locator("[data-chart=entropy_nats] .lb-value").nth(1).inner_text()
    assert said.startswith("DAPO") and float(said.split()[1]) == pytest.approx(shown["line"]["points"]["line"][k], rel=5e-3)
    board.page.mouse.move(2, 2)
    board.wait("BOARD.hover === null")


def zoom_and_hidden_sides_survive_and_a_double_click_resets(board):
    box = board.over("entropy_nats")
    middle = box["y"] + box["height"] / 2
    board.page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    board.page.mouse.down()
    board.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=12)
    board.ticks(2)  # while the button is held
    board.page.mouse.up()
    board.wait("BOARD.zoom !== null")
    zoom = board.js("BOARD.zoom")
    board.page.locator(".lb-side", has_text="GRPO").click()
    board.ticks(3)
    assert all(board.scale(chart) == pytest.approx(zoom) for chart in ("entropy_nats", "grad_norm", "filter_ratio", "groups"))
    assert board.line(side=0)["x"] == [] != board.line(side=1)["x"]
    shown = board.line("grad_norm")["x"]
    assert zoom[0] - 2 <= shown[0] and shown[-1] <= zoom[1] + 2
    board.page.mouse.dblclick(box["x"] + 0.5 * box["width"], middle)
    board.wait("BOARD.zoom === null")
    board.ticks(1)
    assert board.scale("groups")[0] == 0 and board.scale("groups")[1] > zoom[1]
    board.page.locator(".lb-side", has_text="DAPO").click()  # all sides are hidden: empty charts
    board.wait("BOARD.hidden.size === 2 && BOARD.dirty.size === 0")
    assert board.line(side=1)["x"] == [] == board.js("BOARD.charts.get('groups').u.data[0]")
    for side in ("GRPO", "DAPO"):
        board.page.locator(".lb-side", has_text=side).click()
    board.wait("BOARD.hidden.size === 0")


def the_range_is_chosen_and_follows_the_end(board):
    board.page.get_by_role("button", name="Last half").click()
    board.ticks(2)
    board.wait("BOARD.dirty.size === 0")
    low, high = board.scale("reward_mean")
    assert low == pytest.approx(high / 2) and high >= board.last() - 60
    thumb = board.page.get_by_role("slider", name="Range, from")
    thumb.focus()
    for _ in range(3):
        thumb.press("ArrowLeft")
    board.wait("BOARD.follow === null && BOARD.zoom[0] > 0")
    assert re.search(r"update \d", thumb.get_attribute("aria-valuetext"))
    board.page.get_by_role("button", name="All", exact=True).click()
    board.wait("BOARD.zoom === null && BOARD.dirty.size === 0")


def a_hidden_tab_draws_nothing_and_shows_everything_when_seen_again(board):
    with hidden(board.page):
        board.wait("BOARD.fetchDue")  # it would look now, and does not
        stats, last = board.js("BOARD.stats"), board.last()
        board.page.get_by_test_id("stSidebar").get_by_role("slider").press("ArrowRight")
        board.wait("BOARD.settings.smoothing > 0")  # the script has run
        settled(board.page)
        assert board.js("BOARD.stats") == stats
    board.wait(f"BOARD.store.get('DAPO').last > {last} && BOARD.dirty.size === 0")
    assert board.line("grad_norm")["x"][-1] > last and board.js("BOARD.stats.draws") > stats["draws"]


def a_board_that_leaves_the_page_for_a_moment_returns_as_it_was(board):
    box = board.over("grad_norm")
    board.page.mouse.move(box["x"] + 50, box["y"] + 50)
    board.page.mouse.down()
    board.page.mouse.move(box["x"] + 150, box["y"] + 50, steps=5)
    board.page.mouse.up()
    board.wait("BOARD.zoom !== null && BOARD.dirty.size === 0")
    before, zoom = board.last(), board.js("BOARD.zoom")
    theme = board.js("(window.held = BOARD).theme")
    board.choose("away")
    board.page.wait_for_selector(".live-board", state="detached")
    board.page.evaluate(ANSWER)
    assert board.page.evaluate("held.theme") == theme  # off the page it has no colours: all charts would be built anew, twice
    board.choose("away")
    board.page.wait_for_selector(".live-board")
    board.wait(f"BOARD.store.get('DAPO').last > {before + 20} && BOARD.dirty.size === 0")
    assert board.scale("entropy_nats") == pytest.approx(zoom)


@pytest.mark.thorough
def test_a_lost_snapshot_is_noticed_and_sent_again(open_board):
    board = open_board("rate=10")
    board.choose("lose a snapshot")
    board.wait("BOARD.settings.seeds && BOARD.store.get('DAPO').metrics.entropy_nats.seeds[0]?.[0] > 0")
    assert board.js("BOARD.stats.refused") >= 1
    assert board.js("BOARD.stats.snapshots") == 2
    assert board.same_nodes() and board.errors == []


def test_a_thinned_board_has_the_points_that_the_server_would_send_anew(open_board):
    board = open_board("rate=20&start=540&stop=600")
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
    floor, ceiling = (board.line("grad_norm", 1, layer)["y"] for layer in ("floor", "ceiling"))
    assert (min(floor), max(ceiling)) == (min(gradient["low"]), max(gradient["high"]))
    assert board.line("grad_norm")["y"] == gradient["mean"]
    assert board.same_nodes() and board.errors == []


@pytest.mark.thorough
def test_a_board_that_stays_away_is_given_up_and_made_anew(open_board):
    board = open_board("rate=20", clock=True)
    board.js("window.first = BOARD")
    board.choose("away")
    board.page.wait_for_selector(".live-board", state="detached")
    board.page.clock.run_for(KEPT_MS + 2000)  # it looks every second
    board.choose("away")
    board.page.wait_for_selector(".lb-plot canvas")
    assert board.js("BOARD !== window.first && window.first.charts.get('entropy_nats').u === null")  # destroyed
    assert board.errors == []


def test_what_a_finished_run_says_and_what_its_settings_change(open_board):
    """In one visit: opening a board takes longer than trying what is on it."""
    board = open_board("start=480&stop=480")
    events_and_threshold_are_marked(board)
    no_more_points_than_pixels_are_drawn_the_extremes_among_them(board)
    words_for_those_who_do_not_see_and_keys_for_those_who_do_not_point(board)
    a_chart_is_saved_as_a_picture_and_as_numbers(board)
    a_spike_in_the_first_updates_does_not_rule_the_scale(board)
    axis_and_smoothing_and_log_change_lines_without_a_rebuild(board)
    the_theme_follows_the_system(board)
    assert board.errors == []


def events_and_threshold_are_marked(board):
    assert board.marks("entropy_nats") == ["entropy low: below 40 % of the start", "GRPO: entropy collapsed in 12 of 16 seeds"]
    assert board.marks("grad_norm") == ["GRPO: gradient vanished"]
    assert board.marks("groups") == ["GRPO", "DAPO"]


def no_more_points_than_pixels_are_drawn_the_extremes_among_them(board):
    for side, label in enumerate(("GRPO", "DAPO")):
        means = board.js(f"BOARD.store.get('{label}').metrics.grad_norm.mean")
        line, pixels = board.line("grad_norm", side)["y"], board.over("grad_norm")["width"]
        assert pixels / 4 < len(line) <= pixels < len(means) == 480
        assert (min(line), max(line), line[-1]) == (min(means), max(means), means[-1])


def words_for_those_who_do_not_see_and_keys_for_those_who_do_not_point(board):
    plot = board.page.locator("[data-chart=entropy_nats] .lb-plot")
    assert plot.get_attribute("role") == "img" and plot.get_attribute("tabindex") == "0"
    label = plot.get_attribute("aria-label")
    assert label.startswith("Entropy. GRPO: ") and "DAPO: " in label and "at update 473" in label
    assert re.search(r"GRPO: entropy collapsed in 12 of 16 seeds at update \d+", label)
    assert "% mixed" in board.page.locator("[data-chart=groups] .lb-plot").get_attribute("aria-label")
    plot.focus()
    plot.press("ArrowLeft")
    plot.press("ArrowLeft")
    board.wait("BOARD.spoken.textContent.includes('at update 465')")
    plot.press("Escape")
    assert board.js("BOARD.hover") is None


def a_chart_is_saved_as_a_picture_and_as_numbers(board):
    saved = {}
    for form in ("CSV", "SVG", "PNG"):
        board.page.get_by_label("Save Entropy").click()
        with board.page.expect_download() as download:
            board.page.locator("[data-chart=entropy_nats]").get_by_role("button", name=form).click()
        assert download.value.suggested_filename == f"entropy_nats.{form.lower()}"
        saved[form] = download.value.path().read_bytes()
    head, *rows = (line.split(",") for line in saved["CSV"].decode().splitlines())
    assert head == ["side", "metric", "update", "update", "mean", "ci95_half_width", "min", "max"]
    means = {side: [float(row[4]) for row in rows if row[0] == side] for side in ("GRPO", "DAPO")}
    assert means == {side: board.js(f"BOARD.store.get('{side}').metrics.entropy_nats.mean") for side in means}
    picture = ElementTree.fromstring(saved["SVG"])
    texts = [node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Entropy (nats)", "GRPO", "DAPO", "GRPO: entropy collapsed in 12 of 16 seeds", "update"} <= set(texts)
    lines = [node.get("d") for node in picture.iter("{http://www.w3.org/2000/svg}path") if node.get("stroke-width") == "2"]
    assert [line.count("L") + 1 for line in lines] == [len(board.line(side=side)["x"]) for side in (0, 1)]
    assert saved["PNG"].startswith(b"\x89PNG") and len(saved["PNG"]) > 10_000


def a_spike_in_the_first_updates_does_not_rule_the_scale(board):
    def scale_with(update: int) -> tuple[float, list[str]]:
        """The top of the scale, and the words, with a gradient of 100 at one update."""
        board.js(f"""(() => {{
            const metric = BOARD.store.get('DAPO').metrics.grad_norm;
            const {{ mean }} = metric;
            window.held ??= [...mean];
            metric.same = 0;
            mean.splice(0, mean.length, ...window.held);
            mean[{update - 1}] = 100;
        }})()""")
        for _ in range(2):  # it is drawn again
            board.page.locator(".lb-side", has_text="GRPO").click()
        board.wait("BOARD.hidden.size === 0 && BOARD.dirty.size === 0")
        return board.scale("grad_norm", "y")[1], board.marks("grad_norm")

    top, words = scale_with(2)
    assert top < 10 and words[-1] == "↑ the first updates reach 100"
    top, words = scale_with(300)  # later it is what the chart is for
    assert 100 < top < 110 and words == ["GRPO: gradient vanished"]
    board.js("""(({ metrics: { grad_norm } }) => {
        grad_norm.mean.splice(0, Infinity, ...window.held);
        grad_norm.same = 0;
    })(BOARD.store.get('DAPO'))""")


def axis_and_smoothing_and_log_change_lines_without_a_rebuild(board):
    raw = board.line("entropy_nats", 0)
    board.choose("samples")
    board.wait("BOARD.settings.xaxis === 'samples' && BOARD.dirty.size === 0")
    assert board.line("entropy_nats", 1)["x"][:3] == [1024, 2048, 3072]
    gradient = board.line("grad_norm", 0)["x"]
    assert gradient == sorted(set(gradient)) and len(gradient) == 60  # one point per rollout
    board.choose("update")
    slider = board.page.get_by_test_id("stSidebar").get_by_role("slider")
    presses = 0
    while float(slider.input_value()) < 0.45:  # one that comes while Streamlit draws it anew may be lost
        slider.press("ArrowRight")
        presses += 1
        assert presses < 20
    board.wait("BOARD.settings.smoothing === 0.5 && BOARD.settings.xaxis === 'update' && BOARD.dirty.size === 0")
    line = board.line("entropy_nats", 0)
    assert line["x"] == raw["x"]
    # Debiased, and the weight fades with updates: from update 1 to update 9 by 0.5 ** 8.
    fade = 0.5**8
    assert line["y"][:2] == pytest.approx([raw["y"][0], (fade * raw["y"][0] + raw["y"][1]) / (fade + 1)])
    assert board.line("entropy_nats", 0, "ghost")["y"] == raw["y"]
    low, high = (board.line("entropy_nats", 0, layer)["y"] for layer in ("low", "high"))
    assert all(a < y < b for a, y, b in zip(low, line["y"], high, strict=True))
    board.choose("log")
    board.wait("BOARD.charts.get('grad_norm').u.scales.y.distr === 3 && BOARD.dirty.size === 0")
    assert board.js("BOARD.charts.get('entropy_nats').u.scales.y.distr") == 1
    board.choose("seeds")
    board.wait("BOARD.charts.get('reward_mean').seeds.length === 2 && BOARD.dirty.size === 0")
    assert board.js("BOARD.charts.get('reward_mean').seeds.map((lines) => lines.length)") == [16, 16]


def the_theme_follows_the_system(board):
    color = "BOARD.charts.get('entropy_nats').u.series.at(-1).stroke()"
    assert board.js(color) == "#0072B2"
    board.page.emulate_media(color_scheme="dark")
    board.wait(f"{color} === '#56B4E9' && BOARD.dirty.size === 0")
    board.wait("[...BOARD.charts.values()].every(({ plot }) => plot.querySelectorAll('canvas').length === 1)")


@pytest.mark.parametrize("width", [390, pytest.param(1440, marks=pytest.mark.thorough)])
def test_no_page_scrolls_sideways(open_board, width):
    board = open_board("start=400&stop=400", width=width, height=844)
    settled(board.page)
    assert board.js("document.documentElement.scrollWidth") <= width
    for chart in board.page.locator(".lb-chart").all():
        box = chart.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    if width == 390:
        only_charts_in_sight_are_drawn(board)


def only_charts_in_sight_are_drawn(board):
    first, last = "[...BOARD.charts.values()][0]", "[...BOARD.charts.values()].at(-1)"
    near_are_drawn = "[...BOARD.charts.values()].every(({ spec, near, u }) => !near || (u && !BOARD.dirty.has(spec.name)))"
    assert board.js(f"{first}.u !== undefined && {last}.u === undefined")  # it has not even been made
    board.page.locator(".lb-chart").last.scroll_into_view_if_needed()
    board.wait(f"{last}.u && !{first}.near && {near_are_drawn}")
    board.js("document.querySelector('.lb-side').click()")  # all charts change
    board.wait(f"BOARD.hidden.size === 1 && {near_are_drawn}")
    assert board.js(f"BOARD.dirty.has({first}.spec.name)")
    board.page.locator(".lb-chart").first.scroll_into_view_if_needed()
    board.wait(f"{first}.near && {near_are_drawn}")
    assert board.errors == []


@pytest.mark.thorough
def test_long_lines_are_decimated_to_their_extremes(open_board):
    board = open_board("start=3000&stop=3000")
    line = board.line("grad_norm")
    means = board.js("BOARD.store.get('DAPO').metrics.grad_norm.mean")
    assert len(means) == 3000 and len(line["y"]) <= board.over("grad_norm")["width"]
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
    meter = Meter(board.page)
    board.ticks(2)
    meter.frames.clear()
    began = time.perf_counter()
    board.ticks(12)
    seconds = time.perf_counter() - began
    count = sum(size for _, size in meter.frames)
    print(json.dumps({"kilobytes_per_second": round(count / seconds / 1000, 2), "messages": len(meter.frames)}))
    assert len(meter.frames) >= 12 and count / seconds < 20_000
