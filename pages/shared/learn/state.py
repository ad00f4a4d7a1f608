"""The session state of the Learn pages, by the name of the page."""

from __future__ import annotations

from pages.shared.common.state import KeyFamily, Memo

MINIATURE: KeyFamily[str | None] = KeyFamily("{}:miniature")  # the comparison that this page has started
REFUSED: KeyFamily[str | None] = KeyFamily("{}:refused")  # why it was not started, shown once
ROWS: KeyFamily[dict[str, list[list[str]]]] = KeyFamily("{}:rows")  # comparison -> rows of the table of The lab
RAN: KeyFamily[str | None] = KeyFamily("{}:ran")  # the bug of The lab that was run last


def summary_of(page: str) -> Memo[dict]:
    """The summary of the miniature that a page has trained last; its mark is the comparison."""
    return Memo(f"{page}:summary")
