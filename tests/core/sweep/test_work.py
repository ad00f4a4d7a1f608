"""Merged cells are the cells trained singly, to the last bit; one that diverges is a mark and changes no other."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

import core.engine.update
from core.analysis.detectors import collapsed_seeds
from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.stats import final_values
from core.engine.merging import most_together
from core.engine.optim import ReplicaAdam
from core.engine.trainer import train
from core.settings.algorithm import DAPO, GRPO
from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS
from core.settings.task import BanditConfig, ChainConfig
from core.sweep.measured import MEASURES, Measured, measure
from core.sweep.unit import Unit, merged, unit_of
from core.sweep.work import Abandoned, train_units
from tests.support import ARITHMETIC, BANDIT, CHAIN, small_run


def equal(a: Measured, b: Measured) -> bool:
    """To the last bit."""
    return a.to_bytes() == b.to_bytes()


def cells(run, rates=(1e-3, 1e-2, 1e-1), eps=(0.1, 0.28, 0.8)) -> list[Unit]:
    return [Unit(replace(run, learning_rate=r, algorithm=replace(run.algorithm, eps_high=e))) for r in rates for e in eps]


def mergeable(task, algorithm, **changes):
    """Sizes that may be merged."""
    return small_run(task, algorithm, **({"replicas": 4, "num_prompts": 16, "group_size": 4, "updates": 12} | changes))


def plainly(unit: Unit) -> History:
    """The cell as `python -m core compare` trains it."""
    history = History(unit.config.seeds)
    for record in train(unit.config):
        history.append(record)
    return history


@pytest.mark.parametrize("task", [CHAIN, BANDIT], ids=["chain", "bandit"])
@pytest.mark.parametrize("algorithm", [GRPO, DAPO], ids=["GRPO", "DAPO"])
def test_merged_cells_are_the_same_cells_singly_to_the_last_bit(task, algorithm):
    units = cells(mergeable(task, algorithm, updates=8), eps=(0.1, 0.8))
    assert most_together(units[0].config) >= 9 * 4 > 4 * len(units)
    for unit, found in zip(units, train_units(units), strict=True):
        history = plainly(unit)
        assert equal(found, measure(history))
        for name in METRIC_NAMES:
            assert np.array_equal(found.values[name], final_values(history.updates, history.metric(name)), equal_nan=True)
        fell = collapsed_seeds(history.updates, history.metric, history.ends)
        assert np.array_equal(found.values["collapsed"], fell.astype(float))


def test_seeds_may_be_trained_apart_and_with_other_cells():
    run = mergeable(CHAIN, DAPO, replicas=12)
    whole = train_units([Unit(run)])[0]
    other = unit_of(replace(run, learning_rate=0.1), (2, 3, 4, 5))
    first, _, last = train_units([unit_of(run, range(4)), other, unit_of(run, range(4, 12))])
    joined = Measured.joined([first, last])
    assert joined.seeds == whole.seeds == tuple(range(12))
    assert all(np.array_equal(joined.values[name], whole.values[name], equal_nan=True) for name in MEASURES)
    assert all(np.array_equal(joined.curves[name].values, curve.values, equal_nan=True) for name, curve in whole.curves.items())


@pytest.mark.parametrize("label", ["GRPO", pytest.param("DAPO", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("scenario", ["collapse", pytest.param("length-runaway", marks=pytest.mark.thorough)])
def test_as_many_as_the_bound_allows_change_no_bit_at_the_sizes_of_a_scenario(scenario, label):
    """A second: a scenario's tensors are those for which splitting into pieces, and with it rounding, could differ."""
    run = list(SCENARIOS[scenario].runs(replicas=8, updates=24).values())[label == "DAPO"]
    most = most_together(run)
    rates = [run.learning_rate * factor for factor in np.linspace(0.5, 2, most // 8)]
    units = cells(run, [float(rate) for rate in rates], (0.3,))
    assert len(units) > 1
    together = train_units(units)
    for at in (0, len(units) - 1):
        assert equal(together[at], train_units([units[at]])[0])


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(40))
def test_random_settings_within_the_bound_change_no_bit(seed):
    pick = random.Random(seed).choice
    bandit = BanditConfig(
        width=pick([4, 8, 16, 64]), contexts=pick([1, 2, 7, 32]), actions=pick([2, 3, 8, 33]), context_dim=pick([1, 4, 16]),
        hidden_layers=pick([1, 2, 3]), activation=pick(["tanh", "relu"]))  # fmt: skip
    chain = ChainConfig(
        pool_size=pick([4, 10, 48]), step_tokens=pick([2, 4, 6]), max_difficulty=2, length_limit=pick([3, 6, 12]),
        prompt_noise=pick([0, 3]), width=pick([4, 8, 32]))  # fmt: skip
    algorithm = pick([GRPO, DAPO, replace(DAPO, kl_coef=0.1, entropy_coef=0.01), replace(GRPO, loss_aggregation="constant")])
    run = mergeable(pick([bandit, chain]), algorithm, replicas=pick([4, 8, 16]), group_size=pick([2, 5, 16]))
    units = cells(run, eps=(0.2,))
    assert all(equal(found, train_units([unit])[0]) for unit, found in zip(units, train_units(units), strict=True))


def test_sizes_that_leave_remainders_are_not_merged():
    assert most_together(mergeable(CHAIN, GRPO)) > 4
    for changes in ({"replicas": 3}, {"num_prompts": 4}):
        run = mergeable(CHAIN, GRPO, **changes)
        assert most_together(run) == run.replicas


def test_the_gpt_is_not_merged_because_its_products_span_the_replicas():
    run = mergeable(ARITHMETIC, GRPO)
    assert most_together(run) == run.replicas


def test_only_what_may_differ_between_replicas_may_differ_in_a_run():
    run = small_run(CHAIN, GRPO)
    with pytest.raises(ConfigError, match="differ only in learning_rate"):
        merged([Unit(run), Unit(replace(run, max_grad_norm=2.0))])
    config, seeds = merged([Unit(run), unit_of(replace(run, learning_rate=0.5), (7,))])
    assert seeds == (0, 1, 2, 7) and config.learning_rate == (1e-3, 1e-3, 1e-3, 0.5) and config.replicas == 4


def test_a_cell_that_diverges_is_a_mark_and_changes_no_bit_of_the_others(monkeypatch):
    class Thrown(ReplicaAdam):
        """Seed 1 of the cell with a rate of 1e-1 leaves all bounds with update 3."""

        def step(self, flat, gradient, *active):
            super().step(flat, gradient, *active)
            hit = torch.isclose(self.learning_rate[:, 0], torch.tensor(1e-1)).nonzero()[:, 0]
            if self.steps == 3 and len(hit):
                flat[hit[1]] = torch.inf

    units = cells(mergeable(CHAIN, GRPO, updates=8), eps=(0.2,))
    alone = [train_units([unit])[0] for unit in units[:2]]
    monkeypatch.setattr(core.engine.update, "ReplicaAdam", Thrown)
    together = train_units(units)
    assert all(equal(a, b) for a, b in zip(alone, together, strict=False))
    lost = together[2]
    assert (lost.diverged, lost.diverged_seeds, lost.updates) == (4, (1,), 3)
    assert np.isnan(lost.values["eval_accuracy"]).all() and lost.curves == {}
    assert equal(lost, train_units([units[2]])[0])
    again = Measured.from_bytes(lost.to_bytes())
    assert (again.diverged, again.diverged_seeds, again.seeds) == (4, (1,), (0, 1, 2, 3))
    whole = Measured.joined([together[0], lost])
    assert whole.diverged == 4 and whole.diverged_seeds == (1,)


def test_what_is_stopped_gives_nothing():
    asked = []
    with pytest.raises(Abandoned):
        train_units(cells(small_run(CHAIN, GRPO)), lambda: len(asked) > 5 or asked.append(1) is not None)


def test_numbers_are_themselves_after_a_journey_as_bytes():
    found = train_units([Unit(small_run(CHAIN, DAPO))])[0]
    again = Measured.from_bytes(found.to_bytes())
    assert again.seeds == found.seeds and again.updates == found.updates and again.diverged is None
    assert all(np.array_equal(again.values[name], found.values[name], equal_nan=True) for name in MEASURES)
    assert again.curves.keys() == found.curves.keys() >= {"entropy_nats", "grad_norm", "eval_accuracy"}
