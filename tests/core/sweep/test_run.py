"""A sweep from plan to store: order, resumption, lost workers, what is given up, two at a time."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from core.sweep.executor import ShardOutcome
from core.sweep.map import SweepMap
from core.sweep.measured import MEASURES, Measured
from core.sweep.plan import FIRST_SEEDS, Plan, Shard
from core.sweep.run import ATTEMPTS, Sweep
from core.sweep.store import SweepStore, SweepStoreError
from tests.core.sweep.made import EPS, RATES, Inline, grid_of, trained


@pytest.fixture
def store(tmp_path):
    made = SweepStore(tmp_path / "results.sqlite")
    yield made
    made.close()


def numbers_of(sweep: Sweep) -> dict:
    return {place: found.to_bytes() for place, found in sweep.plan.measured.items()}


def test_a_map_is_its_cells_trained_singly_to_the_last_bit(store):
    grid = grid_of()
    sweep = Sweep(grid, store)
    progress = sweep.run(Inline())
    assert progress.done and (progress.cells, progress.total, progress.failed) == (12, 12, 0)
    assert progress.runs < progress.units  # cells that differ in rate and eps trained together
    for place, found in sweep.plan.measured.items():
        alone = Measured.joined([Measured.from_bytes(*trained(tuple(Shard((unit,)).texts))) for unit in sweep.plan.units[place]])
        assert found.to_bytes() == alone.to_bytes()
    with closing(SweepStore(store.path.with_name("single.sqlite"))) as other:
        single, executor = Sweep(grid, other, merge=False), Inline()
        single.run(executor)
    assert numbers_of(single) == numbers_of(sweep) and {len(shard.units) for shard in executor.shards} == {1}


def test_a_repeated_sweep_costs_nothing_and_a_stopped_one_goes_on(store):
    grid, first = grid_of(), Inline()
    stopped = Sweep(grid, store)
    stopped.run(first, should_stop=lambda: len(first.shards) >= 2)
    assert 0 < len(first.shards) < 6 and not stopped.progress.done
    rest, second = Sweep(grid, store), Inline()
    assert rest.progress.replicas_total == 96 - stopped.progress.replicas
    rest.run(second)
    assert {key for shard in first.shards for key in shard.key}.isdisjoint(key for shard in second.shards for key in shard.key)
    again, third = Sweep(grid, store), Inline()
    assert again.run(third).done and third.shards == [] and numbers_of(again) == numbers_of(rest)


def test_another_map_finds_the_cells_that_it_shares(store):
    Sweep(grid_of(), store).run(Inline())
    other = Sweep(grid_of("learning_rate=1e-3,1e-2,0.05,1e-1", EPS), store)
    assert other.progress.found == 12 and other.progress.total == 16


def test_a_lost_worker_is_told_and_what_it_had_is_trained_again(store):
    lost = []
    executor = Inline(lambda shard: not lost and not lost.append(shard))
    sweep = Sweep(grid_of(), store)
    progress = sweep.run(executor)
    assert progress.done and progress.failed == 0
    assert progress.troubles == (f"{len(lost[0].units)} cells are trained again: its worker was lost.",)
    assert {unit for shard in executor.shards for unit in shard.units} >= set(lost[0].units)


def test_what_is_lost_again_and_again_is_given_up_and_the_others_go_on(store):
    cursed = Plan(grid_of()).units[(0, 0), "GRPO"][0]
    tried = []
    executor = Inline(lambda shard: cursed in shard.units and not tried.append(shard))
    progress = Sweep(grid_of(), store).run(executor)
    assert len(tried) == ATTEMPTS and progress.done and progress.failed >= 1 and progress.cells + progress.failed == 12
    assert "cells were given up, GRPO at " in progress.troubles[-1]


def test_what_kills_its_worker_takes_no_other_cell_with_it(store):
    """As in a pool of processes, everything that is being trained is lost when one worker dies."""
    cursed = Plan(grid_of()).units[(0, 0), "GRPO"][0]

    class Pool(Inline):
        def collect(self, timeout):
            if any(cursed in shard.units for shard in self._waiting):
                lost, self._waiting = self._waiting, []
                return [ShardOutcome(shard, error="a worker ended", lost=True) for shard in lost]
            return super().collect(timeout)

    sweep = Sweep(grid_of(), store)
    progress = sweep.run(Pool())
    lost = {place for place in sweep.plan.units if place not in sweep.plan.measured}
    assert progress.done and ((0, 0), "GRPO") in lost and len(lost) == progress.failed <= 6  # those of its own run, at most
    assert all(label == "GRPO" for _, label in lost)


def test_coarse_cells_come_first_with_few_seeds_and_then_where_neighbours_differ_most(store):
    grid = grid_of("learning_rate=1e-4:1e-1:log16", "algorithm.eps_high=0.1:0.9:lin4")
    plan = Plan(grid)
    assert {cell[0] for cell in plan.coarse} == {0, 3, 6, 9, 12, 15} and {cell[1] for cell in plan.coarse} == {0, 1, 2, 3}
    first = plan.next(2)
    assert {unit.config.replicas for unit in first.units} == {FIRST_SEEDS} and first.replicas <= 24
    for place, units in plan.units.items():
        if place[0] in plan.coarse:
            plan.add({unit.key: made_up(unit, dead=place[0][0] >= 9) for unit in units})
    after = plan.next(50)  # as many workers take small shards
    assert 0 < len(after.units) <= 4
    between = {float(grid.axes[0].texts[at]) for at in (7, 8)}  # live at 6, dead at 9: the boundary is here
    assert {unit.config.learning_rate for unit in after.units} <= between


def made_up(unit, dead: bool) -> Measured:
    seeds = unit.config.seeds
    values = {name: np.full(len(seeds), 0.5) for name in MEASURES}
    return Measured(tuple(seeds), unit.config.updates, values | {"collapsed": np.full(len(seeds), float(dead))})


def test_two_sweeps_at_a_time_share_a_file_and_one_map(store):
    grids = [grid_of(), grid_of(RATES, "task.noise=0,0.3"), grid_of()]
    with ThreadPoolExecutor(3) as pool:
        sweeps = list(pool.map(lambda grid: _swept(grid, store), grids))
    assert all(sweep.progress.done for sweep in sweeps) and numbers_of(sweeps[0]) == numbers_of(sweeps[2])
    assert numbers_of(_swept(grids[1], store)) == numbers_of(sweeps[1])


def _swept(grid, store) -> Sweep:
    sweep = Sweep(grid, store)
    sweep.run(Inline())
    return sweep


def test_nothing_begins_while_others_go_first(store):
    allowed = iter([False, False, False])
    executor, held = Inline(), []
    sweep = Sweep(grid_of(), store)
    sweep.run(executor, may_start=lambda: next(allowed, True), on_progress=lambda p: held.append((p.held, len(executor.shards))))
    assert held[:3] == [(True, 0)] * 3 and held[-1][0] is False and sweep.progress.done


def test_a_damaged_result_is_trained_again_and_a_file_that_cannot_be_written_is_told(store, tmp_path):
    first = _swept(grid_of(), store)
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("UPDATE results SET numbers = x'00ff' WHERE key = ?", (first.plan.keys[0],))
        connection.commit()
    with closing(SweepStore(store.path)) as again:
        assert _swept(grid_of(), again).progress.done
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SweepStoreError, match=r"cannot be kept in .*file/results.sqlite"):
        SweepStore(tmp_path / "file" / "results.sqlite")


def test_a_shared_server_keeps_the_newest_results(store):
    _swept(grid_of(), store)
    store.keep_newest(3)
    with closing(SweepStore(store.path)) as again:
        assert len(again.known(Plan(grid_of()).keys)) == 3


def test_a_map_has_means_shares_and_paired_differences_with_intervals(store):
    found = SweepMap(grid_of(), _swept(grid_of(), store).plan.partly())
    cell, values = (1, 1), found.cells[(1, 1), "DAPO"].values["eval_accuracy"]
    estimate = found.estimate(cell, "DAPO", "eval_accuracy")
    half = 2.3646 * values.std(ddof=1) / 8**0.5  # t(0.975, 7) = 2.3646
    assert estimate.mean == pytest.approx(values.mean()) and estimate.high - estimate.mean == pytest.approx(half, rel=1e-4)
    paired = values - found.cells[cell, "GRPO"].values["eval_accuracy"]
    assert found.difference(cell, "DAPO", "GRPO", "eval_accuracy").mean == pytest.approx(paired.mean())
    assert found.table("DAPO", "eval_accuracy")[1, 1] == estimate.mean and found.table("GRPO", "collapsed").shape == (2, 3)
