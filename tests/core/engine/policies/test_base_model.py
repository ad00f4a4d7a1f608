"""The base model: built deterministically, kept under the hash of what decides it, rebuilt when the file is bad."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.engine.policies import make_policy
from core.engine.policies.base_model import base_parameters, cache_directory, cache_key, imitate
from core.engine.policies.gpt import GPTPolicy
from core.engine.tasks import make_task
from tests.support import ARITHMETIC

SMALL = replace(ARITHMETIC, imitation_steps=5, imitation_batch=32)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_equal_settings_build_equal_bits(cache):
    task = make_task(SMALL)
    first, again = imitate(task), imitate(task)
    assert first.equal(again)
    assert not first.equal(imitate(make_task(replace(SMALL, imitation_seed=1))))


def test_a_base_model_is_built_once_and_then_read(cache):
    task, calls = make_task(SMALL), []
    built = base_parameters(task, lambda done, total: calls.append((done, total)))
    assert calls == [(k, 5) for k in range(1, 6)]
    assert [p.name for p in cache.iterdir()] == [f"base-{cache_key(task)}.npy"]
    calls.clear()
    assert base_parameters(task, lambda done, total: calls.append((done, total))).equal(built)
    assert calls == []
    assert built.equal(imitate(task))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not an array"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: np.save(path, np.zeros(3, np.float32)),
        lambda path: np.save(path, np.load(path).astype(np.float64)),
        lambda path: np.save(path, np.array([{"an": "object"}], dtype=object), allow_pickle=True),
    ],
    ids=["garbage", "empty", "truncated", "wrong-shape", "wrong-type", "pickle"],
)
def test_a_corrupt_cache_file_is_rebuilt(cache, damage):
    task = make_task(SMALL)
    built = base_parameters(task)
    path = next(cache.iterdir())
    damage(path)
    rebuilt = base_parameters(task)
    assert rebuilt.dtype == torch.float32 and rebuilt.equal(built)
    assert torch.from_numpy(np.load(path)).equal(built)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path / "file"))
    assert base_parameters(make_task(SMALL)).equal(imitate(make_task(SMALL)))


@pytest.mark.parametrize(
    "changes",
    [
        {"teacher_accuracy_no_carry": 0.5},
        {"teacher_accuracy_one_carry": 0.5},
        {"teacher_accuracy_more_carries": 0.5},
        {"imitation_steps": 6},
        {"imitation_batch": 16},
        {"imitation_learning_rate": 1e-3},
        {"imitation_seed": 1},
        {"pool_seed": 1},
        {"width": 32},
        {"layers": 2},
        {"heads": 4},
        {"digits": 2},
        {"extra_tokens": 2},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_decides_the_base_model_changes_the_key(changes):
    assert cache_key(make_task(replace(SMALL, **changes))) != cache_key(make_task(SMALL))


@pytest.mark.parametrize(
    "changes",
    [{"noise": 0.5}, {"flip_probability": 0.1}, {"too_easy_fraction": 0.2}, {"too_hard_fraction": 0.2}, {"drift": 0.5}],
    ids=lambda changes: next(iter(changes)),
)
def test_knobs_of_instability_leave_the_key_and_the_model_alone(cache, changes):
    unstable = make_task(replace(SMALL, **changes))
    assert cache_key(unstable) == cache_key(make_task(SMALL))
    assert imitate(unstable).equal(imitate(make_task(SMALL)))


def test_the_cache_directory_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DAPO_LAB_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"
    monkeypatch.delenv("DAPO_LAB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "xdg" / "dapo-lab"


def test_imitation_learns_what_the_teacher_writes(cache):
    """60 steps on one-digit sums: the model prefers the teacher's answers far more than at the start."""
    task = make_task(ARITHMETIC)
    prompts, answers = task.teach(400, torch.Generator().manual_seed(9))
    policy = GPTPolicy(task, width=16, layers=1, heads=2)
    start = policy.untrained(torch.Generator().manual_seed(ARITHMETIC.imitation_seed))
    trained = make_policy(task).initial([None])
    ends = (answers == task.end_token).long()
    mask = (ends.cumsum(-1) - ends) == 0

    def loss(params) -> float:
        logprobs = policy.scores(params, prompts[None], answers[None, :, None], 1.0).logprobs[0, :, 0]
        return -(logprobs * mask).sum().item() / mask.sum().item()

    assert loss(start) > 2.3  # near log 13 = 2.56
    assert loss(trained) < 1.6


def test_building_leaves_the_global_random_state_alone(cache):
    with torch.random.fork_rng():
        torch.manual_seed(31337)
        before = torch.get_rng_state()
        base_parameters(make_task(SMALL))
        assert torch.get_rng_state().equal(before)
