"""A map as heat maps, one per side and one per difference, and the curves of one cell."""

from __future__ import annotations

import html

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import INK, INK_DARK, Chart, StyledRun, finish, inked
from core.analysis.charts.curves import Curve, number
from core.analysis.charts.lines import side_traces
from core.analysis.charts.palette import side_styles
from core.analysis.charts.words import ENTROPY, GRADIENT, Words, score_words
from core.analysis.stats import Estimate, mean_and_half_width
from core.sweep.axis import Axis
from core.sweep.boundary import FALLEN_SHARE, boundary
from core.sweep.grid import Cell
from core.sweep.map import UNITS, SweepMap, measure_words
from core.sweep.measured import COLLAPSED

HEIGHT, CURVE_HEIGHT = 380, 240
FEW_TO_ALL = [[0.0, "#2166AC"], [0.25, "#92C5DE"], [0.5, "#F7F7F7"], [0.75, "#F1A66A"], [1.0, "#B35806"]]
AHEAD_OR_BEHIND = [[0.0, "#D55E00"], [0.5, "#F7F7F7"], [1.0, "#0072B2"]]  # blue: the first of the two has more
SCORE = "eval_accuracy"
LEVELS = {"start": 0.25, "end": 0.75, "size": 0.25}  # of the lines of equal score
CAPTION = (
    "Thick line: the boundary of collapse, between cells of which fewer than half of the seeds collapsed and cells of which half or more did. "
    "Dotted lines: equal score, 0.25, 0.5 and 0.75. Star: the scenario's own settings. Cross: diverged."
)
DIFFERENCE_CAPTION = (
    "Difference, paired by seed. Blue: {ours} has more. Orange: {theirs} has more. Dotted line: both score the same. Thick: the boundary of "
    "collapse of {theirs}."
)
CURVE_WORDS = (GRADIENT, ENTROPY)


def map_chart(found: SweepMap, label: str, measure: str, at: int | None = None, *, dark: bool = False) -> Chart:
    """One side. All sides of one measure share one scale of colours."""
    table = found.table(label, measure, at)
    every = np.concatenate([found.table(other, measure, at).ravel() for other in found.labels])
    low, high = (0.0, 1.0) if UNITS[measure] == "fraction" else _range(every)
    scale = FEW_TO_ALL if measure == COLLAPSED else "Viridis"
    texts = {cell: _hover(found, cell, label, measure) for cell in found.plane(at)}
    heat, score = _heat(table, scale, low, high), _equal_score(found.table(label, SCORE, at), LEVELS)
    figure = go.Figure([heat, score, *_lines_and_marks(found, label, at, dark), _cells(found, texts)])
    words = Words(f"map:{label}", label, f"{measure_words(measure)} ({UNITS[measure]})", CAPTION)
    return _finished(Chart(words, _told(found, label, measure, table, at), figure), found, dark)


def difference_chart(
    found: SweepMap, ours: str, theirs: str, measure: str, at: int | None = None, *, dark: bool = False
) -> Chart:
    """One side minus another."""
    table = found.differences(ours, theirs, measure, at)
    reach = 1.0 if UNITS[measure] == "fraction" else max(abs(bound) for bound in _range(table)) or 1.0
    texts = {
        cell: f"{_place(found, cell)}<br>{html.escape(ours)} − {html.escape(theirs)}, {measure_words(measure)}: "
        f"{_bracketed(found.difference(cell, ours, theirs, measure))}"
        for cell in found.plane(at)
    }
    heat = _heat(table, AHEAD_OR_BEHIND, -reach, reach)
    score = _equal_score(found.differences(ours, theirs, SCORE, at), {"start": 0.0, "end": 0.0, "size": 1.0})
    figure = go.Figure([heat, score, *_lines_and_marks(found, theirs, at, dark), _cells(found, texts)])
    caption = DIFFERENCE_CAPTION.format(ours=ours, theirs=theirs)
    words = Words(f"map:{ours}-{theirs}", f"{ours} − {theirs}", f"difference of {measure_words(measure)}", caption)
    told = [value for value in table.ravel().tolist() if value == value]
    span = f"between {number(min(told))} and {number(max(told))}" if told else "nothing measured yet"
    return _finished(Chart(words, f"{ours} minus {theirs}, {measure_words(measure)}: {span} over the map.", figure), found, dark)


def cell_charts(found: SweepMap, cell: Cell, *, dark: bool = False) -> list[Chart]:
    """The curves of one cell: score, gradient norm, entropy; means over seeds with 95 % bands."""
    task = next(iter(found.grid.runs.values())).task
    return [_curves(found, cell, words, dark) for words in (score_words(task), *CURVE_WORDS)]


def _curves(found: SweepMap, cell: Cell, words: Words, dark: bool) -> Chart:
    traces, told = [], []
    for style in side_styles(found.labels):
        label = style["label"]
        measured = found.cells.get((cell, label))
        curve = measured.curves.get(words.name) if measured is not None else None
        if curve is None:
            continue
        mean, half = mean_and_half_width(curve.values.astype(float))
        side = StyledRun(label, style["color_dark" if dark else "color"], style["dash"], None)
        traces += side_traces(side, Curve(curve.updates, mean, half), words.bounds, legend=True)
        told.append(f"{label} goes from {number(float(mean[0]))} to {number(float(mean[-1]))}")
    if not told:
        return Chart(words, "Nothing was measured in this cell yet, or it diverged.", None)
    figure = finish(go.Figure(traces), height=CURVE_HEIGHT, xaxes={"title": {"text": "updates"}})
    return inked(Chart(words, "; ".join(told) + ".", figure), dark=dark)


