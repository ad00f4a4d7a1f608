"""The steps that a server keeps, and one replay at a time."""

from __future__ import annotations

import threading

import pytest

from core.inspection.step import inspect_step
from core.runs.manager import RunManager
from core.settings.scenarios import SCENARIOS
from pages.shared.inspect_step.replays import MAX_BYTES, Replays


def config(updates: int = 24):
    return SCENARIOS["collapse"].runs(updates=updates, replicas=2)["GRPO"]


@pytest.fixture
def slots():
    """A run manager with nothing to do."""
    with RunManager(max_active=1) as made:
        yield made


def test_steps_are_kept_and_bounded(monkeypatch, slots):
    monkeypatch.setattr("pages.shared.inspect_step.replays.MAX_STEPS", 2)
    made = []

    def counted(*args, **options):
        made.append(args[1:])
        return inspect_step(*args, **options)

    replays = Replays(slots, counted)
    for update in (1, 2, 1, 3, 2):
        step = replays.step(config(), 0, update, owner="bob", on_prepare=lambda *p: None)
        assert step.update == update
    assert made == [(0, 1), (0, 2), (0, 3), (0, 2)]  # 1 was used later than 2, which was let go for 3
    assert replays.nbytes == MAX_BYTES  # two of at most two


def test_one_replay_at_a_time_and_who_waits_is_told(slots):
    begun, go, waited = threading.Event(), threading.Event(), []

    def slow(*args, **options):
        begun.set()
        assert go.wait(30)
        return inspect_step(*args, **options)

    replays = Replays(slots, slow)
    first = threading.Thread(target=replays.step, args=(config(), 0, 1), kwargs={"owner": "ann", "on_prepare": lambda *p: None})
    first.start()
    assert begun.wait(30)

    def on_wait():
        waited.append(1)
        go.set()

    second = replays.step(config(), 0, 1, owner="bob", on_prepare=lambda *p: None, on_wait=on_wait)
    first.join(30)
    assert waited and second.update == 1


def test_whoever_leaves_during_a_replay_leaves_no_lock_behind(slots):
    class Left(BaseException):
        pass

    def leave(stage, done, total):
        raise Left

    replays = Replays(slots)
    with pytest.raises(Left):
        replays.step(config(), 0, 20, owner="bob", on_prepare=leave)

    def still_locked():
        raise AssertionError("the replay that was left still holds the lock")

    assert replays.step(config(), 0, 20, owner="bob", on_prepare=lambda *p: None, on_wait=still_locked).update == 20
