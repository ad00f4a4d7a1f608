"""A tour of four steps for the first visit. The browser remembers that it was seen or dismissed, and does not show it again."""

from __future__ import annotations

from pages.shared.common.browser import component

SETTINGS = ".st-key-settings_panel, [data-testid=stExpandSidebarButton]"  # the button where they are folded away
STEPS = (
    (SETTINGS, "Settings", "Switch techniques on and off for each side, and slide what matters most."),
    (".st-key-controls", "Run", "Run trains both sides here, now, in seconds. Share gives a link to exactly these settings."),
    (".live-board", "Watch", "Each line is a mean over seeds. Click on a chart to look inside that update."),
    (".st-key-findings", "Read", "When the runs are over, the findings say in sentences what differed and how sure that is."),
)  # fmt: skip


def tour() -> None:
    steps = [{"at": at, "title": title, "text": text} for at, title, text in STEPS]
    component("tour", "tour.js")(key="tour", data={"steps": steps}, width="content", height="content")
