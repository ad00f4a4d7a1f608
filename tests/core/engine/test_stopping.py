"""A stop takes effect inside whatever takes long, makes no record of what was begun, and asking for it changes no number."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.engine import pieces
from core.engine.policies import base_model, gpt, mlp
from core.engine.policies.base_model import base_parameters
from core.engine.policies.gpt import GPTPolicy
from core.engine.policies.mlp import MLPPolicy
from core.engine.rollout import RolloutCollector
from core.engine.tasks import make_task
from core.engine.tasks.arithmetic import Arithmetic
from core.engine.tasks.chain import Chain
from core.engine.trainer import Trainer, train
from core.engine.types import Stopped
from core.engine.update import Updater
from core.inspection.step import inspect_step
from core.settings.algorithm import DAPO, GRPO
from core.settings.run import Fork
from tests.support import ARITHMETIC, BANDIT, CHAIN, small_run


class StopAfter:
    """Says stop once `owner.name` has been entered or left for the `count`-th time, and counts how often it was called in all."""

    def __init__(self, monkeypatch, owner, name: str, count: int = 1, *, entered: bool = False):
        self.calls, self.stopped, self.asked = 0, False, 0
        plain = getattr(owner, name)

        def counted(*arguments, **options):
            self.calls += 1
            self.stopped |= entered and self.calls == count
            try:
                return plain(*arguments, **options)
            finally:
                self.stopped |= self.calls == count

        monkeypatch.setattr(owner, name, counted)

    def __call__(self) -> bool:
        self.asked += 1
        return self.stopped


HARD_CHAIN = replace(CHAIN, favourite_probability=0.98, answer_probability=0.01)  # hardly any group has a signal
RUNS = {
    "tokens of the GPT": (GPTPolicy, "_extend", small_run(ARITHMETIC, GRPO)),
    "tokens of the MLP": (Chain, "next_state", small_run(CHAIN, GRPO)),
    "rounds of a refill": (RolloutCollector, "_generate", small_run(HARD_CHAIN, DAPO)),
    "pieces of an update": (Updater, "loss", small_run(CHAIN, GRPO, micro_batch_prompts=1)),
    "imitation": (GPTPolicy, "scores", small_run(replace(ARITHMETIC, imitation_steps=50), GRPO)),
    "replay of a fork's original": (
        RolloutCollector, "collect", small_run(CHAIN, GRPO, fork=Fork(run=small_run(CHAIN, GRPO), update=4))),
}  # fmt: skip


@pytest.fixture
def no_model(tmp_path, monkeypatch):
    """No base model is there yet."""
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path))


@pytest.mark.parametrize("place", RUNS)
def test_a_stop_leaves_what_takes_long_at_once_and_makes_no_record(monkeypatch, request, place):
    if place == "imitation":
        request.getfixturevalue("no_model")
    owner, name, config = RUNS[place]
    monkeypatch.setattr(Trainer, "score", lambda self: torch.zeros(3))  # which would be left first
    stop = StopAfter(monkeypatch, owner, name)
    assert [r for r in train(config, should_stop=stop) if r.update] == []
    assert stop.calls == 1
    again = StopAfter(monkeypatch, owner, name, 10**9)
    assert list(train(config, should_stop=again))[-1].update == config.updates and again.calls > 1


@pytest.mark.parametrize(("task", "kind"), [(CHAIN, Chain), (ARITHMETIC, Arithmetic)])
def test_a_stop_leaves_an_evaluation(monkeypatch, task, kind):
    stop = StopAfter(monkeypatch, kind, "evaluate", entered=True)
    judged = StopAfter(monkeypatch, kind, "judge")
    assert list(train(small_run(task, GRPO), should_stop=stop)) == []
    assert stop.calls == 1 and judged.calls <= 1  # the rollout's own, if it came before


@pytest.mark.parametrize(
    ("module", "name", "task"), [(mlp, "weighted_sums", CHAIN), (gpt, "weighted_sums", ARITHMETIC)], ids=["mlp", "gpt"]
)
def test_a_stop_leaves_the_measurement_of_a_batch_between_its_pieces(monkeypatch, module, name, task):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1)
    config = small_run(task, GRPO, replicas=3 if module is mlp else 64, eval_every=1)
    stop = StopAfter(monkeypatch, module, name)
    list(train(config, should_stop=stop))
    assert stop.calls == 1


def test_a_stop_leaves_the_evaluation_of_many_contexts(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1)
    stop = StopAfter(monkeypatch, MLPPolicy, "distribution")
    assert list(train(small_run(replace(BANDIT, contexts=5), GRPO), should_stop=stop)) == [] and stop.calls == 1


def test_an_inspected_step_can_be_left(monkeypatch):
    stop = StopAfter(monkeypatch, Chain, "next_state", 8)
    with pytest.raises(Stopped):
        inspect_step(small_run(CHAIN, GRPO), 1, 5, should_stop=stop)
    assert stop.calls == 8


@pytest.mark.parametrize("task", [CHAIN, ARITHMETIC, BANDIT], ids=["chain", "arithmetic", "bandit"])
def test_asking_changes_no_number(task):
    config, asked = small_run(replace(task, noise=0.1), replace(DAPO, overlong="none"), micro_batch_prompts=1), []
    told = list(train(config, should_stop=lambda: bool(asked.append(0))))
    alone = list(train(config))
    assert len(asked) > 3 * config.updates and len(told) == len(alone) == config.updates + 1
    for one, other in zip(told, alone, strict=True):
        assert one.metrics.keys() == other.metrics.keys()
        assert all(np.array_equal(one.metrics[n], other.metrics[n], equal_nan=True) for n in one.metrics)


# -- base models ---------------------------------------------------------------------------------------------------------------


def test_a_stop_while_another_thread_builds_the_same_model_is_a_stop(no_model, monkeypatch):
    monkeypatch.setattr(base_model, "WAIT_SECONDS", 0.001)
    building, go_on, asked = threading.Event(), threading.Event(), []
    task = make_task(ARITHMETIC)

    def hold(done: int, total: int) -> None:
        building.set()
        assert go_on.wait(30)

    builder = threading.Thread(target=base_parameters, args=(task, hold))
    builder.start()
    try:
        assert building.wait(30)

        def stop() -> bool:
            asked.append(0)
            return len(asked) == 3

        with pytest.raises(Stopped):
            base_parameters(make_task(replace(ARITHMETIC, noise=0.5)), should_stop=stop)  # noise does not change the model
        assert len(asked) == 3
    finally:
        go_on.set()
        builder.join()
    assert base_parameters(task).equal(base_parameters(task))


def test_neither_another_model_nor_one_on_disk_waits_for_a_build(no_model):
    building, go_on = threading.Event(), threading.Event()
    other = make_task(replace(ARITHMETIC, imitation_seed=1, imitation_steps=3))
    known = base_parameters(other)

    def hold(done: int, total: int) -> None:
        building.set()
        assert go_on.wait(30)

    builder = threading.Thread(target=base_parameters, args=(make_task(ARITHMETIC), hold))
    builder.start()
    try:
        assert building.wait(30)
        assert base_parameters(other).equal(known)
        base_parameters(make_task(replace(ARITHMETIC, imitation_seed=2, imitation_steps=3)))
    finally:
        go_on.set()
        builder.join()


def test_two_that_need_the_same_model_build_it_once(no_model, monkeypatch):
    counted, both = StopAfter(monkeypatch, base_model, "imitate", 10**9), threading.Barrier(2)
    found = []

    def work() -> None:
        both.wait()
        found.append(base_parameters(make_task(ARITHMETIC)))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.calls == 1 and found[0].equal(found[1])


def test_a_build_that_was_left_is_begun_anew(no_model, monkeypatch):
    stop = StopAfter(monkeypatch, GPTPolicy, "scores", 3)
    with pytest.raises(Stopped):
        base_parameters(make_task(ARITHMETIC), should_stop=stop)
    assert stop.calls == 3 and base_parameters(make_task(ARITHMETIC)) is not None
