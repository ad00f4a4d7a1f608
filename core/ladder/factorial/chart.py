"""Main effects and pair interactions as points with their intervals, one row each, on one axis around zero."""

from __future__ import annotations

import plotly.graph_objects as go

from core.analysis.charts.chart import NEUTRAL, Chart, finish, inked, nothing
from core.analysis.charts.words import Words
from core.analysis.verdict import Verdict, verdict
from core.ladder.charts import STYLES
from core.ladder.factorial.effects import Effect
from core.ladder.factorial.sentences import INCOMPLETE, where
from core.ladder.factorial.table import FactorialTable
from core.ladder.report import told_step

ROW_HEIGHT = 44
AROUND = 60  # pixels: the axis and the margins
HEADINGS = {1: "<b>Main effects</b>: with it − without it", 2: "<b>Interactions</b>: what one brings with the other − without it"}
CERTAIN = (Verdict.UP, Verdict.DOWN)


def effects_chart(table: FactorialTable, count: str, *, dark: bool = False) -> Chart:
    """A row per main effect and per pair. Filled: the interval excludes 0; hollow: it does not, or the effect is negligible."""
    words = Words(
        f"factorial-{count}",
        f"What each technique brings, and each pair: {where(table, count)}",
        f"difference in {table.score_name}",
        f"Means over {len(table.seeds)} seeds and 95 % intervals. Filled: clear of zero. Right of zero, an interaction says that the two "
        "bring more together than one by one.",
    )
    found = table.effects(count)
    if not found:
        return nothing(words, INCOMPLETE.format(names=", ".join(cell.label for cell in table.missing)))
    shown = [effect for effect in found.values() if len(effect.techniques) <= 2]
    traces, zeros, y = [], [], 0.0
    for size, heading in HEADINGS.items():
        traces.append(_text(y, heading, shown))
        for effect in (e for e in shown if len(e.techniques) == size):
            y += 1
            zeros.append(_zero(y))
            traces += [_point(y, effect, dark=dark), _text(y - 0.42, f"{effect.name}  <b>{told_step(effect.value)}</b>", shown)]
        y += 1.1
    figure = finish(
        go.Figure(traces),
        height=round(AROUND + ROW_HEIGHT * y),
        hover="closest",
        layout={"margin": {"l": 8, "r": 12, "t": 8, "b": 44}, "shapes": zeros},
        xaxes={"range": _span(shown)},
        yaxes={"range": [y - 0.4, -0.6], "visible": False},
    )
    text = "; ".join(f"{effect.name} {told_step(effect.value)}" for effect in shown)
    return inked(Chart(words, f"{words.title}. {text}.", figure), dark=dark)


def _zero(y: float) -> dict:
    """A piece of the line at zero, beside the text above."""
    line = {"width": 1.5, "color": NEUTRAL}
    return {"type": "line", "x0": 0, "x1": 0, "y0": y - 0.2, "y1": y + 0.28, "line": line, "layer": "below"}


def _point(y: float, effect: Effect, *, dark: bool) -> go.Scatter:
    key = "color_dark" if dark else "color"
    color = STYLES[effect.techniques[0]][key] if len(effect.techniques) == 1 else NEUTRAL
    value, ci95 = effect.value, effect.value.ci95
    low, high = ci95 or (value.mean, value.mean)
    certain = verdict(value) in CERTAIN
    return go.Scatter(
        x=[value.mean], y=[y], mode="markers", showlegend=False,
        marker={"size": 11, "symbol": "circle" if certain else "circle-open", "color": color, "line": {"width": 2, "color": color}},
        error_x={"array": [high - value.mean], "arrayminus": [value.mean - low], "color": color, "thickness": 2.5, "width": 6,
                 "visible": ci95 is not None},
        hovertemplate=f"{effect.name}<br>{told_step(value)}<extra></extra>",
    )  # fmt: skip


def _text(y: float, text: str, shown: list[Effect]) -> go.Scatter:
    return go.Scatter(
        x=[_span(shown)[0]], y=[y], text=[text], mode="text", textposition="middle right", textfont={"size": 13}, showlegend=False,
        hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip


def _span(shown: list[Effect]) -> list[float]:
    """The axis: all intervals and zero, with a little room."""
    ends = [0.0, *(end for effect in shown for end in (effect.value.mean, *(effect.value.ci95 or ())))]
    low, high = min(ends), max(ends)
    room = 0.05 * (high - low) or 0.1
    return [low - room, high + room]
