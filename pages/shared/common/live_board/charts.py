"""What the board shows by default: its charts, in words, and the colours of the sides."""

from __future__ import annotations

from collections.abc import Iterable

from core.analysis.charts.palette import KNOWN, OTHERS, side_styles
from core.analysis.charts.words import GROUPS, Words, live_words
from core.settings.task import ChainConfig, TaskConfig

GROUP_METRICS = ("all_wrong_fraction", "all_right_fraction")


def board_charts(task: TaskConfig) -> tuple[dict, ...]:
    """The board's charts for runs on `task`: what the score is called differs."""
    return tuple(_chart(words) for words in live_words(task))


def _chart(words: Words) -> dict:
    kind = "groups" if words is GROUPS else "line"
    out = {"name": words.name, "kind": kind, "title": words.title, "unit": words.unit, "caption": words.caption}
    if kind == "line":
        if words.bounds != (None, None):
            out["bounds"] = list(words.bounds)
        if words.range is not None:
            out["range"] = list(words.range)
    return out


CHARTS = board_charts(ChainConfig())
GROUPS_CHART = _chart(GROUPS)
STYLES = (*KNOWN.values(), *OTHERS)  # one colour and dash each


def metrics_of(charts: Iterable[dict]) -> tuple[str, ...]:
    """The metrics that these charts need."""
    names = [name for chart in charts for name in (GROUP_METRICS if chart["kind"] == "groups" else (chart["name"],))]
    return tuple(dict.fromkeys(names))


__all__ = ["CHARTS", "GROUPS_CHART", "GROUP_METRICS", "STYLES", "board_charts", "metrics_of", "side_styles"]
