"""The page Your run as a person meets it: a real server, a real Chromium."""

from __future__ import annotations

import json

import pytest

from tests.browser.board_page import BOARD, BOARD_IF_THERE
from tests.browser.conftest import CHART
from tests.browser.settled import press_to_unfold, settled

UPLOADER = "[data-testid=stFileUploader]"


def row(step: int) -> str:
    return json.dumps({"step": step, "reward": step / 100, "entropy": 2 / step, "grad_norm": 0.3, "kl": 0.1}) + "\n"


def rows(first: int, last: int) -> str:
    return "".join(map(row, range(first, last + 1)))


def console(steps: int) -> str:
    return "".join(f"step:{i} - actor/entropy:{1 / i} - critic/rewards/mean:0.5\n" for i in range(1, steps + 1))


def paste(page, text: str) -> None:
    """As a person does."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(rows(1, 60))
    return path


def last(page) -> list[int]:
    """The last step of each line on the board."""
    return page.evaluate(f"[...{BOARD}.store.values()].map((side) => side.last)")


def until_last(page, step: int) -> None:
    """Wait until the board has one line, which ends with `step`."""
    page.wait_for_function(f"[...({BOARD_IF_THERE}?.store.values() ?? [])].map((side) => side.last).join() === '{step}'")


def test_logs_are_dropped_pasted_and_watched_and_a_link_shows_them_to_somebody_else(visit, log):
    """In one visit: opening a page takes longer than trying what is on it."""
    page = visit(path="/your_run", wait=UPLOADER)
    link = dropped_and_pasted_logs_lie_over_each_other(page, log)
    a_text_too_long_for_its_field_is_sent_as_a_file_together_with_what_the_field_has(page)
    a_path_is_followed_while_it_grows_and_laid_out_by_share(page, log)
    a_link_shows_them_to_somebody_else(page, visit, link)
    assert page.errors == []


def give_another(page, tab: str) -> None:
    """The part of the page in which another log is given, and how."""
    settled(page)
    if (folded := page.locator("details:not([open]) > summary", has_text="Read another log")).count():
        press_to_unfold(page, folded)
    page.get_by_role("tab", name=tab).click()


def dropped_and_pasted_logs_lie_over_each_other(page, log) -> str:
    """The link to them."""
    page.set_input_files("input[type=file]", log)
    page.wait_for_selector(CHART)
    page.wait_for_url("**/your_run?log=*")
    assert last(page) == [60]
    dropped = page.url
    give_another(page, "Paste text")
    field = page.locator("textarea").first
    field.focus()
    paste(page, console(40))
    assert field.input_value() == console(40)
    page.get_by_role("button", name="Read the text").click()
    until_last(page, 40)
    assert page.url != dropped
    page.get_by_role("combobox", name="Lay beside it").click()
    page.get_by_role("option", name="mine.jsonl").click()
    page.keyboard.press("Escape")  # the list stays open for more
    page.wait_for_function(f"{BOARD_IF_THERE}?.store.size === 2")
    page.wait_for_url("**&beside=log*")
    assert last(page) == [40, 60]
    return page.url


def a_link_shows_them_to_somebody_else(page, visit, link):
    page.context.clear_cookies()  # who comes without them is somebody else
    other = visit(path="/your_run", query=link.split("?")[1], beside=page)
    other.wait_for_function(f"{BOARD_IF_THERE}?.store.size === 2")
    assert last(other) == [40, 60] and other.evaluate(f"[...{BOARD}.store.keys()]") == ["pasted text", "mine.jsonl"]
    assert other.get_by_role("button", name="Delete").count() == 0
    assert other.errors == []


def a_text_too_long_for_its_field_is_sent_as_a_file_together_with_what_the_field_has(page):
    give_another(page, "Paste text")
    field, told = page.locator("textarea").first, page.locator(".long_paste[role=status]")
    long, short = console(3000), console(2)
    field.fill(short)
    page.keyboard.press("Control+End")
    page.evaluate("document.querySelector('.long_paste').about.bytes = 150_000")
    paste(page, long)
    told.get_by_text(f"{(len(short) + len(long)) / 1e6:.1f} MB were pasted, and at most 200 MB are read at once").wait_for()
    assert field.input_value() == short
    page.evaluate("document.querySelector('.long_paste').about.bytes = 200e6")
    page.route("**/_stcore/upload_file/**", lambda route: route.abort())
    page.keyboard.press("Control+V")
    told.get_by_text("It was not sent. Error: ").wait_for()
    assert field.input_value() == short
    page.unroute("**/_stcore/upload_file/**")
    paste(page, "".join(long.splitlines(keepends=True)[2:]))
    until_last(page, 3000)
    assert page.get_by_role("heading", name="pasted text").is_visible()
    give_another(page, "Paste text")
    files = page.evaluate_handle(
        "(text) => { const all = new DataTransfer(); all.items.add(new File([text], 'dropped.log')); return all; }", console(30)
    )
    field.dispatch_event("drop", {"dataTransfer": files})
    until_last(page, 30)
    assert page.get_by_role("heading", name="dropped.log").is_visible()


def a_path_is_followed_while_it_grows_and_laid_out_by_share(page, log):
    give_another(page, "Watch or read a path")
    page.get_by_placeholder("/data/outputs/run-17").fill(str(log))
    page.get_by_role("button", name="Watch", exact=True).click()
    until_last(page, 60)
    with log.open("a") as file:
        file.write(rows(61, 75))
    page.wait_for_function(f"[...{BOARD}.store.values()].every((side) => side.last === 75)")
    assert page.evaluate(f"{BOARD}.stats.snapshots") == 1  # what was new came as a tail
    settled(page)
    page.get_by_role("radio", name="share of the run").or_(page.get_by_role("button", name="share of the run")).first.click()
    page.wait_for_function(f"{BOARD}.settings.xaxis === 'share'")
    settled(page)
    assert page.evaluate(f"[...{BOARD}.store.values()].map((side) => [side.share[0], side.share.at(-1)])") == [[0, 100]]
