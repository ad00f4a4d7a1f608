"""Charts of one update: the batch with a cell per completion, a group with a cell per token, and entropy over positions."""

from __future__ import annotations

import html
from collections import Counter

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import INK, INK_DARK, NEUTRAL, Chart, finish, inked, nothing
from core.analysis.charts.groups import RIGHT, WRONG
from core.analysis.charts.words import Words
from core.inspection.sentences import percent
from core.inspection.step import KINDS, Group, Step
from core.inspection.tables import entropy_by_position, fate, tokens_table
from core.inspection.treatment import Treatment

ROW = 16  # pixels of a group
TOKEN_ROW = 30  # pixels of a completion
MOST_CELLS = 6000  # drawn without a noticeable delay; 375 groups of 16
MOST_TEXTS = 1200  # of tokens
# Made rarer, unchanged, made likelier: text is legible on each. An arrow repeats what the colour says.
PULL, PULL_DARK = ("#F0A070", "#F1F2F4", "#7FB8DC"), ("#9C4512", "#2B313A", "#1A6296")

BATCH = Words(
    "batch", "The batch as a picture", "one cell per completion, one row per group",
    "Only coloured rows teach: in a grey row all answers are wrong, or all right. A struck-out row was dropped.")  # fmt: skip
TOKENS = Words(
    "tokens", "Where the gradient acts", "one cell per token, one row per completion",
    "Blue ↑: the update makes the token likelier. Orange ↓: rarer. The stronger, the larger its share of the gradient. "
    "▲ and ▼: clipped above and below, so that it has none. Pale: it has none for another reason.")  # fmt: skip
ENTROPY = Words(
    "entropy_position", "Entropy by position", "nats, mean over tokens",
    "Where in a completion the policy is still undecided. Zero: it chooses the same token there every time.", (0, None))  # fmt: skip


def batch_chart(step: Step, treated: Treatment, *, color: str, picked: int | None = None, dark: bool = False) -> Chart:
    """Every group generated for the step's rollout, in order. `color` is that of the side; `picked` is a group's number, from 1. Each
    cell carries [group, completion] as its custom data."""
    most = max(MOST_CELLS // step.config.group_size, 1)
    groups = list(enumerate(step.groups, start=1))[:most]
    cells = [
        _cells(step, treated, [g for g in groups if g[1].kind == kind], name, right, kind, color)
        for name, right in (("right", True), ("wrong", False))
        for kind in KINDS
        if (kind, right) not in (("all wrong", True), ("all right", False))
    ]
    words = [_row_words(step, treated, n, g, picked) for n, g in groups]
    shapes, annotations = _marks(step, treated, groups, picked, INK_DARK if dark else INK)
    span = [0.4, step.config.group_size + 0.6]
    figure = finish(
        go.Figure(cells),
        height=90 + ROW * len(groups),
        hover="closest",
        layout={
            "margin": {"l": 150, "r": 56},
            "legend": {"y": 1, "yanchor": "bottom", "yref": "paper", "itemclick": False},
            # `add_shape` would check all earlier shapes again: seconds for the hundreds of groups of a refilled rollout.
            **{name: found for name, found in (("shapes", shapes), ("annotations", annotations)) if found},
        },
        xaxes={"range": span, "showgrid": False, "title": {"text": "completion"}, "side": "bottom", "tickformat": "d"},
        yaxes={
            "range": [len(groups) + 0.6, 0.4],
            "tickvals": [number for number, _ in groups],
            "ticktext": words,
            "showgrid": False,
        },
    )
    return inked(Chart(BATCH, _batch_text(step, treated, len(groups)), figure), dark=dark)


def _marks(
    step: Step, treated: Treatment, groups: list[tuple[int, Group]], picked: int | None, ink: str
) -> tuple[list[dict], list[dict]]:
    """Lines through the dropped groups and between rounds, and a frame around the picked group: shapes, and the annotations of rounds."""
    shapes, annotations = [], []
    for number, group in groups:
        if fate(step, treated, group) == "dropped":
            shapes.append(_line(number, NEUTRAL, width=1))
        if number > 1 and group.round != step.groups[number - 2].round:
            shapes.append(_line(number - 0.5, ink, width=2, dash="dot"))
            annotations.append(
                {"text": f"round {group.round}", "xref": "paper", "x": 1, "y": number - 0.5, "xanchor": "left", "yanchor": "middle",
                 "showarrow": False, "font": {"size": 11}})  # fmt: skip
    if picked is not None and picked <= len(groups):
        frame = {"y0": picked - 0.5, "y1": picked + 0.5, "line": {"color": ink, "width": 2}}
        shapes.append(frame | {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"})
    return shapes, annotations


def _line(y: float, color: str, **look) -> dict:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": {"color": color} | look}


def _cells(
    step: Step, treated: Treatment, groups: list[tuple[int, Group]], name: str, right: bool, kind: str, color: str
) -> go.Scatter:
    """The right, or the wrong, completions of the groups of one kind."""
    cells = [(n, g, k) for n, g in groups for k in np.flatnonzero(g.correct == right)]
    tint = color if kind == "mixed" else WRONG if kind == "all wrong" else RIGHT
    look = {"symbol": "square", "size": 11} if right else {"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": tint}}
    strength = [0.4 if fate(step, treated, g) in ("dropped", "surplus") else 1.0 for _, g, _ in cells]
    return go.Scatter(
        x=[int(k) + 1 for *_, k in cells], y=[n for n, *_ in cells], mode="markers", name=f"{name}, {kind}",
        customdata=[[n, int(k) + 1] for n, _, k in cells], marker={"color": tint, "opacity": strength} | look,
        # Streamlit fades points that are not selected; here no cell is faded.
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 0.85}},
        text=[_cell_words(treated, n, g, k) for n, g, k in cells], hovertemplate="%{text}<extra></extra>")  # fmt: skip


