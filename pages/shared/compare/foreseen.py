"""What the settings will cost and what they begin with, said as soon as one is changed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.analysis.markdown import plain
from core.engine.outlook import dead_share, rounds_at_start, samples_at_start_pace
from core.engine.without_effect import without_effect
from core.settings.run import RunConfig
from core.settings.scenario import Scenario
from pages.shared.compare.needs import needs_text

SURE_BELOW = 0.0005
MOST_IN_SIGHT = 2  # warnings that stay in sight while the settings are scrolled


def show_foreseen(scenario: Scenario, runs: Mapping[str, RunConfig]) -> list[str]:
    """What is told stays in sight; returns the warnings that there is no room for, which `show_more_warnings` takes."""
    warnings = without_effect(runs, scenario.runs())
    in_sight = warnings if len(warnings) <= MOST_IN_SIGHT + 1 else warnings[:MOST_IN_SIGHT]
    rest = warnings[len(in_sight) :]
    more = [f"And {len(rest)} more choices that cannot matter, below."] if rest else []
    _small([*map(_warning, in_sight), *more, dead_text(runs), samples_text(runs), needs_text(runs)])
    return rest


def show_more_warnings(warnings: list[str]) -> None:
    if warnings:
        _small([_warning(sentence) for sentence in warnings])


def _small(sentences: list[str]) -> None:
    st.markdown("  \n".join(f":small[{sentence}]" for sentence in sentences))


def _warning(sentence: str) -> str:
    return f":orange[:material/warning:] {plain(sentence)}"


def dead_text(runs: Mapping[str, RunConfig]) -> str:
    """How many groups carry no signal at the start: the same for all sides, which share environment and group size."""
    run = next(iter(runs.values()))
    share = dead_share(run)
    told = "none" if share < SURE_BELOW else "all" if share > 1 - SURE_BELOW else f"{share:.0%}"
    return f"**{told.replace('%', ' %')} of the groups** carry no signal at the start: all right or all wrong."


def samples_text(runs: Mapping[str, RunConfig]) -> str:
    """How many completions each side generates."""
    parts = []
    for label, run in runs.items():
        open_ended = run.samples is None and rounds_at_start(run) > 1
        parts.append(f"{plain(label)} {'about ' if open_ended else ''}{_rounded(samples_at_start_pace(run), open_ended)}")
    more = any(run.samples is None and rounds_at_start(run) > 1 for run in runs.values())
    pace = " at the pace of the first rollout" if more else ""
    return f"**Samples** per seed: {', '.join(parts)}{pace}."


def _rounded(count: int, roughly: bool) -> str:
    """An estimate has two digits."""
    return f"{float(f'{count:.2g}'):,.0f}" if roughly else f"{count:,}"
