"""The ablation ladder as bars: ours with intervals, and a published one in the same style, so that their shapes can be compared."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import pairwise

import plotly.graph_objects as go

from core.analysis.charts.chart import NEUTRAL, Chart, finish, inked, nothing
from core.analysis.charts.curves import number
from core.analysis.charts.lines import with_interval
from core.analysis.charts.palette import KNOWN, OTHERS
from core.analysis.charts.words import Words
from core.analysis.result import Status
from core.analysis.stats import Estimate
from core.ladder.published import Published
from core.ladder.report import CONDITION, signed
from core.ladder.rungs import find_order
from core.ladder.table import LadderTable, Row
from core.settings.techniques import TECHNIQUES

ROW_HEIGHT = 52
AROUND = 56  # pixels: the axis and what is above the bars
BAR = 0.42  # of a row, with its text above the bar
ROOM = 1.06

# A technique has the same colour in every ladder; the first and last rungs have those of GRPO and DAPO.
STYLES = dict(zip(TECHNIQUES, OTHERS, strict=True))


@dataclass(frozen=True)
class ScoreBar:
    """One rung as it is drawn."""

    words: str  # above the bar
    color: str
    value: float | None  # None: nothing to draw yet
    ci95: tuple[float, float] | None = None
    whole: bool = True  # training was completed


def ladder_chart(table: LadderTable, count: str, *, dark: bool = False) -> Chart:
    """A bar per rung of `table`, counted in updates or in samples, see `core.ladder.COUNTS`. Space is reserved for a rung that has no
    result yet."""
    words = _words(table, count)
    rows = {row.rung.label: row for row in table.rows}
    if not any(row.per[count] for row in table.rows):
        return nothing(words, "No rung has been measured yet.")
    colors = _colors([rung.technique for rung in table.rungs], adds=find_order(table.order).adds, dark=dark)
    bars = [_bar(rung.name, rows.get(rung.label), count, table, color) for rung, color in zip(table.rungs, colors, strict=True)]
    figure = _figure(bars, [0, 1] if table.score_unit == "fraction" else None)
    text = "; ".join(_told(row, count, table) for row in table.rows)
    missing = f" Not measured: {', '.join(rung.name for rung in table.missing)}." if table.missing else ""
    return inked(Chart(words, f"{words.title}. {text}.{missing}", figure), dark=dark)


def published_chart(published: Published, *, dark: bool = False) -> Chart:
    """The bars of a published ladder, in percent on an axis of its own; no intervals were published."""
    names, techniques, values = zip(*published.rungs, strict=True)
    colors = _colors(techniques, adds=True, dark=dark)
    changes = [None, *(after - before for before, after in pairwise(values))]
    texts = [f"{n}  <b>{v:g}</b>{'' if c is None else f'  ({c:+g})'}" for n, v, c in zip(names, values, changes, strict=True)]
    figure = _figure([ScoreBar(t, c, v) for t, c, v in zip(texts, colors, values, strict=True)], [0, 60])
    caption = "One run per rung, no intervals published. In brackets: points more than the rung before."
    words = Words(f"published-{published.key}", f"Published: {published.name}", published.what, caption)
    text = ", ".join(f"{name} {value:g}" for name, value in zip(names, values, strict=True))
    return inked(Chart(words, f"{words.title}, {published.what}: {text}.", figure), dark=dark)


def _words(table: LadderTable, count: str) -> Words:
    if count == "samples":
        where = f"at {table.budget:,.0f} samples per seed" if table.budget is not None else CONDITION[count]
    else:
        where = f"after {table.length}"
    against = "the rung before" if find_order(table.order).adds else "DAPO"
    seeds = len(table.seeds)
    caption = (
        f"Bars are means over {seeds} seed{'s' if seeds > 1 else ''}, whiskers 95 % intervals. In brackets: the change from {against}. "
        "Dotted: the first rung."
    )
    title = f"{find_order(table.order).title}: {table.score_name} {where}"
    return Words(f"ladder-{table.order}-{count}", title, table.score_unit, caption)


def _colors(techniques, *, adds: bool, dark: bool) -> list[str]:
    """The first rung has the colour of one end of the ladder; the last rung of an adding order has that of the other."""
    key = "color_dark" if dark else "color"
    styles = [KNOWN["GRPO" if adds else "DAPO"], *(STYLES[name] for name in techniques[1:])]
    if adds:
        styles[-1] = KNOWN["DAPO"]
    return [style[key] for style in styles]


def _bar(name: str, row: Row | None, count: str, table: LadderTable, color: str) -> ScoreBar:
    measure = None if row is None else row.per[count]
    if row is None or measure is None:
        why = "not measured" if row is None else f"{row.samples:,.0f} samples only"
        return ScoreBar(f"{html.escape(name)}  ({why})", color, None)
    change = _change(measure.brings, table)
    cut = "" if row.status is Status.DONE else f", {row.status} after {row.updates} updates"
    bracket = f"  ({change}{cut})" if change else f"  ({cut[2:]})" if cut else ""
    words = f"{html.escape(name)}  <b>{number(measure.score.mean)}</b>{bracket}"
    return ScoreBar(words, color, measure.score.mean, measure.score.ci95, row.status is Status.DONE)


def _change(brings: Estimate | None, table: LadderTable) -> str:
    """The rung's gain or loss relative to the one it is compared with, as text."""
    if brings is None:
        return ""
    return signed(brings.mean if find_order(table.order).adds else -brings.mean)


