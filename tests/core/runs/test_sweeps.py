"""Sweeps in the background: two people at a time, limits of a shared server, comparisons first."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.runs.manager import ManagerFull, RunManager
from core.runs.sweeps import SweepManager, name_of
from core.settings.fields import ConfigError
from core.settings.limits import HOSTED, NONE
from core.sweep.store import SweepStore
from tests.core.sweep.made import RATES, RUN, Inline, grid_of
from tests.processes import eventually

OTHER = (RATES, "task.noise=0,0.3")


class Held(Inline):
    """Gives nothing back until it is let go."""

    def __init__(self, gate: threading.Event):
        super().__init__()
        self._gate = gate

    def collect(self, timeout):
        return super().collect(timeout) if self._gate.wait(timeout) else []


@pytest.fixture
def manager_of(tmp_path):
    made, gates = [], []

    def maker(limits=NONE, busy=lambda: False, gate=None):
        gate = gate or threading.Event()
        gates.append(gate)
        made.append(SweepManager(SweepStore(tmp_path / "sweeps.sqlite"), busy, limits, lambda: Held(gate)))
        return made[-1], gate

    yield maker
    for gate in gates:
        gate.set()
    for manager in made:
        manager.shutdown()


def over(manager, *grids) -> None:
    eventually(lambda: all(manager.view(name_of(grid)).finished for grid in grids))


def test_two_people_on_one_server_share_one_map_and_wait_for_each_others(manager_of):
    manager, gate = manager_of()
    ann = manager.start(grid_of(), "ann")
    bob, cat = manager.start(grid_of(), "bob"), manager.start(grid_of(*OTHER), "cat")
    assert ann == bob != cat and manager.view(ann).position == 0 and manager.view(cat).position == 1
    with pytest.raises(ManagerFull, match="one of your sweeps is not over yet"):
        manager.start(grid_of("task.noise=0,0.1", "task.drift=0,0.5"), "cat")
    gate.set()
    over(manager, grid_of(), grid_of(*OTHER))
    for grid in (grid_of(), grid_of(*OTHER)):
        assert len(manager.map(grid).cells) == 12 and manager.view(name_of(grid)).progress.done


def test_an_error_that_nobody_foresaw_is_told_and_the_next_sweep_trains(tmp_path):
    def broken():
        raise ZeroDivisionError("a process could not be made")

    makers = iter((broken, Inline))
    manager = SweepManager(SweepStore(tmp_path / "sweeps.sqlite"), lambda: False, make_executor=lambda: next(makers)())
    try:
        first, second = manager.start(grid_of(), "ann"), manager.start(grid_of(*OTHER), "bob")
        eventually(lambda: manager.view(first).finished and manager.view(second).finished)
        assert manager.view(first).error == "the sweep met an error and was ended (a process could not be made)"
        assert not manager.view(second).error and manager.view(second).progress.done
    finally:
        manager.shutdown()


def test_what_is_stopped_is_kept_and_goes_on(manager_of):
    manager, gate = manager_of()
    name = manager.start(grid_of(), "ann")
    manager.stop(name)
    over(manager, grid_of())
    assert not manager.view(name).progress.done
    gate.set()
    manager.start(grid_of(), "ann")
    over(manager, grid_of())
    assert manager.view(name).progress.done and manager.view("unknown") is None


def test_another_process_finds_the_results_in_the_file(manager_of):
    first, gate = manager_of()
    gate.set()
    first.start(grid_of(), "ann")
    over(first, grid_of())
    second, _ = manager_of()
    assert second.map(grid_of()).cells.keys() == first.map(grid_of()).cells.keys() and second.view(name_of(grid_of())) is None


def test_on_a_shared_server_no_shard_begins_while_a_comparison_trains(manager_of):
    with RunManager(max_active=1, grace_seconds=None) as comparisons:
        comparison = comparisons.start({"GRPO": replace(RUN, updates=100_000)}, owner="bob", scenario="tiny")
        assert comparisons.busy
        manager, gate = manager_of(HOSTED, lambda: comparisons.busy)
        gate.set()
        name = manager.start(grid_of(), "ann")
        eventually(lambda: manager.view(name).progress.held)
        assert manager.view(name).progress.runs == 0
        comparisons.stop(comparison)
        assert comparisons.wait(comparison, 30) and not comparisons.busy
        over(manager, grid_of())
        assert manager.view(name).progress.done


def test_a_shared_server_has_limits_for_sweeps(manager_of):
    manager, _ = manager_of(replace(HOSTED, sweep_cells=8))
    with pytest.raises(ConfigError, match="at most 8 cells of all sides on this shared server, got 12"):
        manager.start(grid_of(), "ann")
    manager, _ = manager_of(replace(HOSTED, updates=4))
    with pytest.raises(ConfigError, match="updates must be at most 4 on this shared server"):
        manager.start(grid_of(), "ann")
    manager, _ = manager_of(replace(HOSTED, sweeps=1))
    manager.start(grid_of(), "ann")
    with pytest.raises(ManagerFull, match="1 sweeps are waiting already"):
        manager.start(grid_of(*OTHER), "bob")


def test_after_its_seconds_a_sweep_of_a_shared_server_begins_nothing_more(manager_of):
    manager, gate = manager_of(replace(HOSTED, sweep_seconds=1))  # a shard of this executor says that it took 0.5 s
    gate.set()
    name = manager.start(grid_of(), "ann")
    over(manager, grid_of())
    progress = manager.view(name).progress
    assert not progress.done and progress.runs and "lets a sweep train for 1 seconds" in progress.troubles[-1]
