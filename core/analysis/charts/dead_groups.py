"""The share of groups without a signal over pass rate and group size, as a surface with a point on it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import Chart, finish
from core.analysis.charts.words import Words

WORDS = Words(
    "dead_groups",
    "Groups without a signal",
    "share of groups whose answers are all wrong or all right",
    "The point is what you entered. A larger group moves it up; an easier or harder mix moves it to the side.",
)


def dead_group_chart(rates: np.ndarray, sizes: np.ndarray, shares: np.ndarray, at: tuple[float, int, float]) -> Chart:
    """`rates` (X,), group `sizes` (Y,), `shares` (Y, X); `at`: (pass rate, group size, share) of the point."""
    figure = go.Figure(
        go.Contour(
            x=rates, y=sizes, z=shares, colorscale=[[0, "#F4F7FA"], [1, "#6A9CC8"]], zmin=0, zmax=1,
            contours={"start": 0.1, "end": 0.9, "size": 0.1, "showlabels": True, "labelfont": {"color": "#1F2328"}},
            colorbar={"tickformat": ".0%", "thickness": 12}, hovertemplate="pass rate %{x:.0%}, group of %{y}: %{z:.0%}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[at[0]], y=[at[1]], mode="markers", marker={"size": 15, "color": "#D55E00", "line": {"color": "#1F2328", "width": 2}},
            hovertemplate=f"yours: {at[2]:.0%}<extra></extra>", showlegend=False,
        )
    )  # fmt: skip
    text = f"At a mean pass rate of {at[0]:.0%} and groups of {at[1]}, {at[2]:.0%} of the groups carry no signal."
    finish(
        figure,
        height=340,
        hover="closest",
        xaxes={"tickformat": ".0%", "title": {"text": "mean pass rate"}, "range": [0, 1]},
        yaxes={
            "type": "log",
            "tickvals": list(sizes),
            "ticktext": [str(size) for size in sizes],
            "title": {"text": "group size"},
        },
    )
    return Chart(WORDS, text, figure)
