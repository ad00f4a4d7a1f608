"""Clip-Higher."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from core.engine.algorithms.advantages import group_advantages
from core.engine.algorithms.losses import policy_loss
from core.engine.tasks.bandit import Bandit
from core.settings.scenarios.clip_higher import RARE_ACTIONS
from pages.shared.learn.numbers.clip_higher import ceiling, log_down, log_up, rollouts_to
from tests.browser.learn import Case, Drag

STEP, SIZE, ACTIONS, RARE = 0.1, 16, 32, 0.004
SHARES = {"rare": 0.01, "some": 0.1, "half": 0.5}


def surrogate(ratio: float, advantage: float, eps_low: float, eps_high: float) -> float:
    new = torch.tensor([[[math.log(ratio)]]], dtype=torch.float64)
    mask, advantages = torch.ones(1, 1, 1, dtype=torch.bool), torch.full((1, 1), advantage, dtype=torch.float64)
    options = {"eps_low": eps_low, "eps_high": eps_high, "aggregation": "token_mean"}
    return -float(policy_loss(new, torch.zeros_like(new), advantages, mask, **options)[0])


def reuse(p: float, updates: int, eps_high: float, step: float = STEP, size: int = SIZE) -> dict:
    """Gradient steps on one group, with the loss of core: answer 0 took option 0 and was right, the others took option 1."""
    scores = torch.tensor([p, 1 - p], dtype=torch.float64).log()
    tokens = torch.tensor([0] + [1] * (size - 1))
    advantages = group_advantages((tokens == 0).double())[None]
    mask = torch.ones(1, size, 1, dtype=torch.bool)
    old = scores.log_softmax(0)[tokens].reshape(1, size, 1)
    ratios, clipped = [], 0
    for _ in range(updates):
        scores = scores.detach().requires_grad_()
        new = scores.log_softmax(0)[tokens].reshape(1, size, 1)
        options = {"eps_low": 0.2, "eps_high": eps_high, "aggregation": "token_mean"}
        loss, stats = policy_loss(new, old, advantages, mask, **options)
        loss.backward()
        ratios.append(float((new - old)[0, 0, 0].detach().exp()))
        clipped += int(stats.clipped_high)
        scores = scores.detach() - step * scores.grad
    return {"ratios": ratios, "clipped": clipped, "after": float(scores.softmax(0)[0])}


def lifted(favourite: float | None, rollouts: int, eps: float) -> dict:
    """From the base policy that the scenarios train, in its first context."""
    best_probability = None if favourite is None else RARE
    config = replace(RARE_ACTIONS, favourite_probability=favourite, best_probability=best_probability)
    task = Bandit(config)
    base = task.base_logits[0].double().softmax(0)
    best = int(task.best[0])
    after = ceiling(float(base[best]), eps, rollouts)
    policy = base * (1 - after) / (1 - base[best])
    policy[best] = after
    return {"best": after, "entropy": float(torch.special.entr(policy).sum())}


def entropy_change(state: dict, favourite: float | None, eps: float) -> float:
    return lifted(favourite, state["n"], eps)["entropy"] / lifted(favourite, 0, eps)["entropy"]


TOKENS = [
    (r, a, low, high)
    for r in (0.5, 0.79, 0.81, 1.0, 1.24, 1.26, 1.7)
    for a in (1.0, -1.0)
    for low, high in ((0.2, 0.25), (0.4, 0.1))
]
STARTS = [(p, eps, n) for p in (0.001, 0.01, 0.3, 0.9) for eps in (0.2, 0.28) for n in (0, 1, 7, 40)]

CASES = [
    *(Case("surrogate", list(t), surrogate(*t)) for t in TOKENS),
    *(Case("ceiling", list(s), ceiling(*s)) for s in STARTS),
    *(
        Case("rolloutsTo", [0.5, p, eps], rollouts_to(0.5, p, eps))
        for p in (0.001, 0.01, 0.25, 0.4, 0.9)
        for eps in (0.2, 0.28, 0.5)
    ),
    *(Case("logRoom", [low, high], {"down": log_down(low), "up": log_up(high)}) for low, high in ((0.2, 0.25), (0.05, 0.6))),
    *(
        Case("reuse", [p, n, eps, STEP, SIZE], reuse(p, n, eps))
        for p in (0.01, 0.1, 0.5)
        for n in (1, 5, 16)
        for eps in (0.2, 0.28, 0.5)
    ),
    *(
        Case("lifted", [RARE, 0.95, ACTIONS, n, eps], lifted(0.95, n, eps), 1e-5)
        for n in (0, 1, 10, 22, 32)
        for eps in (0.2, 0.28)
    ),
    *(Case("lifted", [1 / ACTIONS, 1 / ACTIONS, ACTIONS, n, 0.28], lifted(None, n, 0.28), 1e-5) for n in (0, 1, 10, 32)),
]

DRAGS = [
    Drag("ceiling", "p", (0, -60), "once", lambda s: f"{ceiling(s['p'], 0.2):.4f} or {ceiling(s['p'], s['eps']):.4f}"),
    Drag("ceiling", "n", (150, 0), "after_new", lambda s: ceiling(s["p"], s["eps"], s["n"])),
    Drag("window", "eps_high", (60, 0), "log_up", lambda s: log_up(s["eps_high"])),
    Drag("window", "eps_low", (-60, 0), "log_down", lambda s: log_down(s["eps_low"])),
    Drag("reuse", "updates", (300, 0), "clipped_old", lambda s: reuse(SHARES[s["p"]], s["updates"], 0.2)["clipped"]),
    Drag("reuse", "updates", (300, 0), "after_new", lambda s: reuse(SHARES[s["p"]], s["updates"], s["eps"])["after"]),
    Drag("bases", "n", (90, 0), "peaked_new", lambda s: f"× {entropy_change(s, s['favourite'], s['eps']):.2f}"),
    Drag("bases", "n", (90, 0), "flat_old", lambda s: f"× {entropy_change(s, None, 0.2):.2f}"),
]
