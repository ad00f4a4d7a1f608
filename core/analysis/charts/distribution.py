"""What the policy generates at the end, and what it generated at first: mean next-token probabilities, a panel per side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.analysis.charts.chart import Chart, StyledRun, finish, nothing
from core.analysis.charts.curves import mean_of, number
from core.analysis.charts.palette import faded
from core.analysis.charts.panels import placed, stacked
from core.analysis.charts.words import RANKS, TOKENS, Words
from core.analysis.stats import mean_and_half_width
from core.engine.tasks import make_task
from core.engine.types import Distribution

MAX_BARS = 16  # of a panel; what is beyond is one bar
PANEL_HEIGHT = 170
POPULATION = "Means over the contexts in which the tokens of the rollout's batch were chosen, then over seeds."
NAMED = 3  # tokens or ranks that the sentence tells


@dataclass(frozen=True)
class Look:
    """A side's first and latest distribution; the same one where there is only one."""

    side: StyledRun
    first: tuple[int, Distribution]
    last: tuple[int, Distribution]


def rank_chart(sides: Sequence[StyledRun]) -> Chart:
    """By rank: every context sorted before the mean, so that a different right answer per prompt is not mistaken for diversity."""
    looks = _looks(sides)
    return _chart(RANKS, looks, "rank_probs", _rank_names(looks))


def token_chart(sides: Sequence[StyledRun]) -> Chart:
    """By token, under the task's names for them."""
    looks = _looks(sides)
    names = [list(make_task(look.side.result.config.task).token_names) for look in looks]
    return _chart(TOKENS, looks, "token_probs", max(names, key=len, default=[]))


def _looks(sides: Sequence[StyledRun]) -> list[Look]:
    found = ((side, side.history.distributions()) for side in sides)
    return [Look(side, seen[0], seen[-1]) for side, seen in found if seen]


def _rank_names(looks: Sequence[Look]) -> list[str]:
    width = max((look.last[1].rank_probs.shape[1] for look in looks), default=0)
    return [f"rank {k + 1}" for k in range(width)]


def _chart(words: Words, looks: Sequence[Look], field: str, names: list[str]) -> Chart:
    if not looks:
        return nothing(
            words, "What the policy generates was not recorded in these runs: they are older than that, or have only begun."
        )
    shown = _shown(looks, field, len(names))
    labels = [names[k] for k in shown] + ([f"{len(names) - len(shown)} others"] if len(shown) < len(names) else [])
    bars = [placed(bar, row) for row, look in enumerate(looks, 1) for bar in _bars(look, field, shown, labels, legend=row == 1)]
    own = {"barmode": "group", "bargap": 0.25, "margin": {"t": 58}, "legend": {"y": 1 + 28 / (PANEL_HEIGHT * len(looks))}}
    figure = finish(
        go.Figure(bars),
        height=100 + PANEL_HEIGHT * len(looks),
        hover="closest",
        layout=stacked([_title(look) for look in looks], 0.2 / len(looks), shared_y=True) | own,
        xaxes={"type": "category", "showgrid": False},
        yaxes={"range": [0, 1], "tickvals": [0, 0.5, 1]},
    )
    return Chart(words, " ".join([*(_sentence(look, field, names) for look in looks), POPULATION]), figure)


def _shown(looks: Sequence[Look], field: str, count: int) -> list[int]:
    """The tokens or ranks that get a bar, in their order: all, or those that are likeliest anywhere."""
    if count <= MAX_BARS:
        return list(range(count))
    largest = np.zeros(count)
    for look in looks:
        for _, seen in (look.first, look.last):
            mean, _ = _over_seeds(getattr(seen, field))
            largest[: len(mean)] = np.fmax(largest[: len(mean)], mean)
    return sorted(np.argsort(-largest, kind="stable")[: MAX_BARS - 1].tolist())


def _over_seeds(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(R, V) -> mean over seeds and half the width of its interval, (V,) each."""
    return mean_and_half_width(table.T.astype(float))


def _bars(look: Look, field: str, shown: list[int], labels: list[str], *, legend: bool) -> list[go.Bar]:
    """The first distribution as an outline, the latest one filled, both with 95 % intervals."""
    side, out = look.side, []
    looks = (("at first", *look.first, 0.10, "/"), ("latest", *look.last, 0.9, ""))
    for name, update, seen, opacity, shape in looks if look.first[0] != look.last[0] else looks[1:]:
        mean, half = _over_seeds(_columns(getattr(seen, field), shown, len(labels)))
        out.append(
            go.Bar(
                x=labels, y=mean, error_y={"array": half, "thickness": 1, "width": 2, "color": "rgba(128,128,128,1)"},
                name=name, legendgroup=name, showlegend=legend,
                marker={"color": faded(side.color, opacity), "line": {"color": side.color, "width": 1.2},
                        "pattern": {"shape": shape, "fgcolor": side.color, "size": 6, "solidity": 0.15}},
                hovertemplate=f"%{{x}}, update {update}: %{{y:.3g}}<extra></extra>")
        )  # fmt: skip
    return out


def _columns(table: np.ndarray, shown: list[int], bars: int) -> np.ndarray:
    """(R, bars) the shown columns of `table` (R, V), and the sum of all others where there is one bar more. NaN where this side's
    vocabulary has no such token."""
    own = [k for k in shown if k < table.shape[1]]
    out = np.full((len(table), bars), np.nan)
    out[:, : len(own)] = table[:, own]
    if bars > len(shown):
        out[:, -1] = np.delete(table, own, axis=1).sum(1)
    return out


def _title(look: Look) -> str:
    (begin, _), (end, _) = look.first, look.last
    return f"{look.side.name}, " + (f"updates {begin} and {end}" if begin != end else f"update {end}")


def _sentence(look: Look, field: str, names: list[str]) -> str:
    """The likeliest few at the end, each with what it was at first."""
    (begin, first), (end, last) = look.first, look.last
    before, after = (np.array([mean_of(column) for column in getattr(seen, field).T]) for seen in (first, last))
    if np.isnan(after).all():
        return f"{look.side.label}, at update {end}: not measured."
    likeliest = np.argsort(-after, kind="stable")[:NAMED].tolist()
    parts = [
        f"{names[k]} has {number(after[k])}" + (f" ({number(before[k])} at first)" if begin != end else "") for k in likeliest
    ]
    return f"{look.side.label}, at update {end}: {', '.join(parts)}."
