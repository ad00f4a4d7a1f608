"""A run goes on, and the page finds it again: reload, outage, second tab, another page and back. It can be held, stepped, and gone on with
from a state of its own. And nobody else finds it."""

from __future__ import annotations

import re

import pytest

from tests.browser.board_page import BOARD, CANVASES, mark, marked
from tests.browser.conftest import CHART
from tests.browser.proxy import Proxy
from tests.browser.settled import focused, script_run, settled
from tests.browser.test_compare import SMALL, goes_on, last, until

LONG = SMALL.replace("updates=160", "updates=100000")
FORK = "GRPO + Dynamic"


@pytest.fixture
def proxy(app_server):
    made = Proxy(app_server)
    yield made
    made.close()


def run(page) -> str:
    """Press Run, wait for points; the address of the run."""
    page.get_by_role("button", name="Run: GRPO against DAPO").click()
    page.wait_for_url(re.compile("comparison="))
    goes_on(page, 8)
    return page.url


def stop(page) -> None:
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("was stopped").first.wait_for()


def test_a_run_is_found_again_held_stepped_and_gone_on_with(visit, proxy):
    """In one visit: a page and a run take longer to come than what is tried on them takes."""
    page = visit(LONG, address=proxy.address)
    run(page)
    a_reload_finds_it_again(page)
    points_come_without_a_run_of_the_script(page)
    an_outage_changes_nothing(page, proxy, attempts=2)
    without_its_own_requests_the_board_is_told_by_the_script(page)
    settings_and_run_are_there_again_after_another_page(page)
    pause_holds_step_makes_one_update_and_resume_goes_on(page)
    a_paused_run_is_gone_on_with_beside_the_original(page)
    assert not page.errors


def a_reload_finds_it_again(page):
    seen = last(page)
    page.reload()
    page.wait_for_selector(CHART)
    goes_on(page, seen)
    settled(page)


def points_come_without_a_run_of_the_script(page):
    """Streamlit draws its whole page anew for each message of one, which costs more than all the charts. Its timer may come between once."""
    ran: list[str] = []
    for socket in page.sockets:
        socket.on("framesent", lambda _: ran.append(""))
    with page.expect_response("**/board/*") as asked:
        tails = page.evaluate(f"{BOARD}.stats.tails")
        until(page, f"BOARD.stats.tails >= {tails + 3}")
    assert asked.value.ok and len(ran) <= 1
    assert asked.value.headers["content-encoding"] == "gzip"


@pytest.mark.thorough
def test_a_longer_outage_changes_nothing(visit, proxy):
    page = visit(LONG, address=proxy.address)
    run(page)
    an_outage_changes_nothing(page, proxy, attempts=4)
    stop(page)


def an_outage_changes_nothing(page, proxy, attempts):
    """It lasts until the browser has tried in vain to come back so many times; the waits between grow."""
    drawn = mark(page, CANVASES)
    seen = last(page)
    proxy.cut()
    assert proxy.refused(attempts, seconds=60)
    proxy.mend()
    until(page, f"BOARD.store.get('DAPO').last > {seen + 50}")
    assert marked(page, CANVASES) == drawn
    updates = page.evaluate(f"{BOARD}.store.get('DAPO').update")
    assert updates == sorted(set(updates))


def without_its_own_requests_the_board_is_told_by_the_script(page):
    """As behind a proxy that does not know the address."""
    page.route("**/board/*", lambda route: route.fulfill(status=404))
    tails = page.evaluate(f"{BOARD}.stats.tails")
    until(page, f"BOARD.stats.tails >= {tails + 2}")
    page.unroute("**/board/*")


def settings_and_run_are_there_again_after_another_page(page):
    noise = page.get_by_role("spinbutton", name="Noise on rewards, exactly")
    noise.fill("0.25")
    page.keyboard.press("Enter")
    page.get_by_text("Changed: updates").filter(has_text="task.noise 0.25").wait_for()
    seen = last(page)
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("heading", name="Runs").wait_for()
    page.get_by_role("link", name="Compare").click()
    page.wait_for_selector(CHART)
    goes_on(page, seen)
    assert noise.input_value() == "0.25"


def pause_holds_step_makes_one_update_and_resume_goes_on(page):
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    done = "Number(BOARD.status.text.split(' of ')[0])"
    until(page, f"BOARD.status.state === 'paused' && {done} === BOARD.store.get('GRPO').last + BOARD.store.get('DAPO').last")
    settled(page)
    held = last(page)
    assert held < 100000
    for step in (1, 2):  # one update more each time, however long the page took meanwhile: nothing else trained
        page.get_by_role("button", name="Step", exact=True).click()
        until(page, f"BOARD.store.get('DAPO').last > {held + step - 1} && BOARD.status.state === 'paused'")
        settled(page)
        assert last(page) == held + step
    page.get_by_role("button", name="Resume").click()
    until(page, f"BOARD.store.get('DAPO').last > {held + 20}")


