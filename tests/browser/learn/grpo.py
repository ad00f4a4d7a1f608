"""GRPO in five minutes."""

from __future__ import annotations

import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from tests.browser.learn import Case, Drag

GROUPS = [[1, 0, 0, 1, 0, 0, 0, 0], [0.3, 0.3, 0.3], [0, 0], [1 / 3] * 7, [0.1, 0.9, 0.45, 0.2], [-1, 1], [0.96, 1, 0.98, 1]]
RATIOS = (0.4, 0.79, 0.81, 1.0, 1.19, 1.21, 1.27, 1.29, 1.8)


def advantages(rewards: list, normalize: bool = True) -> list[float]:
    return group_advantages(torch.tensor(rewards, dtype=torch.float64), normalize_std=normalize).tolist()


def binary(right: int, size: int) -> dict:
    rewards = [1.0] * right + [0.0] * (size - right)
    found, plain = advantages(rewards), advantages(rewards, False)
    return {"scale": found[0] / plain[0] if plain[0] else None, "right": found[0], "wrong": found[-1]}


def large_group(p: float) -> float:
    """1 ÷ the standard deviation of 10,000 rewards of which a share p is 1."""
    return 1 / float((torch.arange(10_000) < round(10_000 * p)).double().std(correction=0))


def token(ratio: float, advantage: float, eps_low: float, eps_high: float) -> tuple[float, float]:
    """(surrogate, its slope in the ratio) of one token, from the loss and its gradient."""
    new = torch.tensor([[[[ratio]]]], dtype=torch.float64).log().squeeze(0).requires_grad_()
    options = {"eps_low": eps_low, "eps_high": eps_high, "aggregation": "token_mean"}
    loss, _ = policy_loss(
        new,
        torch.zeros_like(new),
        torch.full((1, 1), advantage, dtype=torch.float64),
        torch.ones(1, 1, 1, dtype=torch.bool),
        **options,
    )
    loss.backward()
    return -float(loss.detach()), -float(new.grad) / ratio  # d/d log r = r · d/dr


TOKENS = [(r, a, low, high) for r in RATIOS for a in (1.0, -1.0, 2.5) for low, high in ((0.2, 0.2), (0.2, 0.28), (0.05, 0.5))]

CASES = [
    *(Case("advantages", [rewards, n], advantages(rewards, n)) for rewards in GROUPS for n in (True, False)),
    *(Case("sampleStd", [rewards], float(torch.tensor(rewards, dtype=torch.float64).std())) for rewards in GROUPS),
    *(Case("binaryGroup", [k, size], binary(k, size)) for size in (4, 16) for k in range(size + 1)),
    *(Case("amplification", [p], large_group(p)) for p in (0.01, 0.1, 0.25, 0.5, 0.9)),
    *(Case("surrogate", list(t), token(*t)[0]) for t in TOKENS),
    *(Case("slope", list(t), token(*t)[1]) for t in TOKENS),
]


def rewards_of(state: dict) -> list[float]:
    return [state[f"r{i}"] for i in range(1, 9)]


DRAGS = [
    Drag("advantages", "r2", (0, -60), "mean", lambda s: sum(rewards_of(s)) / 8),
    Drag("advantages", "r1", (0, 45), "largest", lambda s: max(advantages(rewards_of(s), s["normalize"]))),
    Drag("amplification", "right", (-130, 0), "scale", lambda s: binary(s["right"], s["group"])["scale"]),
    Drag("surrogate", "ratio", (150, 0), "objective", lambda s: token(s["ratio"], 1.0, s["eps_low"], s["eps_high"])[0]),
    Drag("surrogate", "ratio", (150, 0), "slope", lambda s: token(s["ratio"], 1.0, s["eps_low"], s["eps_high"])[1]),
]
