"""What every finished chart has, and what all figures share. Figures are readable on light and on dark ground."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.analysis.charts.palette import side_styles
from core.analysis.charts.panels import NOTHING, laid_out, merged
from core.analysis.charts.words import Words
from core.analysis.history import History
from core.analysis.result import RunResult

HEIGHT = 300
GRID = "rgba(128,128,128,0.28)"
INK, INK_DARK = "#3D444D", "#E3E6EA"  # texts: contrast of at least 7 to 1 on white and on a dark page
NEUTRAL = "rgba(128,128,128,0.95)"  # lines that belong to no side


@dataclass(frozen=True)
class Chart:
    """A finished chart: words, figure, and the same in a sentence."""

    words: Words
    text: str  # the text alternative, computed from the data
    figure: go.Figure | None  # None: there is nothing to draw, and `text` says why


@dataclass(frozen=True)
class StyledRun:
    """One run of a comparison as the charts see it."""

    label: str
    color: str  # '#RRGGBB'
    dash: str
    result: RunResult

    @property
    def history(self) -> History:
        return self.result.history

    @property
    def name(self) -> str:
        """The label for a figure, whose texts are a small HTML."""
        return html.escape(self.label)


def styled_runs(results: Mapping[str, RunResult], *, dark: bool = False) -> list[StyledRun]:
    """The runs that have measured something, in the colours that they have everywhere."""
    color = "color_dark" if dark else "color"
    styles = side_styles(results)
    return [
        StyledRun(style["label"], style[color], style["dash"], results[style["label"]])
        for style in styles
        if results[style["label"]].history.trained
    ]


def finish(
    figure: go.Figure,
    *,
    height: int = HEIGHT,
    hover: str | bool = "x unified",
    layout: Mapping[str, object] = NOTHING,
    xaxes: Mapping[str, object] = NOTHING,
    yaxes: Mapping[str, object] = NOTHING,
) -> go.Figure:
    """Layout that all figures share, then what this figure has of its own, see `laid_out`. The template is fixed, so that a figure does not
    depend on who has set Plotly's default."""
    shared = {
        "template": "none",
        "height": height,
        "margin": {"l": 56, "r": 12, "t": 34, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": hover,
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
        "dragmode": False,  # a finger that scrolls the page must not zoom
    }
    axes = {"gridcolor": GRID, "zeroline": False, "showline": False, "automargin": True}
    return laid_out(figure, merged(shared, layout), xaxes=axes | xaxes, yaxes=axes | yaxes)


def inked(chart: Chart, *, dark: bool) -> Chart:
    """Set the colour of every text of the figure to that of the page, independent of Plotly's template."""
    if chart.figure is not None:
        ink = INK_DARK if dark else INK
        font = {"font": {"color": ink}}
        axes = {"tickfont": {"color": ink}, "title": font}
        laid_out(chart.figure, font | {"legend": font}, xaxes=axes, yaxes=axes, annotations=font)
        chart.figure.update_traces(textfont_color=ink, selector={"type": "scatter"})
    return chart


def value_range(words: Words, tops: Sequence[float]) -> list[float | None] | None:
    """The axis of values from what the words promise: fixed, or from the lower bound up to a little above the highest of `tops`."""
    if words.range is not None:
        return list(words.range)
    if words.bounds[0] is None:
        return None
    top = max(tops, default=1.0) * 1.06 or 1.0
    return [words.bounds[0], top]


def nothing(words: Words, why: str) -> Chart:
    return Chart(words, why, None)
