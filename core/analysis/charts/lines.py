"""Metrics over updates: the mean over seeds as a line with a 95 % band, one panel per metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import HEIGHT, NEUTRAL, Chart, StyledRun, finish, nothing, value_range
from core.analysis.charts.curves import Curve, curve, mean_of, number, rollouts_per_point
from core.analysis.charts.palette import faded
from core.analysis.charts.panels import axis, merged, placed, stacked
from core.analysis.charts.words import Words
from core.analysis.detectors import ENTROPY_COLLAPSE_FRACTION
from core.analysis.stats import FINAL_FRACTION, INITIAL_UPDATES, Estimate, final_values, initial_values, interval

PANEL_HEIGHT = 230
LEGEND_ROW = 18
FEW_POINTS = 30  # of a line: each is marked
SAME_START = 0.02  # sides that start this close to each other share one threshold line


@dataclass(frozen=True)
class Panel:
    """One metric of a chart; without a title where the chart has only one."""

    metric: str
    title: str = ""


def line_chart(words: Words, sides: Sequence[StyledRun], panels: Sequence[Panel] = (), *, missing: str = "") -> Chart:
    """One panel below the other, the same updates under all. `missing` says why there is nothing, if no side has measured anything."""
    panels = tuple(panels) or (Panel(words.name),)
    curves = {(panel.metric, side.label): curve(side.history, panel.metric) for panel in panels for side in sides}
    if not any(len(line.x) for line in curves.values()):
        return nothing(words, missing or f"{words.title} was not measured in these runs.")
    traces, own = [], {axis("xaxis", len(panels)): {"title": {"text": "updates"}}}
    for row, panel in enumerate(panels, 1):
        lines = {side.label: curves[panel.metric, side.label] for side in sides}
        for side in sides:
            traces += [placed(trace, row) for trace in side_traces(side, lines[side.label], words.bounds, legend=row == 1)]
        tops = [float(np.nanmax(line.mean + np.nan_to_num(line.half))) for line in lines.values() if len(line.x)]
        span = value_range(words, tops) if len(panels) == 1 else [0, max(tops, default=1) * 1.06 or 1]
        own[axis("yaxis", row)] = {"range": span}
    legend = LEGEND_ROW * max(len(sides) - 2, 0)  # on a phone each further side takes a row of the legend
    if len(panels) > 1:
        own |= {"legend": {"y": 1 + 30 / (PANEL_HEIGHT * len(panels))}, "margin": {"t": 56}}
    figure = finish(
        go.Figure(traces),
        height=legend + (HEIGHT if len(panels) == 1 else 60 + PANEL_HEIGHT * len(panels)),
        layout=merged(stacked([panel.title for panel in panels], 0.12), own),
    )
    return Chart(words, sentences(sides, panels, curves), figure)


def side_traces(side: StyledRun, line: Curve, bounds: tuple, *, legend: bool) -> list[go.Scatter]:
    """The band and the line of one side; the band stays within the metric's bounds."""
    low, high = (np.clip(line.mean + sign * line.half, *bounds) if bounds != (None, None) else line.mean + sign * line.half
                 for sign in (-1, 1))  # fmt: skip
    x, y = _outline(np.where(np.isnan(low), np.nan, line.x), low, high)  # no band where too few seeds were measured
    band = go.Scatter(
        x=x, y=y, fill="toself", mode="lines",
        line={"width": 0, "color": side.color}, fillcolor=faded(side.color, 0.18), hoverinfo="skip", showlegend=False,
        legendgroup=side.label)  # fmt: skip
    mean = go.Scatter(
        x=line.x, y=line.mean, customdata=line.half, name=side.name, legendgroup=side.label, showlegend=legend,
        mode="lines+markers" if len(line.x) <= FEW_POINTS or np.isnan(line.x).any() else "lines", marker={"size": 5},
        line={"color": side.color, "dash": side.dash, "width": 2},
        hovertemplate=["%{y:.3g} ± %{customdata:.2g}" if half >= 0 else "%{y:.3g}" for half in line.half])  # fmt: skip
    return [band, mean]


def _outline(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A band as closed polygons, one per stretch without NaN, with a NaN between them."""
    pieces = [piece for piece in np.split(np.arange(len(x)), np.flatnonzero(np.isnan(x))) if len(piece)]
    pieces = [piece[~np.isnan(x[piece])] for piece in pieces]
    around = [np.concatenate((x[p], x[p][::-1], [np.nan])) for p in pieces if len(p)]
    heights = [np.concatenate((high[p], low[p][::-1], [np.nan])) for p in pieces if len(p)]
    return np.concatenate(around or [[]]), np.concatenate(heights or [[]])


def with_collapse_threshold(chart: Chart, sides: Sequence[StyledRun]) -> Chart:
    """The entropy below which it counts as low, dotted: one line if all sides start alike, else one for each."""
    if chart.figure is None:
        return chart
    found = [(side, mean_of(initial_values(side.history.updates, side.history.metric(chart.words.name)))) for side in sides]
    starts = [(side, start) for side, start in found if np.isfinite(start)]  # not measured at the start
    mean = mean_of(np.array([start for _, start in starts]))
    if all(abs(start - mean) <= SAME_START * abs(mean) for _, start in starts):
        lines = [(mean, NEUTRAL, "")] if starts else []
    else:
        lines = [(start, side.color, f"{side.name} ") for side, start in starts]
    for start, color, whose in lines:
        chart.figure.add_hline(
            ENTROPY_COLLAPSE_FRACTION * start, line={"dash": "dot", "width": 1.5, "color": color},
            annotation={"text": f"{whose}entropy low: below {ENTROPY_COLLAPSE_FRACTION * 100:.0f} % of the start", "font_size": 11},
            annotation_position="top right")  # fmt: skip
    return chart


def sentences(sides: Sequence[StyledRun], panels: Sequence[Panel], curves: dict[tuple[str, str], Curve]) -> str:
    """Each side's first, last, smallest and largest value, in sentences."""
    out = []
    for panel in panels:
        parts = [_change(side, panel.metric, curves[panel.metric, side.label]) for side in sides]
        out.append((f"{panel.title}: " if panel.title else "") + "; ".join(parts) + ".")
    merged = max(rollouts_per_point(side.history) for side in sides)
    each = "the updates of a rollout" if merged == 1 else f"the updates of {merged} rollouts"
    out.append(
        f"Start: the first {INITIAL_UPDATES} updates; end: the last {FINAL_FRACTION * 100:.0f} %, with its 95 % interval over seeds. Each point "
        f"is a mean over {each}."
    )
    return " ".join(out)


def _change(side: StyledRun, metric: str, line: Curve) -> str:
    if not len(line.x):
        return f"{side.label}: not measured"
    history, values = side.history, side.history.metric(metric)
    start = mean_of(initial_values(history.updates, values))
    end = interval(final_values(history.updates, values))
    drawn = line.mean[~np.isnan(line.mean)].tolist()
    if min(drawn) == max(drawn):
        return f"{side.label} is {number(drawn[0])} throughout"
    low, high = (pick([v for v in (start, end.mean, *drawn) if np.isfinite(v)]) for pick in (min, max))
    begin = f"goes from {number(start)} to" if np.isfinite(start) else "ends at"
    return f"{side.label} {begin} {with_interval(end)}, between {number(low)} and {number(high)} on the way"


def with_interval(value: Estimate) -> str:
    return number(value.mean) + (f" [{number(value.ci95[0])}, {number(value.ci95[1])}]" if value.ci95 else "")
