"""Finished charts: from the results of a comparison to Plotly figures, each with title, caption and a text alternative. Independent of
pages.

Every function takes label -> RunResult. A run that has measured nothing is left out; a metric that no run has measured gives a chart
without a figure, whose text says why. Bands and bars are 95 % intervals of the mean over seeds, by Student's t; below three seeds
there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.analysis.charts.chart import Chart, StyledRun, inked, nothing, styled_runs
from core.analysis.charts.distribution import rank_chart, token_chart
from core.analysis.charts.groups import group_chart
from core.analysis.charts.lines import Panel, line_chart, with_collapse_threshold
from core.analysis.charts.stability import stability_chart
from core.analysis.charts.words import CLIPPED, ENTROPY, GROUPS, LENGTH, UPCLIPPED, Words, live_words, score_words
from core.analysis.result import RunResult
from core.engine.tasks import make_task

Results = Mapping[str, RunResult]


def all_charts(results: Results, *, dark: bool = False) -> list[Chart]:
    """The live charts as finished ones, then the others. [] if nothing was measured."""
    return live_charts(results, dark=dark) + more_charts(results, dark=dark)


def live_charts(results: Results, *, dark: bool = False) -> list[Chart]:
    """The six of the live board: entropy, gradient norm, reward, score, filter ratio, groups."""
    sides = styled_runs(results, dark=dark)
    if not sides:
        return []
    return [inked(_live(words, sides), dark=dark) for words in live_words(sides[0].result.config.task)]


def _live(words: Words, sides: list[StyledRun]) -> Chart:
    if words is GROUPS:
        return group_chart(sides)
    chart = line_chart(words, sides)
    return with_collapse_threshold(chart, sides) if words is ENTROPY else chart


def more_charts(results: Results, *, dark: bool = False) -> list[Chart]:
    """What the live board does not show."""
    return policy_charts(results, dark=dark) + clipping_charts(results, dark=dark)


def policy_charts(results: Results, *, dark: bool = False) -> list[Chart]:
    """Three: final distribution by rank and by token, stability. [] if nothing was measured."""
    return _drawn(results, dark, rank_chart, token_chart, stability_chart)


def clipping_charts(results: Results, *, dark: bool = False) -> list[Chart]:
    """Three: clip fractions, old probability of what is clipped up, completion length. [] if nothing was measured."""
    return _drawn(results, dark, clip_chart, upclipped_chart, length_chart)


def _drawn(results: Results, dark: bool, *kinds: Callable[[list[StyledRun]], Chart]) -> list[Chart]:
    sides = styled_runs(results, dark=dark)
    return [inked(draw(sides), dark=dark) for draw in kinds] if sides else []


def clip_chart(sides: list[StyledRun]) -> Chart:
    return line_chart(CLIPPED, sides, (Panel("clip_fraction_high", "Clipped up"), Panel("clip_fraction_low", "Clipped down")))


def upclipped_chart(sides: list[StyledRun]) -> Chart:
    return line_chart(UPCLIPPED, sides, missing="The upper clip has not stopped a single token, so there is nothing to show.")


def length_chart(sides: list[StyledRun]) -> Chart:
    """Length and what is cut; where a completion is one token, there is nothing to see."""
    if all(make_task(side.result.config.task).end_token is None for side in sides):
        return nothing(LENGTH, "Every completion of this task is one token, so length has nothing to show.")
    return line_chart(
        LENGTH, sides, (Panel("completion_tokens_mean", "Mean length"), Panel("truncated_fraction", "Share cut at the limit"))
    )


__all__ = [
    "Chart",
    "Results",
    "Words",
    "all_charts",
    "clipping_charts",
    "live_charts",
    "live_words",
    "more_charts",
    "policy_charts",
    "score_words",
]
