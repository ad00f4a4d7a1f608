"""The layout of a figure, set at once, and panels one below the other. Plotly's own `update_…` functions check every change for itself, path by
path, and `make_subplots` is made of them: two thirds of the time in which a chart was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

NOTHING: Mapping[str, object] = {}


def laid_out(
    figure: go.Figure,
    layout: Mapping[str, object] = NOTHING,
    *,
    xaxes: Mapping[str, object] = NOTHING,
    yaxes: Mapping[str, object] = NOTHING,
    annotations: Mapping[str, object] = NOTHING,
) -> go.Figure:
    """What `update_layout`, `update_xaxes`, `update_yaxes` and `update_annotations` do, one after the other. Names are nested, without
    Plotly's underscores. A figure that draws axes by itself has x and y."""
    made = figure.layout.to_plotly_json()
    _merge(made, layout)
    for kind, look in (("xaxis", xaxes), ("yaxis", yaxes)):
        for name in {kind, *(name for name in made if name.startswith(kind))} if look else ():
            _merge(made, {name: look})
    for annotation in made.get("annotations", ()):
        _merge(annotation, annotations)
    figure.layout = made
    return figure


def merged(layout: Mapping[str, object], more: Mapping[str, object]) -> dict:
    """`layout` with the names of `more`, nested, which replace its own."""
    out: dict = {}
    _merge(out, layout)
    _merge(out, more)
    return out


def _merge(into: dict, more: Mapping[str, object]) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping):
            if not isinstance(into.get(name), dict):
                into[name] = {}
            _merge(into[name], value)
        else:
            into[name] = value


def stacked(titles: Sequence[str], spacing: float, *, shared_x: bool = True, shared_y: bool = False) -> dict:
    """The layout of a panel per title, one below the other, with `spacing` between them as a share of the figure."""
    rows, out, annotations = len(titles), {}, []
    height = (1.0 - spacing * (rows - 1)) / rows
    for row, title in enumerate(titles, 1):
        low = sum([height] * (rows - row)) + (rows - row) * spacing
        x = {"anchor": axis("y", row), "domain": [0.0, 1.0]}
        y = {"anchor": axis("x", row), "domain": [low, low + height]}
        if shared_x and row < rows:
            x |= {"matches": axis("x", rows), "showticklabels": False}
        if shared_y and row < rows:
            y["matches"] = axis("y", rows)
        out |= {axis("xaxis", row): x, axis("yaxis", row): y}
        if title:
            annotations.append(
                {"text": title, "showarrow": False, "x": 0, "xanchor": "left", "xref": "paper",
                 "y": low + height, "yanchor": "bottom", "yref": "paper", "font": {"size": 13}})  # fmt: skip
    return out | ({"annotations": annotations} if annotations else {})


def axis(kind: str, row: int) -> str:
    """The name of an axis of a panel: xaxis, xaxis2, … in the layout, x, x2, … elsewhere."""
    return kind if row == 1 else f"{kind}{row}"


def placed(trace: go.Scatter | go.Bar, row: int) -> go.Scatter | go.Bar:
    trace.xaxis, trace.yaxis = axis("x", row), axis("y", row)
    return trace
