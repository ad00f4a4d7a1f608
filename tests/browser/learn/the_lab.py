"""The lab that printed 0.0000."""

from __future__ import annotations

from dataclasses import replace

import torch

from core.engine.algorithms.losses import policy_loss
from core.engine.algorithms.sampling import keep_groups
from core.settings.algorithm import GRPO
from tests.browser.learn import Case, Drag

THETAS = (-2.0, -0.35, 0.0, 0.5, 1.7, 3.0)
FILTER = replace(GRPO, dynamic_sampling="filter")
LOOKS = {
    "batch": replace(FILTER, filter_on="reward", defects=("whole_batch_filter",)),
    "noisy": replace(FILTER, filter_on="reward"),
    "raw": FILTER,
}


def policy(theta: torch.Tensor) -> torch.Tensor:
    return torch.cat((theta[None], torch.zeros(2, dtype=theta.dtype))).softmax(0)[0]


def graph(theta: float, detached: bool) -> tuple[float, float]:
    """(ratio, its slope in theta) of the best action, from the loss that trains, its clip wide open."""
    at = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    new = policy(at).log().reshape(1, 1, 1)
    old = policy(torch.zeros_like(at)).log().reshape(1, 1, 1).detach() if detached else new
    ones, mask = torch.ones(1, 1, dtype=torch.float64), torch.ones(1, 1, 1, dtype=torch.bool)
    loss, _ = policy_loss(new, old, ones, mask, eps_low=0.99, eps_high=9.0, aggregation="token_mean")
    loss.backward()
    return -float(loss.detach()), -float(at.grad)


DESERVED = torch.tensor([[1.0] * 6, [0.3] * 6, [1, 0.3, 0.3, 1, 0.3, 0.3]], dtype=torch.float64)
DRAWS = torch.tensor(
    [[0.4, -1.1, 0.8, -0.2, 1.3, -0.9], [-0.6, 0.9, -1.4, 0.3, 1.0, -0.1], [0.2, 0.7, -0.8, -0.5, 1.2, -1.0]], dtype=torch.float64
)
CORRECT = DESERVED == 1


def rewards(noise: float) -> torch.Tensor:
    return (DESERVED + noise * DRAWS).clamp(min=0)


def kept(noise: float, look: str, threshold: float) -> list[bool]:
    algorithm = replace(LOOKS[look], filter_threshold=threshold)
    return keep_groups(algorithm, CORRECT[None], rewards(noise)[None], (0.0, 1.0))[0].tolist()


def spreads(noise: float, look: str) -> list[float]:
    if look == "batch":
        return [float(rewards(noise).std())] * 3
    return (rewards(noise) if look == "noisy" else CORRECT.double()).var(-1, correction=0).tolist()


def given(noise: float) -> list:
    return [rewards(noise).tolist(), CORRECT.int().tolist()]


SEEN = [(noise, look) for noise in (0.0, 0.1, 0.5) for look in LOOKS]

CASES = [
    *(Case("probability", [t], float(policy(torch.tensor(t, dtype=torch.float64)))) for t in THETAS),
    *(Case("ratio", [t, d], graph(t, d)[0]) for t in THETAS for d in (True, False)),
    *(Case("slope", [t, d], graph(t, d)[1]) for t in THETAS for d in (True, False)),
    *(Case("spreads", [*given(noise), look], spreads(noise, look)) for noise, look in SEEN),
    *(Case("keep", [*given(n), look, bound], kept(n, look, bound)) for n, look in SEEN for bound in (0.02, 0.05, 0.2, 0.4)),
]


def dropped(state: dict) -> str:
    return f"{3 - sum(kept(state['noise'], state['look'], state['threshold']))} of 3"


DRAGS = [
    Drag("graph", "theta", (130, 0), "now", lambda s: 100 * float(policy(torch.tensor(s["theta"], dtype=torch.float64)))),
    Drag("batch", "threshold", (0, -150), "dropped", dropped),
]