def _heat(table: np.ndarray, scale: object, low: float, high: float) -> go.Heatmap:
    return go.Heatmap(
        z=table, zmin=low, zmax=high, colorscale=scale, hoverinfo="skip", xgap=1, ygap=1,
        colorbar={"thickness": 10, "len": 1.0, "outlinewidth": 0, "x": 1.01, "xpad": 2})  # fmt: skip


def _equal_score(table: np.ndarray, levels: dict) -> go.Contour:
    """Interpolated between the middles of cells; where a neighbour is not measured there is no line. Without labels, which nobody can read
    on every colour of a map."""
    return go.Contour(
        z=table, contours={"coloring": "lines", "showlabels": False, **levels}, colorscale=[[0, INK], [1, INK]],
        line={"width": 1.5, "dash": "dot"}, showscale=False, hoverinfo="skip", connectgaps=False)  # fmt: skip


def _lines_and_marks(found: SweepMap, label: str, at: int | None, dark: bool) -> list[go.Scatter]:
    xs, ys = boundary(found.fallen(label, at))
    ink, ground = (INK_DARK, "#111418") if dark else ("#111418", "#FFFFFF")
    halo = go.Scatter(x=xs, y=ys, mode="lines", line={"width": 6, "color": ground}, hoverinfo="skip", showlegend=False)
    line = go.Scatter(x=xs, y=ys, mode="lines", line={"width": 3, "color": ink}, hoverinfo="skip", showlegend=False)
    out = [halo, line]
    mark = found.grid.mark(label)
    if mark[0] is not None and mark[1] is not None:
        star = {"symbol": "star", "size": 15, "color": "#FFD54A", "line": {"width": 1.5, "color": "#111418"}}
        out.append(go.Scatter(x=[mark[0]], y=[mark[1]], mode="markers", marker=star, hoverinfo="skip", showlegend=False))
    if hit := found.diverged(label, at):
        cross = {"symbol": "x", "size": 11, "color": ink, "line": {"width": 1, "color": ground}}
        out.append(
            go.Scatter(
                x=[c[0] for c in hit], y=[c[1] for c in hit], mode="markers", marker=cross, hoverinfo="skip", showlegend=False
            )
        )
    return out


def _cells(found: SweepMap, texts: dict[Cell, str]) -> go.Scatter:
    """An invisible marker in every cell: what a heat map lacks is that it can be clicked."""
    return go.Scatter(
        x=[cell[0] for cell in texts], y=[cell[1] for cell in texts], text=list(texts.values()), mode="markers",
        customdata=[list(cell) for cell in texts], marker={"symbol": "square", "size": 26, "opacity": 0}, showlegend=False,
        hovertemplate="%{text}<extra></extra>", selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}})  # fmt: skip


def _hover(found: SweepMap, cell: Cell, label: str, measure: str) -> str:
    lines = [f"<b>{html.escape(label)}</b>, {_place(found, cell)}"]
    measured = found.cells.get((cell, label))
    if measured is None:
        return "<br>".join([*lines, "not measured yet"])
    if measured.diverged is not None:
        return "<br>".join([*lines, f"diverged at update {measured.diverged}"])
    for name in dict.fromkeys((measure, COLLAPSED, SCORE)):
        lines.append(f"{measure_words(name)}: {_bracketed(found.estimate(cell, label, name))}")
    return "<br>".join([*lines, f"{len(measured.seeds)} seeds, {measured.updates:,} updates"])


def _place(found: SweepMap, cell: Cell) -> str:
    return html.escape(", ".join(f"{axis.words} {axis.texts[at]}" for axis, at in zip(found.grid.axes, cell, strict=True)))


def _bracketed(value: Estimate) -> str:
    return number(value.mean) + (f" [{number(value.low)}, {number(value.high)}]" if value.ci95 else "")


def _told(found: SweepMap, label: str, measure: str, table: np.ndarray, at: int | None) -> str:
    values = [value for value in table.ravel().tolist() if value == value]
    x, y = found.grid.axes[:2]
    over = f"over {x.words} from {x.texts[0]} to {x.texts[-1]} and {y.words} from {y.texts[0]} to {y.texts[-1]}"
    if not values:
        return f"{label}, {measure_words(measure)}, {over}: nothing measured yet."
    fallen = found.fallen(label, at)
    collapsed, count = int((fallen >= FALLEN_SHARE).sum()), int((~np.isnan(fallen)).sum())
    return (
        f"{label}, {measure_words(measure)}, {over}: between {number(min(values))} and {number(max(values))}; half or more of the seeds "
        f"collapsed in {collapsed} of {count} cells."
    )


def _range(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _finished(chart: Chart, found: SweepMap, dark: bool) -> Chart:
    x, y = (_look(axis) for axis in found.grid.axes[:2])
    layout = {"clickmode": "event+select", "margin": {"l": 60, "r": 10, "t": 10, "b": 60}}
    finish(chart.figure, height=HEIGHT, hover="closest", layout=layout, xaxes=x, yaxes=y)
    return inked(chart, dark=dark)


def _look(axis: Axis) -> dict:
    texts = _ticks(axis)
    return {
        "title": {"text": axis.words},
        "range": [-0.5, len(axis) - 0.5],
        "tickvals": list(texts),
        "ticktext": list(texts.values()),
        "showgrid": False,
        "fixedrange": True,
    }


def _ticks(axis: Axis, most: int = 8) -> dict[int, str]:
    """Position -> text, of so many that they do not overlap. Numbers have two digits: a cell says all of its value's when it is pointed at."""
    step = -(-len(axis) // most)
    return {at: f"{float(text):.2g}" if axis.kind is float else text for at, text in enumerate(axis.texts) if at % step == 0}
