"""The shares of groups that are all wrong, mixed and all right: a strip per side, the shares stacked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import Chart, StyledRun, finish, nothing
from core.analysis.charts.curves import curve, mean_of
from core.analysis.charts.palette import faded
from core.analysis.charts.panels import axis, merged, placed, stacked
from core.analysis.charts.words import GROUPS
from core.analysis.stats import final_values, initial_values

STRIP_HEIGHT = 120
SHARES = ("all wrong", "mixed", "all right")
METRICS = ("all_wrong_fraction", "all_right_fraction")
WRONG, RIGHT = "rgba(128,128,128,0.8)", "rgba(128,128,128,0.5)"


def group_chart(sides: Sequence[StyledRun]) -> Chart:
    sides = [side for side in sides if len(curve(side.history, METRICS[0]).x)]
    if not sides:
        return nothing(GROUPS, "The shares of groups were not measured in these runs.")
    traces = []
    for row, side in enumerate(sides, 1):
        x, shares = _shares(side)
        # A pattern repeats what the colour of each share says.
        looks = ((WRONG, "/"), (faded(side.color, 0.75), ""), (RIGHT, "."))
        for share, values, (color, shape) in zip(SHARES, shares, looks, strict=True):
            trace = go.Scatter(
                x=x, y=values, name=share, legendgroup=share, showlegend=row == 1, stackgroup=side.label, mode="lines",
                line={"width": 0, "color": color}, fillcolor=color, fillpattern={"shape": shape, "size": 5, "solidity": 0.2},
                hovertemplate="%{y:.0%}")  # fmt: skip
            traces.append(placed(trace, row))
    own = {
        "margin": {"t": 56},
        "legend": {"y": 1 + 26 / (STRIP_HEIGHT * len(sides)), "traceorder": "normal"},
        axis("xaxis", len(sides)): {"title": {"text": "updates"}},
    }
    figure = finish(
        go.Figure(traces),
        height=90 + STRIP_HEIGHT * len(sides),
        layout=merged(stacked([side.name for side in sides], 0.24 / len(sides)), own),
        yaxes={"range": [0, 1], "tickformat": ".0%", "tickvals": [0, 0.5, 1]},
    )
    return Chart(GROUPS, " ".join(_sentence(side) for side in sides), figure)


def _shares(side: StyledRun) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    wrong, right = (curve(side.history, metric) for metric in METRICS)
    return wrong.x, (wrong.mean, np.maximum(1 - wrong.mean - right.mean, 0), right.mean)


def _sentence(side: StyledRun) -> str:
    def mixed(of) -> float:
        return 1 - sum(mean_of(of(side.history.updates, side.history.metric(metric))) for metric in METRICS)

    begin = mixed(initial_values)
    wrong, right = (mean_of(final_values(side.history.updates, side.history.metric(metric))) for metric in METRICS)
    return (
        f"{side.label}: at the end {_percent(mixed(final_values))} of the groups are mixed, {_percent(wrong)} all wrong and "
        f"{_percent(right)} all right" + ("." if math.isnan(begin) else f"; at the start {_percent(begin)} were mixed.")
    )


def _percent(share: float) -> str:
    return "not measured" if math.isnan(share) else f"{share * 100:.1f} %"
