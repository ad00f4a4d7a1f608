"""Tables with several runs side by side: columns `grpo_reward`, `grpo_entropy`, `dapo_reward`, `dapo_entropy`."""

from __future__ import annotations

import re

from core.logs.names import is_of_a_table
from core.logs.segments import is_bookkeeping
from core.logs.steps import rank

_SEPARATOR = re.compile(r"\s-\s|[_/.:-]\s?")
_RUN = re.compile(
    r"(?:dr_?)?(?:grpo|dapo|ppo|gspo|rloo|cispo|reinforce(?:\+\+)?|baseline|ours|seed_?\d+|run_?\d+|exp_?\d+)", re.IGNORECASE
)
Place = tuple[str, str]  # run, metric


def side_by_side(header: list[str]) -> dict[int, Place] | None:
    """Column -> its run and its metric, where every column but the axis is one of a run's and all runs have the same metrics: two or more, or
    one if the runs bear names that only runs have. None for any other table."""
    columns = {place: name for place, name in enumerate(header) if place and rank(name) is None and not is_bookkeeping(name)}
    found = {place: _split(name) for place, name in columns.items()}
    if len(columns) < 2 or rank(header[0]) is None or not all(found.values()):
        return None
    metrics: dict[str, set[str]] = {}
    for run, metric in found.values():
        metrics.setdefault(run, set()).add(metric)
    first = next(iter(metrics.values()))
    alike = len(metrics) > 1 and all(several == first for several in metrics.values()) and len(found) == len(metrics) * len(first)
    return found if alike and (len(first) > 1 or all(map(_RUN.fullmatch, metrics))) else None


def _split(name: str) -> Place | None:
    """At the first separator behind which a known metric stands; None for a metric's own name."""
    if is_of_a_table(name):
        return None
    for found in _SEPARATOR.finditer(name):
        run, metric = name[: found.start()].strip(), name[found.end() :].strip()
        if run and is_of_a_table(metric):
            return run, metric
    return None
