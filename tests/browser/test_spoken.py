"""What is foreseen is told to a screen reader: the script alone, on an empty page whose clock the test turns."""

from __future__ import annotations

import pytest

from pages.shared.compare.spoken import HTML, SCRIPT
from tests.browser.alone import alone

REST = 1200  # ms, as in the script
ONE = {"samples": "100 samples", "memory": "6 MB of memory"}


@pytest.fixture
def region(new_page):
    """Draws the component with data, lets time pass, and returns all that was told since it was made."""
    page = alone(new_page, SCRIPT, HTML)
    page.evaluate("""() => {
        window.told = [];
        const node = document.querySelector("[role=status]");
        new MutationObserver(() => node.textContent && told.push(node.textContent)).observe(node, { childList: true });
    }""")

    def after(foreseen: dict, pass_ms: int) -> list[str]:
        page.evaluate("(data) => script.default({ data, parentElement: document.body })", {"foreseen": foreseen})
        page.clock.run_for(pass_ms)
        return page.evaluate("told")

    return after


def test_only_what_has_changed_is_told_in_one_sentence_once_the_settings_rest(region):
    assert region(ONE, 2 * REST) == []  # what the page began with
    assert region(ONE, 2 * REST) == []  # the same again
    for count in range(5):  # a slider that moves
        assert region(ONE | {"samples": f"{count} samples"}, REST // 2) == []
    sentences = ["With these settings: 4 samples."]
    assert region(ONE | {"samples": "4 samples"}, REST) == sentences
    assert region(ONE | {"samples": "4 samples"}, 2 * REST) == sentences
    sentences.append("With these settings: 100 samples, 7 MB of memory.")
    assert region(ONE | {"memory": "7 MB of memory"}, REST) == sentences


def test_nothing_is_told_of_what_is_taken_back_or_invalid(region):
    region(ONE, REST)
    assert region(ONE | {"samples": "4 samples"}, REST // 2) == region(ONE, 2 * REST) == []
    assert region({}, 2 * REST) == []  # invalid: the reason is on the page
    assert region(ONE | {"samples": "9 samples"}, REST) == ["With these settings: 9 samples."]