def a_paused_run_is_gone_on_with_beside_the_original(page):
    """A rescue: a technique is switched on, and the new line leaves from there while the original goes on."""
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    charts = mark(page, ".live-board .lb-plot")
    page.get_by_text(re.compile("^Rescue: go on from one of these states")).click()
    page.get_by_role("button", name="Dynamic sampling", exact=True).click()
    told = page.get_by_text(re.compile(r"^From GRPO after update \d+ to update 100000, with .*refill"))
    fork = int(re.search(r"after update (\d+)", told.inner_text())[1])
    until(page, f"BOARD.store.get('GRPO').last >= {fork}")  # the page may be ahead of its board's last tick
    held = last(page, "GRPO")
    assert held - 16 < fork <= held  # the end of its last rollout
    page.get_by_role("button", name="Go on from here").click()
    until(page, f"BOARD.store.get('{FORK}')?.last > {fork + 8}")
    until(page, f"BOARD.store.get('GRPO').last > {held}")
    assert page.evaluate(f"{BOARD}.store.get('{FORK}').update[0]") == fork + 1
    page.locator(".lb-legend").get_by_role("button", name=FORK).wait_for()
    assert marked(page, ".live-board .lb-plot") == charts
    stop(page)
    page.get_by_text(f"{FORK} left GRPO after update {fork}").first.wait_for()


@pytest.mark.thorough
def test_a_second_tab_shows_the_same_run_and_may_pause_it(visit):
    mine = visit(LONG)
    address = run(mine)
    second = visit(address.split("?", 1)[1], beside=mine)
    until(second, "BOARD.store.get('DAPO')?.last > 8")
    second.get_by_role("button", name="Pause").click()
    mine.get_by_role("button", name="Resume").wait_for()  # the first tab has noticed by itself
    stop(mine)
    second.get_by_text("was stopped").first.wait_for()


@pytest.mark.thorough
def test_a_new_tab_offers_the_run_to_its_owner_and_to_nobody_else(visit):
    mine = visit(LONG)
    run(mine)
    new = visit(beside=mine)
    new.get_by_text("A run of yours is not over yet").wait_for()
    stranger = visit()
    stranger.get_by_role("heading", name="Watch GRPO collapse").wait_for()
    assert stranger.get_by_text("A run of yours").count() == 0
    new.get_by_role("button", name="Show it").click()
    goes_on(new, 8)
    new.wait_for_url(re.compile("comparison="))
    stop(new)


def test_the_keyboard_alone_runs_pauses_and_reads_a_chart(visit):
    page = visit(LONG)
    button = page.get_by_role("button", name="Run: GRPO against DAPO")
    tab_to(page, button)
    page.keyboard.press("Enter")
    pause = page.get_by_role("button", name="Pause")
    focused(page, pause)  # which has taken the place of Run
    goes_on(page, 8)  # something to read
    what_is_changed_is_applied_by_keyboard(page)
    tab_to(page, pause)
    page.keyboard.press("Enter")
    focused(page, page.get_by_role("button", name="Resume"))
    step = page.get_by_role("button", name="Step", exact=True)
    tab_to(page, step)
    with script_run(page):
        page.keyboard.press("Enter")
    focused(page, step)  # although it was disabled while it trained
    a_popover_is_entered_and_left_by_keyboard(page)
    assert "Paused: " in page.locator(".lb-spoken").text_content()
    chart = page.locator(".lb-plot").first
    tab_to(page, chart)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('.lb-spoken').textContent.length > 0")
    assert re.search(r"update \d+", page.locator(".lb-spoken").text_content())
    tab_to(page, page.locator("summary").filter(has_text="Save").first, back=True)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused(page, page.get_by_role("button", name="PNG").first)
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_role("button", name="Stop"), back=True)
    page.keyboard.press("Enter")
    page.get_by_text("was stopped").first.wait_for()
    focused(page, page.get_by_role("button", name="Run again"))


def what_is_changed_is_applied_by_keyboard(page) -> None:
    """The button goes once it is pressed; the focus is then where it says what was asked for."""
    rate = page.get_by_role("slider", name="Learning rate")
    rate.focus()
    with script_run(page):
        page.keyboard.press("ArrowLeft")
    apply = page.get_by_role("button", name="Apply from here")
    settled(page)
    apply.focus()
    page.keyboard.press("Enter")
    apply.wait_for(state="detached")
    focused(page, page.locator(".st-key-foreseen"))


def a_popover_is_entered_and_left_by_keyboard(page) -> None:
    """Streamlit draws what it shows at the end of the page."""
    share = page.get_by_test_id("stPopoverButton").filter(has_text="Share")
    tab_to(page, share)
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('[data-testid=stPopoverBody]')")
    page.keyboard.press("Escape")
    focused(page, share)


def tab_to(page, wanted, *, back: bool = False, most: int = 250) -> None:
    """Press Tab until `wanted` has the focus; fail if it is never reached."""
    for _ in range(most):
        if wanted.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")
