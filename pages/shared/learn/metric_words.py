"""Charts for the live board made from the table of metrics, for metrics without a default chart."""

from __future__ import annotations

from core.analysis.metrics import METRICS

BY_NAME = {metric.name: metric for metric in METRICS}


def metric_chart(name: str) -> dict:
    """A whole chart as `live_board` takes it: title, unit and caption are the metric's name, unit and definition."""
    metric = BY_NAME[name]
    caption = metric.definition[0].upper() + metric.definition[1:] + "."
    bounds = [0, 1] if metric.unit == "fraction" else [0, None]
    return {"name": name, "kind": "line", "title": title(name), "unit": metric.unit, "caption": caption, "bounds": bounds}


def title(name: str) -> str:
    """`truncated_fraction` as words: "Truncated fraction"."""
    words = name.replace("_", " ")
    return words[0].upper() + words[1:]
