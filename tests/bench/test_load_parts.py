"""The judges of bench/load.py and bench/soak.py: what is right passes, and each thing that can be wrong is found."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from bench.load_checks import Wait, fair_order, leaks, order_faults, position_faults, result_faults, summary, wait_of
from bench.reliability import load_section, memory_section
from bench.server import kind_of
from bench.soak import judged
from bench.visitor import Diary, Told
from core.analysis.history import History
from core.analysis.result import RunResult
from core.engine.types import StepRecord
from core.settings.run import RunConfig
from core.settings.task import ChainConfig
from pages.shared.common import series

SEEDS = (0, 1)


def history(updates: int, offset: float = 0.0) -> History:
    made = History(SEEDS)
    for update in range(1, updates + 1):
        metrics = {"entropy_nats": np.array([1.0, 2.0]) / update + offset}
        made.append(StepRecord(update, (update + 1) // 2, np.array([4, 4]) * update, 0.1 * update, metrics))
    return made


def result(whole: History) -> RunResult:
    return RunResult(RunConfig(task=ChainConfig(), replicas=len(SEEDS), generation_price=2.0), whole)


def told(whole: History, since: int, until: int, *, at: float = 0.0, level: int = 0, full: bool = False, text: str = "") -> Told:
    part = History(whole.seeds)
    for record in whole.after(0)[:until]:
        part.append(record)
    costs = series.CostWatch().look({"GRPO": result(part)})
    points = series.tail({"GRPO": part}, since, ["entropy_nats"], levels={"GRPO": level}, costs=costs)
    return Told(at, "c", "live", text, json.loads(json.dumps(points)), full)


def test_everybodys_first_comparison_comes_before_anybodys_second():
    arrivals = [("ann", "a1"), ("ann", "a2"), ("bob", "b1"), ("ann", "a3"), ("cy", "c1"), ("bob", "b2")]
    assert fair_order(arrivals) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert fair_order([]) == []


def test_who_starts_before_their_turn_is_found():
    waits = {"a": Wait("ann", "a", 10.0), "b": Wait("bob", "b", 14.0), "c": Wait("cy", "c", 9.0)}
    assert order_faults(waits, ["a", "b"]) == []
    assert order_faults(waits, ["a", "c"], slack=2.0) == []  # one second is less than what a tick may be late
    assert order_faults(waits, ["b", "c"]) == ["turn 2 began 5.0 s before turn 1"]


def queue(*positions: tuple[float, int]) -> dict[str, Wait]:
    """Three comparisons of two sides, which start at 0, 10 and 20 s; `positions` are what the last one was told."""
    return {
        "a": Wait("ann", "a", 0.0),
        "b": Wait("bob", "b", 10.0),
        "c": Wait("cy", "c", 20.0, list(positions)),
    }


def test_positions_are_one_more_than_the_runs_ahead():
    order = ["a", "b", "c"]
    # Two runs of b wait until 10 s; then one of them may wait for as long as a has not ended.
    assert position_faults(queue((5.0, 3), (9.0, 3), (13.0, 2), (15.0, 1)), order, sides=2, settled=1.0) == []
    assert position_faults(queue((5.0, 2)), order, sides=2, settled=1.0) == ["turn 3: told 2, was between 3 and 4"]
    assert position_faults(queue((15.0, 3)), order, sides=2, settled=1.0) == ["turn 3: told 3, was between 1 and 2"]
    assert position_faults(queue((13.0, 1), (15.0, 2)), order, sides=2, settled=1.0) == ["turn 3: the position grew from 1 to 2"]
    assert position_faults(queue((0.5, 1), (5.0, 3)), order, sides=2, settled=1.0) == []  # people still came


def test_a_wait_is_read_from_the_badge():
    whole = history(4)
    badges = ("number 12 in the queue", "number 3 in the queue", "0 of 4 updates")
    wait = wait_of("ann", "c", [told(whole, 0, 0, at=float(i), text=text) for i, text in enumerate(badges)])
    assert wait.positions == [(0.0, 12), (1.0, 3)] and wait.started == 2.0
    assert wait_of("ann", "c", []).started == math.inf


@pytest.mark.parametrize("level", [0, 1])
def test_points_that_are_those_of_the_same_run_are_right(level):
    whole = history(9)
    parts = [told(whole, 0, 4, level=level, full=True), told(whole, 2, 7, level=level), told(whole, 6, 9, level=level)]
    assert result_faults(parts, {"GRPO": result(whole)}) == []
    dearer = replace(parts[0], points=json.loads(json.dumps(parts[0].points)))
    dearer.points["GRPO"]["cost"][-1] += 1
    assert result_faults([dearer, *parts[1:]], {"GRPO": result(whole)}) == ["GRPO: other figures behind update 0"]


def test_points_of_another_run_gaps_and_a_missing_end_are_found():
    whole, other = history(9), history(9, offset=0.01)
    first, rest = told(whole, 0, 4, full=True), told(whole, 4, 9)
    truth = {"GRPO": result(whole)}
    assert result_faults([first, told(other, 4, 9)], truth) == ["GRPO: other figures behind update 4"]
    assert result_faults([first, told(whole, 6, 9)], truth) == ["GRPO: nothing between updates 4 and 6"]
    assert result_faults([first], truth) == ["GRPO: ends at update 4 of 9"]
    assert result_faults([first, replace(rest, points={"B": {}})], truth)[0] == "sides ['B'] in place of ['GRPO']"
    assert result_faults([first, replace(rest, points={}), rest], truth) == []  # they were still to be fetched


def test_a_name_of_somebody_else_in_a_message_is_found():
    ann, bob = Diary(received=[b"run-of-ann"]), Diary(received=[b"nothing"])
    owners = {"run-of-ann": ann.cookie, "run-of-bob": bob.cookie}
    assert leaks([ann, bob], owners) == []
    bob.received.append(b"see run-of-ann there")
    assert len(leaks([ann, bob], owners)) == 1
    ann.received.append(bob.cookie.encode())
    assert len(leaks([ann, bob], owners)) == 2


def test_percentiles_are_measured_values():
    assert summary([float(i) for i in range(1, 101)]) == {"count": 100, "median": 50.0, "p95": 95.0, "worst": 100.0}
    assert summary([3.0]) == {"count": 1, "median": 3.0, "p95": 3.0, "worst": 3.0}
    assert math.isnan(summary([])["p95"])


def readings(per_minute: float) -> list[dict]:
    """Half a minute apart, about 100, with a wobble of 1."""
    return [{"seconds": 30.0 * i, "rss": 100 + per_minute * i / 2 + (-1) ** i} for i in range(20)]


def test_what_wobbles_is_level_and_what_grows_is_not():
    assert judged(readings(0.0), "rss")["level"]
    assert judged(readings(-3.0), "rss")["level"]
    grows = judged(readings(3.0), "rss")
    assert not grows["level"] and grows["slope"] == pytest.approx(3.0, abs=0.2)


def test_threads_are_told_apart_by_their_names():
    names = ("run GRPO", "run reaper", "ScriptRunner.scriptThread", "MainThread")
    assert [kind_of(name) for name in names] == ["runs", "run reaper", "page runs", "others"]


def test_a_bar_that_is_missed_is_told_with_by_how_much():
    machine = {"cores": 2, "python": "3", "streamlit": "1", "torch": "2", "load_average_at_start": 0.5}
    times = {"count": 4, "median": 0.1, "p95": 0.2, "worst": 0.3}
    part = {"open": times, "interactions": times, "ticks": times, "by_kind": {}, "result_seconds": times, "server_cores": 1.0}
    crowd = part | {
        "visitors": 30,
        "runners": 10,
        "comparisons": 12,
        "all_results_seconds": 100.0,
        "positions_told": 9,
        "messages": 9,
    }
    crowd |= {"refused_tails": 0, "ends_lost": 0, "visitors_cores": 0.1, "memory": {"rss": 600.0, "pss": 500.0}}
    bars = [
        {"name": "interactions", "words": "seconds", "value": 1.5, "most": 1.0, "holds": False},
        {"name": "idle", "words": "MB", "value": 400.0, "most": 500.0, "holds": True},
    ]
    leaving = {"seconds": 151.0, "grace_seconds": 150.0, "threads_before": {"runs": 2}, "threads_after": {"others": 2}}
    megabytes = {name: {"rss": 400.0, "pss": 300.0} for name in ("idle", "two_comparisons", "done")}
    results = {"machine": machine, "bars": bars, "alone": part, "crowd": crowd, "leaving": leaving, "memory": megabytes}
    assert "| seconds | 1.5 | 1 | ✗ missed by 0.5 |" in load_section(results) and "MB | 400" not in load_section(results)
    assert "| MB | 400 | 500 | ✓ |" in memory_section(results)