def _told(row: Row, count: str, table: LadderTable) -> str:
    measure = row.per[count]
    if measure is None:
        return f"{row.rung.name}: did not generate so many"
    change = _change(measure.brings, table)
    return f"{row.rung.name}: {with_interval(measure.score)}{f', {change}' if change else ''}"


def _figure(bars: list[ScoreBar], span: list[float] | None) -> go.Figure:
    """One bar per row, from the top, each below its text."""
    traces = []
    for y, bar in enumerate(bars):
        if bar.value is None:
            continue
        low, high = bar.ci95 or (bar.value, bar.value)
        traces.append(go.Bar(
            x=[bar.value], y=[y], width=BAR, orientation="h", showlegend=False,
            marker={"color": bar.color, "pattern": {"shape": "" if bar.whole else "/"}},
            error_x={"array": [high - bar.value], "arrayminus": [bar.value - low], "color": NEUTRAL, "thickness": 2, "width": 5,
                     "visible": bar.ci95 is not None},
            hovertemplate=f"{bar.words}<br>[{low:.3f}, {high:.3f}]<extra></extra>" if bar.ci95 else f"{bar.words}<extra></extra>",
        ))  # fmt: skip
    traces.append(go.Scatter(
        x=[0] * len(bars), y=[y - 0.45 for y in range(len(bars))], text=[bar.words for bar in bars], mode="text",
        textposition="middle right", textfont={"size": 13}, showlegend=False, hoverinfo="skip", cliponaxis=False,
    ))  # fmt: skip
    ends = [end for bar in bars if bar.value is not None for end in (bar.value, *(bar.ci95 or ()))]
    first, shapes = bars[0].value, []
    for y in range(1, len(bars)) if first is not None else ():  # pieces, so that the line does not cross the text
        place = {"x0": first, "x1": first, "y0": y - BAR / 2 - 0.08, "y1": y + BAR / 2 + 0.08}
        shapes.append(place | {"type": "line", "line": {"dash": "dot", "width": 2, "color": NEUTRAL}})
    return finish(
        go.Figure(traces),
        height=AROUND + ROW_HEIGHT * len(bars),
        hover="closest",
        layout={"margin": {"l": 8, "r": 12, "t": 8, "b": 44}, "bargap": 0} | ({"shapes": shapes} if shapes else {}),
        xaxes={"range": span or [min(0.0, *ends), max(ends) * ROOM or 1]},
        yaxes={"range": [len(bars) - 0.6, -0.75], "visible": False},
    )
