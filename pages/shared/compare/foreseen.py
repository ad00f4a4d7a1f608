"""What the settings will cost and what they begin with, said as soon as one is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from core.analysis.markdown import plain
from core.engine.outlook import dead_share, most_samples, rounds_at_start, samples_at_start_pace
from core.settings.run import RunConfig
from pages.shared.compare.needs import duration_text, megabytes, needs_text, preparation_seconds, training_seconds

SURE_BELOW = 0.0005
TRAINED = "about {duration} of training"
PREPARED_AND_TRAINED = "about {duration} until the base model is built and the runs are trained"
MOST_IN_SIGHT = 1  # warnings that stay in sight while the settings are scrolled


def show_foreseen(warnings: Sequence[str], runs: Mapping[str, RunConfig]) -> None:
    """What stays in sight while the settings are scrolled: the first of the warnings (`without_effect`) and four numbers."""
    if warnings:
        more = len(warnings) - MOST_IN_SIGHT
        _small([_warning(warnings[0]) + (f" And {more} more, below." if more else "")])
    numbers = "".join(f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for what, value in four_numbers(runs).items())
    st.html(f'<dl class="foreseen">{numbers}</dl>')


def explain_foreseen(warnings: Sequence[str], runs: Mapping[str, RunConfig]) -> None:
    """The same in sentences, after the warnings for which there was no room."""
    _small([*map(_warning, warnings[MOST_IN_SIGHT:]), dead_text(runs), samples_text(runs), needs_text(runs)])


def _small(sentences: list[str]) -> None:
    st.markdown("  \n".join(f":small[{sentence}]" for sentence in sentences))


def _warning(sentence: str) -> str:
    return f":orange[:material/warning:] {plain(sentence)}"


def four_numbers(runs: Mapping[str, RunConfig]) -> dict[str, str]:
    """Name -> value with few digits; of samples the least and the most that a side may generate."""
    least = _compact(min(samples_at_start_pace(run) for run in runs.values()))
    most = _compact(max(most_samples(run) for run in runs.values()))
    return {
        "dead groups": f"{dead_share(next(iter(runs.values()))):.0%}".replace("%", " %"),
        "samples": least if least == most else f"{least}–{most}",
        "time": _until_the_end(runs).replace("seconds", "s").replace("minutes", "min").replace("hours", "h"),
        "memory": f"{megabytes(runs):,} MB",
    }


def foreseen_in_words(warnings: Sequence[str], runs: Mapping[str, RunConfig]) -> dict[str, str]:
    """Name -> the same number as a part of a sentence, for a screen reader; and how many warnings stand beside them."""
    least = _two_digits(min(samples_at_start_pace(run) for run in runs.values()))
    most = _two_digits(max(most_samples(run) for run in runs.values()))
    return {
        "dead groups": f"{dead_share(next(iter(runs.values()))):.0%} of the groups dead at the start".replace("%", " %"),
        "samples": f"{least} samples per seed" if least == most else f"{least} to {most} samples per seed",
        "time": (PREPARED_AND_TRAINED if preparation_seconds(runs) else TRAINED).format(duration=_until_the_end(runs)),
        "memory": f"{megabytes(runs):,} MB of memory",
        "warnings": f"{len(warnings) or 'no'} {'warning' if len(warnings) == 1 else 'warnings'}",
    }


def _until_the_end(runs: Mapping[str, RunConfig]) -> str:
    return duration_text(preparation_seconds(runs) + training_seconds(runs))


def _two_digits(count: int) -> str:
    """As many as `_compact` shows."""
    return _rounded(count, roughly=count >= 1000)


def _compact(count: int) -> str:
    """'512', '15k', '1.2M': two digits."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{float(f'{count / size:.2g}'):g}{letter}"
    return f"{count}"


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
        count = _rounded(samples_at_start_pace(run), open_ended)
        at_pace = f"about {count} at the pace of the first rollout and at most {_rounded(most_samples(run), True)}"
        parts.append(f"{plain(label)} {at_pace if open_ended else count}")
    return f"**Samples** per seed: {', '.join(parts)}."


def _rounded(count: int, roughly: bool) -> str:
    """An estimate has two digits."""
    return f"{float(f'{count:.2g}'):,.0f}" if roughly else f"{count:,}"
