"""Going on from a run's state: bit for bit like the original if nothing changes, and with whatever is changed if something does."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from core.__main__ import main
from core.engine.checkpoints import Checkpoints
from core.engine.trainer import train
from core.settings.algorithm import DAPO
from core.settings.fields import ConfigError
from core.settings.overrides import apply_overrides
from core.settings.run import Fork
from core.settings.scenarios import SCENARIOS

RUN = SCENARIOS["collapse"].runs(updates=64, replicas=3)["GRPO"]


def same(ours, theirs) -> bool:
    return (
        [r.update for r in ours] == [r.update for r in theirs]
        and all(
            a.rollout == b.rollout and np.array_equal(a.samples_generated, b.samples_generated)
            for a, b in zip(ours, theirs, strict=True)
        )
        and all(a.metrics.keys() == b.metrics.keys() for a, b in zip(ours, theirs, strict=True))
        and all(
            np.array_equal(a.metrics[n], b.metrics[n], equal_nan=True)
            for a, b in zip(ours, theirs, strict=True)
            for n in a.metrics
        )
    )


@pytest.mark.parametrize("scenario", ["collapse", "clip-higher-helps", "length-runaway", "lab"])
def test_an_unchanged_fork_goes_on_bit_for_bit(scenario):
    """From a checkpoint of its original, and from a replay."""
    run = next(reversed(SCENARIOS[scenario].runs(updates=32, replicas=3).values()))
    run = replace(run, task=replace(run.task, drift=0.5, noise=0.1))
    checkpoints = Checkpoints()
    original = list(train(run, checkpoints=checkpoints))
    each = run.effective_updates_per_rollout
    at = each * max(1, 16 // each)
    rest = [r for r in original if r.update > at]
    forked = replace(run, fork=Fork(run=run, update=at))
    assert rest and all(same(list(train(forked, checkpoints=kept)), rest) for kept in (checkpoints, None))


@pytest.mark.thorough
def test_a_fork_of_a_gpt_goes_on_bit_for_bit():
    run = SCENARIOS["addition"].runs(updates=24, replicas=2)["DAPO"]
    original = list(train(run))
    assert same(list(train(replace(run, fork=Fork(run=run, update=16)))), [r for r in original if r.update > 16])


def test_a_changed_fork_leaves_its_original_at_the_fork():
    changed = replace(RUN, algorithm=DAPO, fork=Fork(run=RUN, update=32))
    first = next(iter(train(changed)))
    assert first.update == 33 and first.rollout == 5
    assert (first.metrics["generation_rounds"] > 1).any()  # dynamic sampling has begun
    assert (first.samples_generated > 4 * RUN.num_prompts * RUN.group_size).all()  # and counts on


def test_a_fork_of_a_fork_begins_where_that_one_was():
    once = replace(RUN, learning_rate=3e-3, fork=Fork(run=RUN, update=16))
    twice = replace(once, fork=Fork(run=once, update=40))
    assert same(list(train(twice)), [r for r in train(once) if r.update > 40])


def test_one_replica_of_a_fork_is_that_replica():
    forked = replace(RUN, algorithm=DAPO, fork=Fork(run=RUN, update=32))
    many, one = list(train(forked)), list(train(forked.with_replica(1)))
    assert all(
        np.array_equal(a.metrics[n][1:2], b.metrics[n], equal_nan=True) for a, b in zip(many, one, strict=True) for n in a.metrics
    )


def test_a_fork_with_another_policy_is_refused_in_words():
    (run,) = apply_overrides({"GRPO": RUN}, ["task.width=8"]).values()
    with pytest.raises(ConfigError, match="policy of the same size"):
        next(iter(train(replace(run, fork=Fork(run=RUN, update=32)))))


def test_a_replay_says_how_far_it_is_and_can_be_left():
    said = []
    stop = threading.Event()

    def note(*progress):
        said.append(progress)
        if progress[1] == 9:
            stop.set()

    forked = replace(RUN, fork=Fork(run=RUN, update=32))
    assert list(train(forked, should_stop=stop.is_set, on_prepare=note)) == []
    assert said == [("replay", update, 32) for update in range(1, 10)]


@pytest.mark.parametrize(
    ("budget", "until", "last"), [(("--updates", "16"), ("--until", "24"), 24), (("--updates", "16"), (), 24)]
)
def test_a_fork_can_go_on_for_longer_than_its_original(tmp_path, budget, until, last):
    """With --until, and without it from the original's very end, for half as long again."""
    after = "8" if until else "16"
    assert main(["fork", *budget, *until, "--seeds", "2", "--run", "GRPO", "--after", after, "--out", str(tmp_path)]) == 0
    status = json.loads((tmp_path / "summary.json").read_text())["status"]
    assert status["Fork"]["updates"] == last and status["GRPO"]["updates"] == 16
