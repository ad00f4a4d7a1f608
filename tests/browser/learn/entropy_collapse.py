"""Entropy collapse and vanishing gradients."""

from __future__ import annotations

import math

import numpy as np
import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from pages.shared.learn.numbers.entropy_collapse import measured, mixed, rescues
from tests.browser.learn import Case, Drag

SCORES = [[1, 0.5, 0, 0, -0.5, 0.5], [0, 0], [8, -8, -8], [2, 2, 2, -6, 2, 2]]
SHARES = [[0.5, 0.5], [1, 0, 0], [0.2, 0.3, 0.5], [1 / 6] * 6]


def softmax(scores: list) -> list[float]:
    return torch.tensor(scores, dtype=torch.float64).softmax(0).tolist()


def entropy(probabilities: list) -> float:
    return float(torch.special.entr(torch.tensor(probabilities, dtype=torch.float64)).sum())


def pull(p: float, size: int, only: bool) -> float:
    """Mean over all groups of the loss's gradient at the score whose sigmoid is the chance of a right answer, as core computes it."""
    total = 0.0
    for right in range(size + 1):
        score = torch.tensor(math.log(p / (1 - p)), dtype=torch.float64, requires_grad=True)
        rewards = (torch.arange(size) < right).double()
        chances = torch.where(rewards == 1, score.sigmoid(), 1 - score.sigmoid()).log().reshape(1, size, 1)
        mask = torch.ones(1, size, 1, dtype=torch.bool)
        advantages = group_advantages(rewards)[None]
        loss, _ = policy_loss(chances, chances.detach(), advantages, mask, eps_low=0.2, eps_high=0.2, aggregation="sequence_mean")
        (gradient,) = torch.autograd.grad(loss, score)
        total -= math.comb(size, right) * p**right * (1 - p) ** (size - right) * float(gradient)
    return total / mixed(p, size) if only else total


def value_at(points: list, update: int) -> float:
    return float(np.interp(update, *zip(*points, strict=True)))


CURVE = measured()["collapse"]["curves"]["Dynamic sampling"]["entropy_nats"]
FINAL = measured()["collapse"]["final"]["seeds from 0"]


def verdict(name: str) -> str:
    if FINAL[name]["gained"]["ci95"][0] > 0.02:
        return "helps"
    return "undecided" if FINAL[name]["entropy_nats"] > 1.5 * FINAL["left alone"]["entropy_nats"] else "nothing"


CASES = [
    *(Case("softmax", [scores], softmax(scores)) for scores in SCORES),
    *(Case("entropy", [shares], entropy(shares)) for shares in SHARES),
    *(Case("mixed", [p, size], mixed(p, size)) for p in (0.001, 0.2, 0.5, 0.99) for size in (4, 16, 64)),
    *(
        Case("pull", [p, size, only], pull(p, size, only), 2e-5)
        for p in (0.001, 0.2, 0.5, 0.99)
        for size in (4, 16)
        for only in (True, False)
    ),
    *(Case("valueAt", [CURVE, update], value_at(CURVE, update)) for update in (1, 185, 190, 193, 300, 480)),
    *(Case("verdict", [FINAL[name], FINAL["left alone"]], verdict(name)) for name in FINAL),
]


def probabilities(state: dict) -> list[float]:
    return softmax([state[name] for name in "abcdef"])


def treated(state: dict) -> float:
    told = rescues()[state["patient"]]
    start = told["before"][state["metric"]][-1]
    return value_at([start, *told["curves"][state["medicine"]][state["metric"]]], state["update"])


DRAGS = [
    Drag("entropy", "a", (0, -50), "entropy", lambda s: entropy(probabilities(s))),
    Drag("entropy", "d", (0, 30), "right", lambda s: 100 * probabilities(s)[3]),
    Drag("signal", "p", (-160, 0), "pull", lambda s: pull(s["p"], s["group"], s["only"])),
    Drag("signal", "p", (-160, 0), "cost", lambda s: s["group"] / mixed(s["p"], s["group"])),
    Drag("rescue", "update", (-250, 0), "treated", treated),
]
