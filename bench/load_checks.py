"""Checks of what visitors were shown: the queue is fair, results are complete, nobody sees another visitor's run. Pure functions of
diaries."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bench.visitor import Diary, Told
from core.analysis.history import History
from core.analysis.result import RunResult
from pages.shared.common import series

POSITION = re.compile(r"number (\d+) in the queue")
SLACK_SECONDS = 2.0  # a visitor is shown a change with the next tick of half a second, and on a busy server later


@dataclass
class Wait:
    """One comparison in the queue, as its owner was told. Times are monotonic seconds."""

    owner: str
    comparison: str
    started: float = math.inf  # first told that it trains, or was over
    positions: list[tuple[float, int]] = field(default_factory=list)


def wait_of(owner: str, comparison: str, told: Iterable[Told]) -> Wait:
    """From everything that was told about `comparison`, oldest first."""
    wait = Wait(owner, comparison)
    for one in told:
        if found := POSITION.fullmatch(one.text):
            wait.positions.append((one.at, int(found[1])))
        else:
            wait.started = min(wait.started, one.at)
    return wait


def fair_order(arrivals: Sequence[tuple[str, str]]) -> list[str]:
    """In which order comparisons have to start if all arrive, as (owner, comparison), before the second turn: each owner's first one in
    the order in which the owners came, then each owner's second one, and so on."""
    lines: dict[str, list[str]] = {}
    for owner, comparison in arrivals:
        lines.setdefault(owner, []).append(comparison)
    rounds = max(map(len, lines.values()), default=0)
    return [line[i] for i in range(rounds) for line in lines.values() if i < len(line)]


def order_faults(waits: Mapping[str, Wait], order: Sequence[str], slack: float = SLACK_SECONDS) -> list[str]:
    """Comparisons that started before one that was ahead of them in `order`."""
    faults = []
    for i, late in enumerate(order):
        for early in order[:i]:
            if waits[late].started < waits[early].started - slack:
                ahead = waits[early].started - waits[late].started
                faults.append(f"turn {i + 1} began {ahead:.1f} s before turn {order.index(early) + 1}")
    return faults


def position_faults(
    waits: Mapping[str, Wait], order: Sequence[str], sides: int, settled: float, slack: float = SLACK_SECONDS
) -> list[str]:
    """Positions told after `settled`, when nobody comes any more, that grew, or that are not what the true starts make of them: one more
    than the runs ahead. Each comparison has so many `sides`; of the one whose turn it is, all but one may still wait."""
    faults = []
    for i, comparison in enumerate(order):
        told = [(at, place) for at, place in waits[comparison].positions if at >= settled]
        for (_, before), (_, after) in pairwise(told):
            if after > before:
                faults.append(f"turn {i + 1}: the position grew from {before} to {after}")
        for at, place in told:
            ahead = [waits[other].started for other in order[:i]]
            least = 1 + sides * sum(start > at + slack for start in ahead)
            most = 1 + sides * sum(start > at - slack for start in ahead) + sides - 1
            if not least <= place <= most:
                faults.append(f"turn {i + 1}: told {place}, was between {least} and {most}")
    return faults


def result_faults(told: Sequence[Told], truth: Mapping[str, RunResult]) -> list[str]:
    """What differs between the points that a board was sent, oldest first, and the same settings trained again; and what is missing."""
    faults = []
    last = dict.fromkeys(truth, 0)
    for one in told:
        if not one.points:
            continue
        if one.points.keys() != truth.keys():
            faults.append(f"sides {sorted(one.points)} in place of {sorted(truth)}")
            continue
        for label, side in one.points.items():
            updates = side.get("update") or side.get("updates")
            if side["after"] > (0 if one.full else last[label]):
                faults.append(f"{label}: nothing between updates {last[label]} and {side['after']}")
            if updates:
                last[label] = updates[-1]
                if not _same(side, truth[label], updates[-1]):
                    faults.append(f"{label}: other figures behind update {side['after']}")
    return faults + [
        f"{k}: ends at update {at} of {truth[k].history.last_update}"
        for k, at in last.items()
        if at != truth[k].history.last_update
    ]


def _same(side: dict, whole: RunResult, until: int) -> bool:
    """Whether these points are those of `whole` up to update `until`, but for the clock."""
    history = History(whole.history.seeds)
    for record in whole.history.after(-1):
        if record.update <= until:
            history.append(record)
    costs = series.CostWatch().look({"": RunResult(whole.config, history)})
    ours = series.tail({"": history}, side["after"], side["metrics"], levels={"": side["level"]}, costs=costs)[""]
    ours = json.loads(json.dumps(ours))
    return all(ours[name] == side[name] for name in side if name != "seconds")


def leaks(diaries: Sequence[Diary], comparisons: Mapping[str, str]) -> list[str]:
    """Messages with data that belongs to another visitor. `comparisons`: comparison -> the cookie of its owner."""
    faults = []
    for diary in diaries:
        foreign = [c for c, owner in comparisons.items() if owner != diary.cookie]
        foreign += [other.cookie for other in diaries if other is not diary]
        for secret in map(str.encode, foreign):
            if any(secret in message for message in diary.received):
                faults.append(f"a visitor received the name {secret.decode()[:4]}… of somebody else's run or of somebody else")
    return faults


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Count, median, 95th percentile (nearest rank) and worst."""
    if not seconds:
        return {"count": 0, "median": math.nan, "p95": math.nan, "worst": math.nan}
    ordered = sorted(seconds)
    rank = math.ceil(0.95 * len(ordered))
    return {"count": len(ordered), "median": ordered[(len(ordered) - 1) // 2], "p95": ordered[rank - 1], "worst": ordered[-1]}