def _cell_words(treated: Treatment, number: int, group: Group, k: int) -> str:
    text = group.texts[k] if len(group.texts[k]) <= 60 else group.texts[k][:59] + "…"
    told = f"group {number}, completion {k + 1}: {'right' if group.correct[k] else 'wrong'}<br>{_plain(text)}"
    told += f"<br>{int(group.lengths[k])} tokens{'' if group.ended[k] else ', cut at the limit'}<br>reward {group.rewards[k]:.3g}"
    return told if group.slot is None else told + f", advantage {treated.advantages[group.slot, k]:.3g}"


def _row_words(step: Step, treated: Treatment, number: int, group: Group, picked: int | None) -> str:
    became = fate(step, treated, group)
    place = {"dropped": "dropped", "surplus": "not needed"}.get(became) or f"slot {group.slot + 1}"
    text = f"{'▸ ' if became == 'in this update' else ''}{number} {group.kind}, {place}"
    return f"<b>{text}</b>" if number == picked else text


def _batch_text(step: Step, treated: Treatment, drawn: int) -> str:
    kinds = Counter(g.kind for g in step.groups)
    fates = Counter(fate(step, treated, g) for g in step.groups)
    left = f" The first {drawn} are drawn." if drawn < len(step.groups) else ""
    return (
        f"{len(step.groups)} groups of {step.config.group_size} completions in {max(g.round for g in step.groups)} rounds: "
        + ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS)
        + f". {fates['dropped']} dropped, {fates['surplus']} not needed, {fates['in this update']} in this update.{left}"
    )


