"""A replica's numbers belong to its seed alone."""

import pytest
import torch

from core.engine.rng import ReplicaStreams, seeded
from tests.support import assert_close


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_a_seeds_numbers_do_not_depend_on_the_company(kind):
    together, alone = ReplicaStreams((3, 4, 5)), ReplicaStreams((4,))
    for shape in ((2, 5), (7,), (1, 3, 2)):
        assert getattr(together, kind)(*shape)[1].equal(getattr(alone, kind)(*shape)[0])


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_a_seeds_numbers_do_not_depend_on_who_else_is_active(kind):
    streams, alone = ReplicaStreams((0, 1, 2, 3)), ReplicaStreams((2,))
    draws = [getattr(streams, kind)(5, active=active) for active in ([0, 2], [2], None, [1, 2, 3])]
    for draw, row in zip(draws, (1, 0, 2, 1), strict=True):
        assert draw[row].equal(getattr(alone, kind)(5)[0])


def test_a_replica_that_is_not_active_draws_nothing():
    streams = ReplicaStreams((0, 1, 2))
    before = [g.get_state() for g in streams.generators]
    assert streams.uniform(4, active=[0, 2]).shape == (2, 4)
    streams.normal(3, active=[2])
    after = [g.get_state() for g in streams.generators]
    assert after[1].equal(before[1])
    assert not after[0].equal(before[0]) and not after[2].equal(before[2])


def test_the_global_random_state_is_neither_read_nor_written():
    with torch.random.fork_rng():
        torch.manual_seed(31337)
        before = torch.get_rng_state()
        first = ReplicaStreams((8,)).uniform(6)
        assert torch.get_rng_state().equal(before)
        torch.manual_seed(12345)
        assert ReplicaStreams((8,)).uniform(6).equal(first)


def test_uniform_is_in_0_1_and_normal_has_mean_0_and_variance_1():
    streams = ReplicaStreams((1, 2))
    uniform, normal = streams.uniform(20_000), streams.normal(20_000)
    assert uniform.min() >= 0 and uniform.max() < 1
    # Standard errors: .2887/√20000 = .002 and 1/√20000 = .007.
    assert_close(uniform.mean(1), torch.full((2,), 0.5), rtol=0, atol=0.01)
    assert_close(normal.mean(1), torch.zeros(2), rtol=0, atol=0.03)
    assert_close(normal.var(1), torch.ones(2), rtol=0, atol=0.05)
    assert not uniform[0].equal(uniform[1])


def test_equal_seeds_of_different_things_draw_different_numbers():
    """Pool seed 0, imitation seed 0 and replica seed 0 share no stream."""
    draws = [
        torch.rand(64, generator=g)
        for g in (seeded("prompt pool", 0), seeded("imitation", 0), *ReplicaStreams([0, 1]).generators)
    ]
    for i, one in enumerate(draws):
        for other in draws[i + 1 :]:
            assert not torch.isclose(one, other).any()
    assert torch.equal(draws[0], torch.rand(64, generator=seeded("prompt pool", 0)))


def test_a_purpose_without_a_stream_is_refused():
    with pytest.raises(ValueError, match="weather"):
        seeded("weather", 0)
