"""The three estimators of the KL divergence, as values and as losses."""

import pytest
import torch
from torch import Tensor

from core.engine.algorithms.losses import kl_estimate
from tests.support import assert_close


def test_kl_estimators_by_hand():
    # d = log(.5/.25) = .693147: k1 = d, k2 = d²/2 = .240227, k3 = .5 + d - 1 = .193147.
    logprobs, base = torch.tensor(0.5).log(), torch.tensor(0.25).log()
    assert kl_estimate(logprobs, base, "k1").item() == pytest.approx(0.693147, rel=1e-5)
    assert kl_estimate(logprobs, base, "k2").item() == pytest.approx(0.240227, rel=1e-5)
    assert kl_estimate(logprobs, base, "k3").item() == pytest.approx(0.193147, rel=1e-5)
    # The other way round, d = -.693147: k3 = 2 - .693147 - 1 = .306853.
    assert kl_estimate(base, logprobs, "k3").item() == pytest.approx(0.306853, rel=1e-5)


def categorical() -> tuple[Tensor, Tensor]:
    logits = torch.tensor([0.3, -1.0, 0.8, 0.1], dtype=torch.float64, requires_grad=True)
    return logits, torch.log_softmax(torch.tensor([-0.5, 0.4, 0.2, 1.0], dtype=torch.float64), 0)


def expected_gradient(estimator: str) -> Tensor:
    """E over tokens drawn from the policy (the draw has no gradient) of the estimate's gradient."""
    logits, base = categorical()
    logprobs = torch.log_softmax(logits, 0)
    return torch.autograd.grad((logprobs.detach().exp() * kl_estimate(logprobs, base, estimator)).sum(), logits)[0]


def kl_gradient(direction: str) -> Tensor:
    logits, base = categorical()
    own = torch.log_softmax(logits, 0)
    first, second = (own, base) if direction == "policy||base" else (base, own)
    return torch.autograd.grad((first.exp() * (first - second)).sum(), logits)[0]


def test_k1_as_a_loss_has_expected_gradient_zero():
    assert_close(expected_gradient("k1"), torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-15)


def test_k2_as_a_loss_has_the_gradient_of_kl_policy_base():
    assert_close(expected_gradient("k2"), kl_gradient("policy||base"), rtol=1e-12, atol=1e-15)


def test_k3_as_a_loss_has_the_gradient_of_kl_base_policy():
    assert_close(expected_gradient("k3"), kl_gradient("base||policy"), rtol=1e-12, atol=1e-15)
    assert (kl_gradient("base||policy") - kl_gradient("policy||base")).abs().max() > 0.01


def test_k1_and_k3_are_unbiased_for_the_value_and_k2_is_not():
    logits, base = categorical()
    own = torch.log_softmax(logits, 0).detach()
    kl = (own.exp() * (own - base)).sum().item()
    value = {k: (own.exp() * kl_estimate(own, base, k)).sum().item() for k in ("k1", "k2", "k3")}
    assert value["k1"] == pytest.approx(kl, rel=1e-12)
    assert value["k3"] == pytest.approx(kl, rel=1e-12)
    assert value["k2"] != pytest.approx(kl, rel=1e-2)


def test_k3_is_never_negative_and_stays_finite():
    d = torch.linspace(-60, 60, 241, dtype=torch.float64)
    found = kl_estimate(d, torch.zeros_like(d), "k3")
    assert found.min() >= 0
    assert torch.isfinite(kl_estimate(torch.tensor([-200.0]), torch.zeros(1), "k3")).all()


def test_an_unknown_estimator_is_refused():
    with pytest.raises(ValueError, match="k1, k2, k3, got 'k4'"):
        kl_estimate(torch.zeros(1), torch.zeros(1), "k4")