def token_chart(step: Step, treated: Treatment, number: int, *, dark: bool = False) -> Chart:
    """The tokens of group `number` (from 1) with the share of the gradient that each has, and its sign."""
    table = tokens_table(step, treated, number)
    if not len(table):
        return nothing(TOKENS, "This group is not in the batch, so none of its tokens has a gradient.")
    rows, columns = int(table["completion"].max()), int(table["position"].max())
    at = (table["completion"] - 1, table["position"] - 1)
    z, texts, hover = np.full((rows, columns), np.nan), np.full((rows, columns), "", object), np.full((rows, columns), "", object)
    z[at] = np.sign(table["pull"]) * table["share"] * 100
    marks = np.select(
        [table["clip"] == "above", table["clip"] == "below", table["pull"] > 0, table["pull"] < 0], list("▲▼↑↓"), "·"
    )
    texts[at] = [f"{_plain(_short(token))}<br>{mark}" for token, mark in zip(table["token"], marks, strict=True)]
    hover[at] = [_token_words(row) for row in table.itertuples()]
    most = float(np.nanmax(np.abs(z))) or 1.0
    ink, scale = (INK_DARK, PULL_DARK) if dark else (INK, PULL)
    figure = go.Figure(
        go.Heatmap(
            z=z, x=np.arange(1, columns + 1), y=np.arange(1, rows + 1), zmin=-most, zmax=most, xgap=1, ygap=1,
            colorscale=[list(stop) for stop in zip((0, 0.5, 1), scale, strict=True)], textfont_color=ink,
            hovertext=hover, hoverinfo="text", hoverongaps=False,
            text=texts if rows * columns <= MOST_TEXTS and columns <= 40 else None, texttemplate="%{text}",
            showscale=False)
    )  # fmt: skip
    plain = {"showgrid": False, "tickformat": "d", "ticks": ""}
    finish(
        figure,
        height=80 + (TOKEN_ROW if figure.data[0].text is not None else 14) * rows,
        hover="closest",
        layout={"margin": {"t": 8}},
        xaxes={"range": [0.5, columns + 0.5], "title": {"text": "position"}} | plain,
        yaxes={"range": [rows + 0.5, 0.5], "title": {"text": "completion"}} | plain,
    )
    return inked(Chart(TOKENS, _tokens_text(table, number), figure), dark=dark)


def _token_words(row) -> str:
    clip = f", clipped {row.clip}" if row.clip else ""
    return (
        f"completion {row.completion}, position {row.position}: {_plain(row.token)}<br>probability {row.old:.4g} → {row.new:.4g}, "
        f"ratio {row.ratio:.4g}{clip}<br>weight {row.weight:.3g}, {percent(row.share)} of the gradient<br>entropy {row.entropy:.3g} nats"
    )


def _tokens_text(table, number: int) -> str:
    up, down = (float(table.loc[side, "share"].sum()) for side in (table["pull"] > 0, table["pull"] < 0))
    return (
        f"Group {number}: {len(table)} tokens, {int((table['clip'] == 'above').sum())} clipped above, "
        f"{int((table['clip'] == 'below').sum())} below; {percent(up)} of the gradient makes tokens of it likelier, {percent(down)} rarer."
    )


def _short(token: str) -> str:
    token = token.split(" (")[0]
    return token if len(token) <= 6 else token[:5] + "…"


def entropy_chart(step: Step, *, color: str, number: int | None = None, dark: bool = False) -> Chart:
    """Mean entropy at each position over the batch, and over group `number` if it is in it."""
    slot = None if number is None else step.groups[number - 1].slot
    lines = [("all groups of the batch", None, color, "solid")]
    if slot is not None:
        lines.append((f"group {number}", slot, INK_DARK if dark else INK, "dot"))
    traces, told = [], []
    for name, where, tint, dash in lines:
        values, count = entropy_by_position(step, where)
        x = np.flatnonzero(count) + 1
        if not len(x):
            continue
        y = values[x - 1]
        traces.append(
            go.Scatter(
                x=x, y=y, customdata=count[x - 1], name=name, mode="lines+markers", line={"color": tint, "dash": dash, "width": 2},
                hovertemplate="%{y:.3g} nats over %{customdata} tokens"))  # fmt: skip
        told.append(
            f"{name}: {y[0]:.3g} nats at position 1, {y[-1]:.3g} at position {x[-1]}, highest {y.max():.3g} at {x[y.argmax()]}"
        )
    if not told:
        return nothing(ENTROPY, "The batch is empty, so there is no token to measure.")
    position = {"title": {"text": "position"}, "tickformat": "d"}
    figure = finish(go.Figure(traces), height=280, xaxes=position, yaxes={"rangemode": "tozero"})
    return inked(Chart(ENTROPY, "; ".join(told) + ".", figure), dark=dark)


def _plain(text: str) -> str:
    """`text` escaped for a figure: Plotly interprets some HTML tags."""
    return html.escape(text)


__all__ = ["BATCH", "ENTROPY", "TOKENS", "batch_chart", "entropy_chart", "token_chart"]
