"""The stability of each side late in training: the variance of entropy and of gradient norm over the second half."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import Chart, StyledRun, finish, nothing
from core.analysis.charts.curves import number
from core.analysis.charts.lines import with_interval
from core.analysis.charts.panels import axis, merged, placed, stacked
from core.analysis.charts.words import ENTROPY, GRADIENT, STABILITY
from core.analysis.stats import Estimate, interval
from core.analysis.summary import half_variances

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
ROW_HEIGHT = 46
GAP = 70  # pixels between the panels: an axis and a title
WIDE = 10.0  # largest ÷ smallest from here on: the axis is logarithmic


def stability_chart(sides: Sequence[StyledRun]) -> Chart:
    """A dot per side with its 95 % interval over seeds, and the number beside it; one panel per metric."""
    panels = {words: _variances(sides, words.name) for words in (ENTROPY, GRADIENT)}
    if not any(np.isfinite(v.mean) for found in panels.values() for v in found):
        return nothing(STABILITY, "Too few updates yet to tell how restless the runs are: each half needs two rollouts.")
    titles = [f"Variance of {words.title.lower()}" for words in panels]
    height = len(panels) * (50 + ROW_HEIGHT * len(sides)) + GAP
    dots, layout = [], stacked(titles, GAP / height, shared_x=False)
    for title in layout["annotations"]:
        title["yshift"] = 4
    for row, found in enumerate(panels.values(), 1):
        for k, (side, value) in enumerate(zip(sides, found, strict=True)):
            dots.append(placed(_dot(side, value, SYMBOLS[k % len(SYMBOLS)]), row))
        layout = merged(layout, {axis("xaxis", row): _axis(found)})
    figure = finish(
        go.Figure(dots),
        height=height + 78,
        hover="closest",
        layout=layout,
        yaxes={"type": "category", "range": [len(sides) - 0.5, -0.8]},  # the first side on top, with room for its number
    )
    text = " ".join(_sentence(words.title, sides, found) for words, found in panels.items())
    return Chart(STABILITY, text, figure)


def _variances(sides: Sequence[StyledRun], metric: str) -> list[Estimate]:
    return [interval(half_variances(side.history.updates, side.history.metric(metric))) for side in sides]


def _dot(side: StyledRun, value: Estimate, symbol: str) -> go.Scatter:
    low, high = value.ci95 or (value.mean, value.mean)
    return go.Scatter(
        x=[value.mean], y=[side.name], mode="markers+text", text=[number(value.mean)], textposition="top center", name=side.name,
        showlegend=False, cliponaxis=False, marker={"color": side.color, "size": 11, "symbol": symbol},
        error_x={"array": [high - value.mean], "arrayminus": [value.mean - low], "color": side.color, "thickness": 2, "width": 6},
        hovertemplate="%{y}: %{text}<extra></extra>")  # fmt: skip


def _axis(found: Sequence[Estimate]) -> dict:
    """Logarithmic where the sides are far apart and none is zero; otherwise from zero."""
    ends = [end for v in found if np.isfinite(v.mean) for end in (v.mean, *(v.ci95 or ()))]
    if ends and min(ends) > 0 and max(ends) / min(ends) > WIDE:
        return {"type": "log", "range": [np.log10(min(ends)) - 0.3, np.log10(max(ends)) + 0.3], "dtick": 1, "tickformat": "~g"}
    return {"range": [0, max(ends, default=1.0) * 1.15 or 1.0]}


def _sentence(title: str, sides: Sequence[StyledRun], found: Sequence[Estimate]) -> str:
    parts = [f"{side.label} {with_interval(value)}" for side, value in zip(sides, found, strict=True)]
    return f"{title}: variance {', '.join(parts)}."
