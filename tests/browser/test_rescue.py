"""Rescue as a person does it: pause a run, switch a technique on, and see the new line leave from there while the original goes on."""

from __future__ import annotations

import re

from tests.browser.board_page import BOARD
from tests.browser.settled import settled
from tests.browser.test_compare import SMALL, goes_on, last, until

FORK = "GRPO + Dynamic"


def test_a_paused_run_is_gone_on_with_beside_the_original(visit):
    page = visit(SMALL.replace("updates=160", "updates=60000"))
    page.get_by_role("button", name="Run: GRPO against DAPO").click()
    page.wait_for_url(re.compile("comparison="))
    goes_on(page, 8)
    until(page, "BOARD.store.get('GRPO')?.last > 40 && BOARD.store.get('GRPO').last < 60000")
    settled(page)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    charts = page.evaluate("[...document.querySelectorAll('.live-board .lb-plot')].map((node) => { node.mark = 'mine'; }).length")
    page.get_by_text(re.compile("^Rescue: go on from one of these states")).click()
    page.get_by_role("button", name="Dynamic sampling", exact=True).click()
    told = page.get_by_text(re.compile(r"^From GRPO after update \d+ to update 60000, with .*refill"))
    fork = int(re.search(r"after update (\d+)", told.inner_text())[1])
    until(page, f"BOARD.store.get('GRPO').last >= {fork}")  # the page may be ahead of its board's last tick
    held = last(page, "GRPO")
    assert held - 16 < fork <= held  # the end of its last rollout
    page.get_by_role("button", name="Go on from here").click()
    until(page, f"BOARD.store.get('{FORK}')?.last > {fork + 8}")
    until(page, f"BOARD.store.get('GRPO').last > {held}")
    assert page.evaluate(f"{BOARD}.store.get('{FORK}').update[0]") == fork + 1
    page.locator(".lb-legend").get_by_role("button", name=FORK).wait_for()
    assert charts == page.evaluate(
        "[...document.querySelectorAll('.live-board .lb-plot')].filter((node) => node.mark === 'mine').length"
    )
    page.get_by_role("button", name="Stop").click()
    page.get_by_text(f"{FORK} left GRPO after update {fork}").first.wait_for()
    assert not page.errors
