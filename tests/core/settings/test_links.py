"""Links: what goes in comes out, and what is bad is named and ignored."""

from dataclasses import replace

import pytest

from core.settings import links, overrides
from core.settings.links import from_query, to_query
from core.settings.overrides import apply_overrides
from core.settings.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_unchanged_scenario_is_its_name_alone(name):
    scenario = SCENARIOS[name]
    assert to_query(scenario, scenario.runs()) == {"scenario": name}
    opened = from_query({"scenario": name})
    assert (opened.scenario, opened.runs, opened.problems, opened.start) == (scenario, scenario.runs(), (), False)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_change_survives_the_link(name):
    scenario = SCENARIOS[name]
    label = list(scenario.algorithms)[-1]
    settings = ["task.noise=0.25", "learning_rate=0.0123", "temperature=1.5", f"{label}.eps_high=0.37", f"{label}.dual_clip=3",
                f"{label}.normalize_std=false", "task.drift=0.1", "max_grad_norm=0.5"]  # fmt: skip
    runs = apply_overrides(scenario.runs(updates=64, replicas=3, first_seed=7), settings)
    query = to_query(scenario, runs)
    opened = from_query(query)
    assert opened.problems == ()
    assert opened.runs == runs
    assert len(query) == 1 + 3 + len(settings)


def test_a_setting_turned_off_survives_the_link():
    scenario = SCENARIOS["clip-higher-helps"]
    runs = {k: replace(r, task=replace(r.task, best_probability=None)) for k, r in scenario.runs().items()}
    assert from_query(to_query(scenario, runs)).runs == runs


def test_bad_parameters_are_named_and_ignored_and_the_good_ones_kept():
    opened = from_query({"scenario": "collapse", "task.noise": "0.1", "task.nosie": "1", "GRPO.eps_low": "7", "replicas": "many",
                         "updates": "-3", "first_seed": "5", "utm_source": "mail"})  # fmt: skip
    assert len(opened.problems) == 5
    for name in ("task.nosie", "GRPO.eps_low", "replicas", "updates", "utm_source"):
        assert any(f"parameter {name} was ignored" in p for p in opened.problems), name
    assert opened.runs["GRPO"].task.noise == 0.1 and opened.runs["GRPO"].first_seed == 5
    assert opened.runs["GRPO"].updates == SCENARIOS["collapse"].run.updates


def test_an_unknown_scenario_opens_the_default_and_says_so():
    opened = from_query({"scenario": "<b>colapse</b>"})
    assert opened.scenario.name == "collapse"
    assert len(opened.problems) == 1


def test_run_starts_only_with_one():
    assert from_query({"run": "1"}).start and not from_query({"run": "yes"}).start


def test_a_link_of_a_thousand_settings_that_do_not_go_together_is_read_in_linear_work(monkeypatch):
    """Each setting is tried at most once alone with those kept before it, and no more than MOST_PARAMETERS are looked at."""
    tried = []
    monkeypatch.setattr(links, "changed", lambda runs, changes: tried.append(len(changes)) or overrides.changed(runs, changes))
    spaced = {f"{' ' * n}task.too_easy_fraction": "0.7" for n in range(1000)}
    opened = from_query({"task.too_hard_fraction": "0.7"} | spaced)
    assert len(tried) <= links.MOST_PARAMETERS + 1 and max(tried) <= 4  # two settings of two runs
    assert f"1,001 parameters, of which the first {links.MOST_PARAMETERS} were read" in opened.problems[0]
    assert opened.runs["GRPO"].task.too_hard_fraction == 0.7


def test_a_link_brings_back_a_budget_of_samples():
    runs = SCENARIOS["collapse"].runs(samples=120_000)
    query = to_query(SCENARIOS["collapse"], runs)
    assert query == {"scenario": "collapse", "samples": "120000"}
    assert from_query(query).runs == runs
