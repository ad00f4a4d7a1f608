"""Adam and global-norm clipping on R replicas, against torch's own, one replica at a time."""

import pytest
import torch

from core.engine.optim import ReplicaAdam, clip_by_global_norm
from tests.core.engine.torch_adam import TorchAdam
from tests.support import assert_close


def test_replica_adam_equals_torch_adam_per_replica_over_20_steps():
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(3, 7, generator=generator)
    gradients = torch.randn(20, 3, 7, generator=generator) * torch.tensor([1e-6, 1.0, 1e3])[:, None]
    rates = (1e-3, 0.03, 0.5)
    flat = start.clone()
    ours = ReplicaAdam(flat, rates)
    theirs = [row.clone() for row in start]
    optimisers = [TorchAdam(row, rate) for row, rate in zip(theirs, rates, strict=True)]
    for gradient in gradients:
        ours.step(flat, gradient)
        for row, optimiser in zip(gradient, optimisers, strict=True):
            optimiser.step(row.clone())
        assert_close(flat, torch.stack(theirs), rtol=1e-5, atol=1e-7)
    assert (flat - start).abs().min() > 1e-4


def test_the_first_step_has_the_size_of_the_learning_rate():
    # Bias correction makes mean / (√square + 1e-8) = g / (|g| + 1e-8): ±1 for any g far above 1e-8.
    flat = torch.zeros(2, 3)
    ReplicaAdam(flat, 0.1).step(flat, torch.tensor([[5.0, -0.01, 300.0], [-2.0, 1.0, -1.0]]))
    assert_close(flat, torch.tensor([[-0.1, 0.1, -0.1], [0.1, -0.1, 0.1]]), rtol=1e-5, atol=0)


def test_a_step_changes_flat_in_place_and_leaves_the_gradient_alone():
    flat, gradient = torch.ones(2, 3), torch.full((2, 3), 0.5)
    alias = flat.view(-1)
    ReplicaAdam(flat, 0.1).step(flat, gradient)
    assert alias.ne(1.0).all()
    assert gradient.eq(0.5).all()


@pytest.mark.parametrize("max_norm", [0.3, 1.0, 5.0, 100.0])
def test_clipping_equals_torch_per_replica(max_norm):
    gradient = torch.randn(4, 9, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.01, 0.5, 1.0, 20.0])[:, None]
    clipped, norms = clip_by_global_norm(gradient.clone(), max_norm)
    for r in range(4):
        parameter = torch.nn.Parameter(torch.zeros(9))
        parameter.grad = gradient[r].clone()
        norm = torch.nn.utils.clip_grad_norm_([parameter], max_norm)
        assert_close(norms[r], norm, rtol=1e-6, atol=0)
        assert_close(clipped[r], parameter.grad, rtol=1e-5, atol=0)


def test_hand_numbers_of_clipping():
    # Norms 5 and .5 at a limit of 1: the first is divided by 5, the second untouched, bit for bit. A zero gradient stays zero.
    gradient = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    clipped, norms = clip_by_global_norm(gradient.clone(), 1.0)
    assert_close(clipped[0], torch.tensor([0.6, 0.8]), rtol=1e-6, atol=0)
    assert clipped[1:].equal(gradient[1:])
    assert_close(norms, torch.tensor([5.0, 0.5, 0.0]), rtol=1e-6, atol=0)
