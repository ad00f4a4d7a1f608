"""Limits of a shared server: read from the environment, said in words, and enforced by the manager."""

import math
import re
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest

from core.analysis.result import Status
from core.runs import clock, live, reaper
from core.runs.manager import ManagerFull, RunManager
from core.runs.store.store import Store
from core.settings.fields import ConfigError
from core.settings.limits import HOSTED, NONE, Limits, limits_from
from core.settings.scenarios import SCENARIOS
from tests.clocks import Clocks
from tests.counted import Counted
from tests.processes import PATIENCE, eventually
from tests.unhurried import unhurried

TINY = SCENARIOS["lab"].runs(updates=20, replicas=1)


def test_without_the_variable_there_are_none():
    for environment in ({}, {"DAPO_LAB_HOSTED": "0"}, {"DAPO_LAB_LIMIT_REPLICAS": "2"}):
        assert limits_from(environment) == NONE and limits_from(environment).texts() == []


def test_a_hosted_server_has_all_and_each_can_be_changed():
    limits = limits_from({"DAPO_LAB_HOSTED": "1", "DAPO_LAB_LIMIT_REPLICAS": "8", "DAPO_LAB_LIMIT_RUN_SECONDS": "none"})
    assert limits == replace(HOSTED, replicas=8, run_seconds=None)
    assert all(getattr(HOSTED, f.name) for f in fields(Limits))
    assert "8 seeds" in limits.texts() and not any("seconds of training" in text for text in limits.texts())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DAPO_LAB_HOSTED": "maybe"}, "must be 1 or 0, got 'maybe'"),
        ({"DAPO_LAB_HOSTED": "1", "DAPO_LAB_LIMIT_UPDATES": "lots"}, "must be a whole number or none, got 'lots'"),
        ({"DAPO_LAB_HOSTED": "1", "DAPO_LAB_LIMIT_UPDATES": "0"}, "at least 1, got 0"),
    ],
)
def test_what_cannot_be_a_limit_is_said(environment, said):
    with pytest.raises(ConfigError, match=said):
        limits_from(environment)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_may_be_run_on_a_shared_server(name):
    HOSTED.check(SCENARIOS[name].runs())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"replicas": 65},
            "replicas must be at most 64 on this shared server, got 65; choose fewer seeds, or run it on your own",
        ),
        ({"updates": 6001}, "updates must be at most 6000"),
        ({"num_prompts": 65, "updates_per_rollout": 1, "epochs": 1}, "completions must be at most 1024"),
    ],
)
def test_what_is_too_much_is_named(changes, said):
    run = replace(SCENARIOS["collapse"].run, **changes)
    with pytest.raises(ConfigError, match=said):
        HOSTED.check({"GRPO": run})
    NONE.check({"GRPO": run})


@pytest.fixture
def make():
    managers = []

    def build(limits, **options) -> RunManager:
        managers.append(RunManager(max_active=1, grace_seconds=None, limits=limits, **options))
        return managers[-1]

    yield build
    for manager in managers:
        manager.shutdown()


def test_the_manager_enforces_them_whatever_the_page_does(make):
    manager = make(Limits(replicas=1, sides=2))
    with pytest.raises(ConfigError, match="replicas must be at most 1"):
        manager.start(SCENARIOS["lab"].runs(replicas=2), owner="ann", scenario="lab")
    comparison = manager.start(TINY, owner="ann", scenario="lab")
    with pytest.raises(ConfigError, match="sides must be at most 2"):
        manager.add(comparison, "More", TINY["GRPO"])


def test_comparisons_are_counted_per_visitor_and_in_all(make):
    manager = make(Limits(comparisons_per_visitor=1, comparisons=2))
    endless = {"GRPO": replace(TINY["GRPO"], updates=100_000)}
    manager.start(endless, owner="ann", scenario="lab")
    with pytest.raises(ManagerFull, match="allows 1 comparisons of yours at a time, and there are 1 already"):
        manager.start(TINY, owner="ann", scenario="lab")
    second = manager.start(endless, owner="bob", scenario="lab")
    with pytest.raises(ManagerFull, match="allows 2 comparisons of all visitors"):
        manager.start(TINY, owner="cem", scenario="lab")
    manager.reset(second)  # what it stops makes room for it
    assert manager.comparisons("bob")


def test_a_run_that_trains_for_too_long_is_stopped_with_the_reason(make):
    manager = make(Limits(run_seconds=1), train=unhurried)
    comparison = manager.start({"GRPO": replace(TINY["GRPO"], updates=1_000_000)}, owner="ann", scenario="lab")
    assert manager.wait(comparison, 30)
    run = manager.view(comparison).runs["GRPO"]
    assert (run.status, run.error) == ("stopped", "this shared server lets a run train for 1 seconds") and run.updates > 0


def test_a_pause_does_not_count(make, monkeypatch):
    monkeypatch.setattr(reaper, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(clock, "SLEEP_SECONDS", math.inf)  # time passes at once, and nothing was suspended
    clocks = Clocks(live, reaper, monkeypatch=monkeypatch)
    manager = make(Limits(run_seconds=100), train=unhurried)
    looks = Counted(manager._reaper._stop_overlong)
    monkeypatch.setattr(manager._reaper, "_stop_overlong", looks)
    comparison = manager.start({"GRPO": replace(TINY["GRPO"], updates=1_000_000)}, owner="ann", scenario="lab", paused=True)
    manager.step(comparison, 3)

    def is_at(*state) -> bool:
        run = manager.view(comparison).runs["GRPO"]
        return (run.updates, run.status) == state

    eventually(lambda: is_at(3, "paused"))
    clocks.monotonic += 101  # paused
    looks.wait_for(2)
    assert is_at(3, "paused")
    manager.resume(comparison)
    eventually(lambda: manager.view(comparison).runs["GRPO"].status == "running")
    clocks.monotonic += 101  # training
    assert manager.wait(comparison, PATIENCE)
    assert manager.view(comparison).runs["GRPO"].error == "this shared server lets a run train for 100 seconds"


def test_what_is_older_than_the_retention_is_removed_unless_it_goes_on(tmp_path):
    store = Store(tmp_path / "runs.sqlite")
    kept, gone = (store.add_comparison(owner="ann", scenario="lab") for _ in range(2))
    store.add_run(kept, "GRPO", TINY["GRPO"], status=Status.RUNNING)
    store.set_status(store.add_run(gone, "GRPO", TINY["GRPO"]), Status.DONE)
    store.flush()
    store.purge_finished(before=time.time() - 3600)
    store.flush()
    assert {row.comparison for row in store.runs()} == {kept, gone}
    store.purge_finished(before=time.time() + 1)
    store.flush()
    assert {row.comparison for row in store.runs()} == {kept}
    store.close()


def test_every_limit_stands_in_the_guide_to_hosting_with_its_default():
    guide = (Path(__file__).parents[3] / "docs" / "hosting.md").read_text(encoding="utf-8")
    rows = {
        name: line
        for line in guide.splitlines()
        for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1] if "|" in line else "")
    }
    for field in fields(Limits):
        row, value = rows[field.name.upper()], getattr(HOSTED, field.name)
        assert re.search(rf"\b({value}|{value:,})\b", row), field.name
