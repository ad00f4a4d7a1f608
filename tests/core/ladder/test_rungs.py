"""Which algorithms stand on a ladder, and the link that opens each step."""

from itertools import pairwise

import pytest

from core.ladder import ORDERS, ladder_runs, rungs
from core.settings.diff import difference
from core.settings.fields import ConfigError
from core.settings.labels import check_label
from core.settings.links import from_query, to_query
from core.settings.scenarios import SCENARIOS
from tests.core.ladder.made import LADDER


# Which algorithms
def test_our_order_is_the_scenarios_own_ladder():
    assert {rung.label: rung.algorithm for rung in rungs("ours", LADDER)} == LADDER.algorithms


def now(before, after) -> dict[str, object]:
    return {name: value for name, (_, value) in difference(before, after).items()}


def test_the_papers_order_changes_one_technique_at_a_time_and_ends_at_dapo():
    ladder = rungs("paper", LADDER)
    changes = [now(a.algorithm, b.algorithm) for a, b in pairwise(ladder)]
    assert changes == [
        {"overlong": "filter"},
        {"eps_high": 0.28},
        {"overlong": "soft", "overlong_buffer_tokens": 6},
        {"loss_aggregation": "token_mean"},
        {"dynamic_sampling": "refill"},
    ]
    assert ladder[-1].algorithm == LADDER.algorithms["with overlong (DAPO)"]


def test_leaving_one_out_takes_exactly_that_technique_away():
    full, *others = rungs("leave-one-out", LADDER)
    changes = [now(full.algorithm, rung.algorithm) for rung in others]
    assert changes == [
        {"eps_high": 0.2},
        {"loss_aggregation": "sequence_mean"},
        {"dynamic_sampling": "off"},
        {"overlong": "none", "overlong_buffer_tokens": 4},
    ]
    assert {rung.before for rung in others} == {full.label}


@pytest.mark.parametrize("name", SCENARIOS)
def test_in_every_scenario_a_label_is_one_algorithm_and_an_algorithm_one_label(name):
    seen = {}
    for order in ORDERS:
        for rung in rungs(order, SCENARIOS[name]):
            assert seen.setdefault(rung.label, rung.algorithm) == rung.algorithm
            if rung.label not in SCENARIOS[name].algorithms:
                check_label(rung.label)
    assert len(seen) == len(set(seen.values())) == 11
    assert rungs("ours", SCENARIOS[name])[-1].label == rungs("leave-one-out", SCENARIOS[name])[0].label


def test_an_unknown_order_is_refused():
    with pytest.raises(ConfigError, match="order must be one of ours, paper, leave-one-out, got 'mine'"):
        rungs("mine", LADDER)


@pytest.mark.parametrize("order", ORDERS)
def test_every_step_can_be_opened_on_compare_by_a_link(order):
    configs = ladder_runs(LADDER, updates=80, replicas=3, first_seed=7)
    for rung in rungs(order, LADDER)[1:]:
        pair = {label: configs[label] for label in (rung.before, rung.label)}
        opened = from_query(to_query(LADDER, pair))
        assert opened.runs == pair and not opened.problems
